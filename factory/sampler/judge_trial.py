"""How a recipe's judge does on labelled answers: those of its trial, or a person's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from factory.sampler.judging import Ask
from filters.text.answer import extract
from filters.text.thinking import split
from filters.verdict import unverifiable
from filters.verifiers.check import Line, Report
from filters.verifiers.judge.model import shape
from filters.verifiers.judge.trial import LEAST

UNKNOWN = "(The question is not known.)"


def examined(rows: Iterable[Mapping[str, Any]], ask: Ask, rules: str = "judge") -> Report:
    """The judge's verdicts on labelled lines.

    Args:
        rows: as `filters.verifiers.check.check` takes them; `gold` has `question` and `answer`, or
            is the answer alone, and `question` stands beside it, if anywhere.
        ask: the judge.
        rules: the verifier that goes first; `judge`: none, but for the key's own words.
    """
    lines = [(row, case_of_line(row)) for row in rows]
    faults = [shape(case) for _, case in lines]
    asked = [
        (response_of(row["prediction"]), case["answer"], rules, case["question"])
        for (row, case), fault in zip(lines, faults, strict=True)
        if not fault
    ]
    given = iter(ask(asked))
    verdicts = (unverifiable(f"bad_reference: {f}") if f else next(given) for f in faults)
    return Report([Line(row, verdict) for (row, _), verdict in zip(lines, verdicts, strict=True)])


def response_of(prediction: str) -> str | None:
    """What stands after the thinking; a bare answer as a response that announces it."""
    response = split(prediction).response
    bare = response and "\n" not in response and extract(response) is None
    return rf"\boxed{{{response}}}" if bare else response


def case_of_line(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Question and answer of a labelled line."""
    gold = row["gold"]
    own = isinstance(gold, Mapping) and {"question", "answer"} & gold.keys()
    return gold if own else {"question": row.get("question", UNKNOWN), "answer": gold}


@dataclass(frozen=True)
class Trial:
    """A judge and how it did."""

    name: str
    report: Report

    @property
    def silent(self) -> bool:
        """Whether it gave no verdict at all."""
        return self.report.count("unverifiable") == len(self.report.lines)

    @property
    def weak(self) -> bool:
        """Whether people should be told."""
        return self.report.count(None) < LEAST * len(self.report.lines)

    def __str__(self) -> str:
        """In a line."""
        report = self.report
        wrong = [line for line in report.lines if line.row["expected"] != "correct"]
        return (
            f"{self.name} is right on {report.count(None)} of {len(report.lines)} trial answers, "
            f"accepts {report.count('false accept')} of {len(wrong)} wrong ones, and leaves "
            f"{report.count('unverifiable')} open"
        )
