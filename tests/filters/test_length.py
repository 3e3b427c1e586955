"""Length: tokens as the engine counted them, paragraphs between blank lines."""

import polars as pl
import pytest

from filters.length import Length


@pytest.mark.parametrize(
    ("reasoning", "response", "longest"),
    [
        ("abc", "de", 3),
        ("a\n\nbcd\n\nef", "", 3),
        ("a\nb\nc", "", 5),  # lines without a blank one between them are one paragraph
        ("abc\n  \t\ndef", "", 3),  # a line of blanks is a blank line
        ("  abc  ", "", 3),
        ("é好🙂", "", 3),  # characters, not bytes
        (None, "abcd", 4),
        ("abcd", None, 4),
        (None, None, 0),
        ("", "", 0),
    ],
)
def test_longest_paragraph(reasoning, response, longest):
    assert Length.of(reasoning=reasoning, response=response)["longest_paragraph"] == longest


def faults(options: dict, tokens: int | None) -> list[str]:
    measures = pl.DataFrame(
        {"tokens": [tokens], "longest_paragraph": [50]}, schema=dict(Length.columns)
    )
    return measures.select(Length(**options).faults()).item().to_list()


@pytest.mark.parametrize(
    ("options", "tokens", "expected"),
    [
        ({}, 10**6, []),  # every limit is off until it is given
        ({"min_tokens": 10}, 9, ["too_short"]),
        ({"min_tokens": 10}, 10, []),  # limits are still good
        ({"max_tokens": 10}, 10, []),
        ({"max_tokens": 10}, 11, ["too_long"]),
        ({"max_paragraph_chars": 50}, 5, []),
        ({"max_paragraph_chars": 49, "max_tokens": 1}, 5, ["too_long", "long_paragraph"]),
        ({"max_tokens": 10}, None, ["length_not_measured"]),  # the engine did not say
        ({"max_paragraph_chars": 50}, None, []),  # and nobody asked
    ],
)
def test_limits(options, tokens, expected):
    assert faults(options, tokens) == expected
