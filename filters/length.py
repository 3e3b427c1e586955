"""Length: tokens of a sample, characters of its longest paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.places import Place, end_of

_APART = re.compile(r"\n[^\S\n]*\n\s*")


class Length(Filter):
    r"""Drops samples that are too short or too long, and those with an unreadably long paragraph.

    DeepSeek-R1 removes chains of thought with long paragraphs (arXiv 2501.12948, 2.3.3) without
    saying how long; so every limit here is off until it is given. A paragraph is what stands
    between blank lines, in thinking or response.

    Measures:
        tokens: tokens of the whole completion, thinking included
        longest_paragraph: characters of the longest paragraph

    >>> Length.of(text="<think>One.\n\nTwo,\nstill two.</think> Done.", completion_tokens=13)
    {'tokens': 13, 'longest_paragraph': 15}
    """

    name: ClassVar[str] = "length"
    reads: ClassVar[tuple[str, ...]] = ("completion_tokens", "reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "tokens": pl.Int32(),
        "longest_paragraph": pl.Int32(),
    }

    min_tokens: int | None = Field(None, ge=0)
    """Least number of tokens of the whole completion, thinking included."""
    max_tokens: int | None = Field(None, ge=1)
    """Largest number of tokens of the whole completion, thinking included."""
    max_paragraph_chars: int | None = Field(None, ge=1)
    """Largest number of characters between two blank lines."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        paragraphs = (
            pl.col("reasoning", "response")
            .fill_null("")
            .str.replace_all(r"\n[^\S\n]*\n\s*", "\n\n")
            .str.split("\n\n")
        )
        longest = paragraphs.list.eval(pl.element().str.strip_chars().str.len_chars()).list.max()
        return rows.select(
            tokens=pl.col("completion_tokens").cast(pl.Int32),
            longest_paragraph=pl.max_horizontal(longest).cast(pl.Int32),
        )

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {}
        if self.min_tokens is not None:
            rules["too_short"] = pl.col("tokens") < self.min_tokens
        if self.max_tokens is not None:
            rules["too_long"] = pl.col("tokens") > self.max_tokens
        if self.max_paragraph_chars is not None:
            rules["long_paragraph"] = pl.col("longest_paragraph") > self.max_paragraph_chars
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        if reason == "long_paragraph":
            found = [
                place for part in ("reasoning", "response") for place in _paragraphs(part, sample)
            ]
            longest = max(found, key=lambda place: place.end - place.start, default=None)
            return [longest] if longest else []
        tokens = sample.get("tokens")
        words = "the end" if tokens is None else f"the end, after {tokens:,} tokens"
        return end_of("text", sample.get("text"), words)


def _paragraphs(
    part: Literal["reasoning", "response"], sample: Mapping[str, Any]
) -> Iterator[Place]:
    """The paragraphs of thinking or response, as they are measured."""
    text, start = sample.get(part) or "", 0
    for apart in [*_APART.finditer(text), None]:
        stretch = text[start : apart.start() if apart else None]
        first, bare = start + len(stretch) - len(stretch.lstrip()), stretch.strip()
        yield Place(part, first, first + len(bare), f"a paragraph of {len(bare):,} characters")
        start = apart.end() if apart else len(text)
