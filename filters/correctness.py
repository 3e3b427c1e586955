"""Correctness: is the final answer right."""

from __future__ import annotations

from typing import ClassVar, Literal

import polars as pl

from filters.filter import Filter


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
