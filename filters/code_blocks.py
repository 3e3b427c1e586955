"""Code blocks: programs where prose is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import polars as pl

from filters.filter import Filter
from filters.places import Place

# Backticks count anywhere, since models open fences in mid-line too; tildes only open a line, since
# a run of them inside a sentence is no fence.
FENCE = r"(?m)```+|^[ \t]*~~~+"


class CodeBlocks(Filter):
    r"""Drops samples with fenced code blocks, except in domains where code is wanted.

    DeepSeek-R1 removes chains of thought with code blocks, since they are hard to read (arXiv
    2501.12948, 2.3.3). Fences of three or more backticks or tildes are counted in thinking and
    response; a pair makes a block, and one that is never closed makes a block as well. Inline code
    between single backticks is none.

    Measures:
        code_blocks: fenced blocks in thinking and response

    >>> CodeBlocks.of(text="<think>```python\nprint(6*7)\n```\nso `42`</think> 42")
    {'code_blocks': 1}
    """

    name: ClassVar[str] = "code_blocks"
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {"code_blocks": pl.Int32()}

    allow: tuple[str, ...] = ()
    """Domains whose samples may contain code blocks, for instance `[code]`."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        parts = pl.col("reasoning", "response").fill_null("")
        blocks = (parts.str.count_matches(FENCE) + 1) // 2
        return rows.select(code_blocks=pl.sum_horizontal(blocks).cast(pl.Int32))

    def reasons(self) -> dict[str, pl.Expr]:
        unwanted = pl.col("code_blocks") > 0
        if self.allow:  # only now must samples have a domain; one without is in no allowed domain
            unwanted &= ~pl.col("domain").is_in(self.allow).fill_null(False)
        return {"code_block": unwanted}

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        return [*_blocks("reasoning", sample), *_blocks("response", sample)]


def _blocks(part: Literal["reasoning", "response"], sample: Mapping[str, Any]) -> Iterator[Place]:
    """The blocks of thinking or response: from fence to fence, or to the end."""
    text = sample.get(part) or ""
    fences = [found.span() for found in re.finditer(FENCE, text)]
    for at in range(0, len(fences), 2):
        closed = at + 1 < len(fences)
        end = fences[at + 1][1] if closed else len(text)
        words = "a fenced block" if closed else "a fenced block that is never closed"
        yield Place(part, fences[at][0], end, words)
