"""Correctness: is the final answer right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import polars as pl

from filters.filter import Filter
from filters.places import Place, end_of
from filters.text.answer import place_of
from filters.text.shorten import shorten


class Correctness(Filter):
    """Drops samples whose final answer is wrong, and those whose answer nobody could verify.

    DeepSeek-R1 keeps only the correct draws of its rejection sampling (arXiv 2501.12948, 2.3.3).
    The sampler stores the verdict with each draw as it verifies it, so there is nothing to measure
    here: the measure passes the verdict on. A verifier that failed is not a wrong answer; such
    samples have a reason of their own.

    Measures:
        verdict: correct, incorrect or unverifiable

    >>> Correctness.of(verdict="incorrect")
    {'verdict': 'incorrect'}
    """

    name: ClassVar[str] = "correctness"
    reads: ClassVar[tuple[str, ...]] = ("verdict",)
    columns: ClassVar[dict[str, pl.DataType]] = {"verdict": pl.String()}

    unverifiable: Literal["drop", "keep"] = "drop"
    """What becomes of samples that no verifier could judge: drop or keep."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        known = pl.col("verdict").is_in(["correct", "incorrect", "unverifiable"])
        return rows.select(verdict=pl.when(known).then(pl.col("verdict")))

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {"incorrect": pl.col("verdict") == "incorrect"}
        if self.unverifiable == "drop":
            rules["unverifiable"] = pl.col("verdict") == "unverifiable"
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        response, answer = sample.get("response") or "", sample.get("answer")
        end, text = ("response", response) if response else ("text", sample.get("text"))
        key = sample.get("reference")
        told = "" if key is None else f", the key is {shorten(key, 80)}"
        if answer is None:
            why = sample.get("verdict_reason") or "no final answer"
            return end_of(end, text, f"{why}{told}")
        if span := place_of(response, answer):
            return [Place("response", *span, f"the answer{told}")]
        return end_of(end, text, f"the answer is {shorten(answer, 80)}{told}")
