"""Contamination: prompts and draws that stand in a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field

from filters.filter import SetFilter
from filters.places import Place, each
from filters.text.shorten import shorten

METHODS = {
    "benchmark_question": ("exact",),
    "benchmark_passage": ("words", "share"),
    "benchmark_changed": ("changed",),
    "benchmark_rephrased": ("alike",),
    "benchmark_translated": ("formulas",),
    "benchmark_in_response": ("response",),
}
"""The methods of the evidence that each reason goes by."""


class Contamination(SetFilter):
    r"""Drops samples whose question, or whose text, stands in a benchmark.

    Compared are prompts with the questions of the recipe's `benchmarks` and with its own held-out
    prompts, and draws with their questions and worked solutions. Case, accents, punctuation and the
    dressing of LaTeX make no difference. What is found is evidence, not proof: every pair stands
    with the passage that it shares in the measures' `evidence.parquet`, and `contamination.md` has
    pairs of each benchmark and method drawn for a person to read.

    Eight words that more than five questions of a benchmark share, or more than 0.1 % of the
    prompts, are a way of asking and count for nothing: of 114 sources that such matches once
    flagged, 88 were innocent (marin, 6852).

    Measures:
        contamination_item: the benchmark's question that most speaks for, as `gsm8k test.jsonl:7`
        contamination_exact: whether prompt and question are the same, word by word
        contamination_words: words in the longest run that the prompt shares with one question; 0
            where it has fewer than 8; a Chinese character counts as half a word
        contamination_share: share of the question's words that stand in such runs, 0 to 1
        contamination_changed: the same with numbers and capitalised words taken out of both: finds
            a problem whose numbers and names were changed (Light-R1's way)
        contamination_alike: likeness of the words of prompt and question, 0 to 1, where a rare word
            weighs more: finds what was rephrased; 0 where what they share is not telling
        contamination_alike_same_key: the same, of questions that have the prompt's key
        contamination_formulas: likeness of numbers and formulas, pair by pair, in whatever
            language; 0 where what they share is not telling
        contamination_formulas_same_key: the same, of questions that have the prompt's key, where
            half as much must be shared
        contamination_response: words in the longest run that the draw shares with a question or a
            worked solution

    Not covered: rephrasings with other words and another key, translations without numbers or
    formulas, and questions of fewer than eight words unless they are the same.

    >>> one = "Natalia sold clips to 48 friends in May, and half as many in June. How many is that?"
    >>> two = "Weng sold clips to 7 friends in May, and half as many in June. How many is that?"
    >>> Contamination.found(one, two)["contamination_changed"]
    1.0
    """

    name: ClassVar[str] = "contamination"
    version: ClassVar[int] = 2
    columns: ClassVar[dict[str, pl.DataType]] = {
        "contamination_item": pl.String(),
        "contamination_exact": pl.Boolean(),
        "contamination_words": pl.Int32(),
        "contamination_share": pl.Float64(),
        "contamination_changed": pl.Float64(),
        "contamination_alike": pl.Float64(),
        "contamination_alike_same_key": pl.Float64(),
        "contamination_formulas": pl.Float64(),
        "contamination_formulas_same_key": pl.Float64(),
        "contamination_response": pl.Int32(),
    }

    reads: ClassVar[tuple[str, ...]] = ("prompt_id",)
    alone: ClassVar[dict[str, Any]] = {
        **{name: 0 for name in columns if name != "contamination_item"},
        "contamination_exact": False,
    }

    held_out: bool = True
    """Compare with the recipe's own held-out prompts as well."""
    responses: bool = True
    """Compare the draws as well: their texts with the benchmarks' questions and solutions."""
    min_words: int = Field(13, ge=8)
    """Words in a run that may not be shared with a question."""
    min_share: float = Field(0.5, gt=0, le=1)
    """Share of a question's words in shared runs of 8 words and more, 0 to 1."""
    min_changed: float = Field(0.6, gt=0, le=1)
    """The same without numbers and names."""
    min_alike: float = Field(0.4, ge=0.2, le=1)
    """Likeness of the words of prompt and question."""
    min_alike_same_key: float = Field(0.25, ge=0.2, le=1)
    """Likeness of the words where both have the same key."""
    min_formulas: float = Field(0.6, ge=0.3, le=1)
    """Likeness of numbers and formulas, in whatever language."""
    min_response_words: int = Field(20, ge=8)
    """Words in a run that a draw may not share with a question or a solution."""

    def comparison(self) -> str:
        held_out = " and held-out prompts" if self.held_out else ""
        return f"with benchmarks{held_out}" + (", draws as well" if self.responses else "")

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        return Contamination.nothing(rows.height)

    def reasons(self) -> dict[str, pl.Expr]:
        return {
            "benchmark_question": pl.col("contamination_exact"),
            "benchmark_passage": (pl.col("contamination_words") >= self.min_words)
            | (pl.col("contamination_share") >= self.min_share),
            "benchmark_changed": pl.col("contamination_changed") >= self.min_changed,
            "benchmark_rephrased": (pl.col("contamination_alike") >= self.min_alike)
            | (pl.col("contamination_alike_same_key") >= self.min_alike_same_key),
            "benchmark_translated": pl.max_horizontal(
                "contamination_formulas", "contamination_formulas_same_key"
            )
            >= self.min_formulas,
            "benchmark_in_response": pl.col("contamination_response") >= self.min_response_words,
        }

    def of_draws(self) -> bool:
        return self.responses

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        """What it shares with the questions in `sample["pairs"]`, rows of the evidence of these
        rules that are about it or its prompt."""
        part = "text" if reason == "benchmark_in_response" else "question"
        text, found = sample.get(part) or "", list[Place]()
        for pair in sample.get("pairs") or ():
            if pair["method"] in METHODS.get(reason, ()):
                words = f"{pair['method']} {pair['value']:.3g} with {pair['place']}"
                spans = _shared(text, pair["passage"], pair["question"])
                found += each(part, spans, f"{words}: {shorten(pair['question'], 120)}")
        return found

    def speaks(self) -> pl.Expr:
        """Whether a pair of the evidence is a reason by these rules: of its `method`, `value`,
        `weight` and `same_key`."""
        from filters.text.leaks import TELLING

        method, value, same = pl.col("method"), pl.col("value"), pl.col("same_key")
        telling = same | (pl.col("weight") >= 2 * TELLING)
        return (
            (method == "exact")
            | ((method == "words") & (value >= self.min_words))
            | ((method == "share") & (value >= self.min_share))
            | ((method == "changed") & (value >= self.min_changed))
            | ((method == "alike") & (value >= self.min_alike))
            | ((method == "alike") & same & (value >= self.min_alike_same_key))
            | ((method == "formulas") & telling & (value >= self.min_formulas))
            | ((method == "response") & (value >= self.min_response_words))
        )

    @classmethod
    def found(cls, prompt: str, question: str, key: str | None = None) -> dict[str, Any]:
        """What is measured of one prompt and one question, for people and doctests."""
        from filters.text import leaks

        texts = pl.DataFrame({"text": [prompt], "key": [key]}, leaks.PROMPT)
        item = {"benchmark": "it", "place": "1", "question": question, "key": key, "solution": None}
        items = pl.DataFrame([item], dict.fromkeys(item, pl.String()))
        hits = leaks.in_prompts(texts, items).hits
        return cls.facts(leaks.measures(hits, texts, items)).row(0, named=True)

    @classmethod
    def facts(cls, found: pl.DataFrame) -> pl.DataFrame:
        """The measures from what `leaks.measures` found, in its order."""
        named = found.rename({name: f"contamination_{name}" for name in found.columns})
        lacks = [name for name in cls.columns if name not in named.columns]
        rows = named.hstack(cls.nothing(found.height).select(lacks))
        return rows.select(list(cls.columns)).cast(pl.Schema(cls.columns))


def _shared(text: str, passage: str | None, question: str) -> list[tuple[int, int]]:
    """Where a text has the passage of a pair; without one, the words that it has in common with the
    question."""
    start = text.find(passage) if passage else -1
    if passage and start >= 0:
        return [(start, start + len(passage))]
    from filters.text.shared import shared

    return shared(text, question, 3) or shared(text, question, 1)
