"""Truncation: did the model come to its own end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl

from filters.filter import Filter
from filters.places import Place, end_of

STOPPED = ("loop", "language")
"""Finish reasons of draws that a watch stopped on their way (`filters.watch`)."""


class Truncation(Filter):
    """Drops samples that were cut off, and those whose thinking never ended.

    A draw that ran into the token limit or was stopped in flight teaches a student not to finish;
    distilled students loop and overrun more often than their teachers (arXiv 2512.12895). Thinking
    that never ended has no response, whatever stands in it.

    Measures:
        finish: how the draw ended: stop, length, abort, loop or language; null where not known
        unfinished: whether the thinking never ended

    >>> Truncation.of(text="<think>Let me see. Let me see. Let", finish_reason="length")
    {'finish': 'length', 'unfinished': True}
    """

    name: ClassVar[str] = "truncation"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("finish_reason", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {"finish": pl.String(), "unfinished": pl.Boolean()}

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        known = pl.col("finish_reason").is_in(["stop", "length", "abort", *STOPPED])
        return rows.select(
            finish=pl.when(known).then(pl.col("finish_reason")),
            unfinished=pl.col("response").is_null(),
        )

    def reasons(self) -> dict[str, pl.Expr]:
        return {
            "truncated": pl.col("finish") == "length",
            "aborted": pl.col("finish") == "abort",
            "stopped": pl.col("finish").is_in(STOPPED),
            "unfinished_thinking": pl.col("unfinished"),
        }

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        tokens = sample.get("completion_tokens")
        after = "" if tokens is None else f" after {tokens:,} tokens"
        ended = {"length": "the limit", "abort": "an abort"}.get(sample.get("finish") or "")
        words = f"ended by {ended or 'the watch'}{after}"
        if reason == "unfinished_thinking":
            words = f"the thinking has not ended{after}"
        return end_of("text", sample.get("text"), words)
