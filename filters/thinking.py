"""Thinking: how often it looks back, turns and takes back, and what comes after its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.places import Place, each
from filters.text.first_answer import first_answer
from filters.text.reconsidering import LOOKS_BACK, TAKES_BACK, TURNS, counted, places_of, words_of


class Thinking(Filter):
    r"""Drops samples that go on thinking long after their answer, or turn from thought to thought.

    Overthinking (arXiv 2412.21187): most tokens of easy chains come after the first correct answer.
    Its outcome efficiency is the share of a correct sample up to there; here of the thinking, in
    characters, since no tokenizer is asked. A correct sample's final answer is looked for in its
    thinking, as a result: boxed, or behind an equals sign, `is` or the like at the end of a clause.
    Underthinking (arXiv 2501.18585): a thought is left before it leads anywhere. Its score needs a
    judge; here the switches are counted, and how much is thought between two. Phrases are counted
    by lists in 14 languages: en, zh, ja, ko, de, fr, es, pt, it, ru, ar, hi, tr, vi. Neither paper
    drops samples for it, so every limit is off until it is given.

    Measures:
        reflections: phrases in the thinking that look back ("wait", "let me check")
        backtracks: phrases that take something back ("that's wrong", "I misread")
        thought_switches: phrases that turn to another way ("alternatively", "another approach")
        thought_chars: characters of thinking to each thought, the switches being between thoughts
        answer_at: characters of thinking up to the first place where the final answer is a result;
            null where the sample is not known to be correct, or the answer is not found there
        outcome_efficiency: those as a share of all characters of the thinking, 0 to 1; or null

    Not covered: an answer that the thinking spells otherwise than the response (1/2 and 0.5), and
    one that is also an intermediate result, where that comes first.

    >>> Thinking.of(
    ...     text=r"<think>6*7 = 42. Wait, let me check: 7*6 = 42.</think>\boxed{42}",
    ...     answer="42",
    ...     verdict="correct",
    ... ) == {
    ...     "reflections": 2,
    ...     "backtracks": 0,
    ...     "thought_switches": 0,
    ...     "thought_chars": 39,
    ...     "answer_at": 8,
    ...     "outcome_efficiency": 8 / 39,
    ... }
    True
    """

    name: ClassVar[str] = "thinking"
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "answer", "verdict")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "reflections": pl.Int32(),
        "backtracks": pl.Int32(),
        "thought_switches": pl.Int32(),
        "thought_chars": pl.Int32(),
        "answer_at": pl.Int32(),
        "outcome_efficiency": pl.Float64(),
    }

    min_efficiency: float | None = Field(None, ge=0, le=1)
    """Least share of the thinking that leads to the first correct answer, 0 to 1. Samples whose
    answer is not found are kept."""
    max_after_answer: int | None = Field(None, ge=0)
    """Most characters of thinking after the first correct answer."""
    max_reflections: int | None = Field(None, ge=0)
    """Most phrases that look back."""
    max_backtracks: int | None = Field(None, ge=0)
    """Most phrases that take something back."""
    max_switches: int | None = Field(None, ge=0)
    """Most phrases that turn to another way."""
    min_thought_chars: int | None = Field(None, ge=0)
    """Least characters of thinking to each thought, where there are three switches or more."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        thinking = pl.col("reasoning").fill_null("")
        counts = rows.select(words=words_of(thinking), length=thinking.str.len_chars()).select(
            reflections=counted(pl.col("words"), LOOKS_BACK),
            backtracks=counted(pl.col("words"), TAKES_BACK),
            thought_switches=counted(pl.col("words"), TURNS),
            length="length",
        )
        ends = [
            first_answer(thought, answer) if thought and answer and verdict == "correct" else None
            for thought, answer, verdict in rows.iter_rows()
        ]
        facts = counts.with_columns(
            thought_chars=pl.col("length") // (pl.col("thought_switches") + 1),
            answer_at=pl.Series(ends, dtype=pl.Int32),
        )
        share = pl.col("answer_at") / pl.col("length")
        return facts.with_columns(outcome_efficiency=share).select(
            [pl.col(name).cast(kind) for name, kind in Thinking.columns.items()]
        )

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {}
        if self.min_efficiency is not None:
            found = pl.col("outcome_efficiency")
            rules["overthinking"] = found.is_not_null() & (found < self.min_efficiency)
        if self.max_after_answer is not None:
            at, share = pl.col("answer_at"), pl.col("outcome_efficiency")
            after = at / share - at
            rules["long_after_answer"] = at.is_not_null() & (after > self.max_after_answer)
        if self.min_thought_chars is not None:
            rules["underthinking"] = (pl.col("thought_switches") >= 3) & (
                pl.col("thought_chars") < self.min_thought_chars
            )
        for name, column, most in (
            ("many_reflections", "reflections", self.max_reflections),
            ("many_backtracks", "backtracks", self.max_backtracks),
            ("many_switches", "thought_switches", self.max_switches),
        ):
            if most is not None:
                rules[name] = pl.col(column) > most
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        thinking = sample.get("reasoning") or ""
        if reason in ("overthinking", "long_after_answer"):
            at = first_answer(thinking, sample.get("answer") or "")
            if at is None:
                return []
            return [Place("reasoning", at, len(thinking), "behind the first correct answer")]
        phrases, words = {
            "many_reflections": (LOOKS_BACK, "looks back"),
            "many_backtracks": (TAKES_BACK, "takes something back"),
        }.get(reason, (TURNS, "turns to another way"))
        return each("reasoning", places_of(thinking, phrases), words)
