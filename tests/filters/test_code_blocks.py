"""Code blocks: fences, and the domains where they are welcome."""

import polars as pl
import pytest

from filters.code_blocks import CodeBlocks


@pytest.mark.parametrize(
    ("reasoning", "response", "blocks"),
    [
        ("6*7=42", "42", 0),
        ("so `x` is", "42", 0),  # inline code is none
        ("```python\nprint(6*7)\n```", "42", 1),
        ("~~~\nprint(6*7)\n~~~", "42", 1),
        ("````\n```\n````", "42", 2),  # a fence in a fence: three fences, so two blocks
        ("Here: ```print(6*7)``` done", "42", 1),  # models open fences in mid-line too
        ("about ~~~ five", "42", 0),  # tildes in a sentence are none
        ("```python\nprint(6*7)", None, 1),  # never closed
        ("```\na\n```\n```\nb\n```", "```\nc\n```", 3),
        (None, "```\nc\n```", 1),
        (None, None, 0),
    ],
)
def test_fences_are_counted(reasoning, response, blocks):
    assert CodeBlocks.of(reasoning=reasoning, response=response) == {"code_blocks": blocks}


def test_code_is_allowed_where_it_is_wanted():
    table = pl.DataFrame({"code_blocks": [1, 1, 1, 0], "domain": ["code", "math", None, "math"]})
    everywhere = table.select(CodeBlocks().faults().alias("faults"))["faults"].to_list()
    assert everywhere == [["code_block"]] * 3 + [[]]
    allowed = table.select(CodeBlocks(allow=("code",)).faults().alias("faults"))["faults"]
    assert allowed.to_list() == [[], ["code_block"], ["code_block"], []]
