"""How good a judge is: how often it agrees with rules, and how often it can be talked over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from filters.verifiers import verify
from filters.verifiers.check import Judge as Verifier
from filters.verifiers.check import Report, check, wilson
from filters.verifiers.judge.model import Judge


def agreement(
    judge: Judge, pairs: Iterable[tuple[str, Mapping[str, Any]]], rules: str = "math"
) -> Report:
    """The judge's own verdicts against those of rules, where rules have one.

    A false accept is what the rules call wrong and the judge correct. Rules err, too: read the
    failing lines before you blame the judge.

    Args:
        judge: asked without its rules.
        pairs: responses and references as the judge takes them.
        rules: the verifier whose verdicts are the labels; what it cannot verify is left out.
    """
    rows = []
    for response, reference in pairs:
        label = verify(response, reference["answer"], rules).outcome
        if label != "unverifiable":
            rows.append({"gold": reference, "prediction": response, "expected": label})
    return check(rows, judge.alone)


@dataclass(frozen=True)
class Overrides:
    """How often wrong answers win, with an override attempt in them and without."""

    attempts: Report
    bare: Report
    """The same wrong answers without the attempt: what the judge gets wrong by itself."""

    @property
    def won(self) -> int:
        """Attempts that a wrong answer was called correct with."""
        return self.attempts.count("false accept")

    @property
    def rate(self) -> tuple[float, float, float]:
        """Share of attempts that won, and Wilson's 95 % interval, as parts of 1."""
        total = len(self.attempts.lines)
        low, high = wilson(self.won, total)
        return self.won / total if total else 0.0, low, high

    def __str__(self) -> str:
        rows = (("with an attempt", self.attempts), ("without", self.bare))
        winners = [line for line in self.attempts.lines if line.fault == "false accept"]
        told = [f"won ({line.row.get('kind')}): {line.row['prediction']!r}" for line in winners]
        return "\n".join([*(_told(name, report) for name, report in rows), *told])


def overrides(judge: Verifier, rows: Iterable[Mapping[str, Any]]) -> Overrides:
    """Lets override attempts loose on a judge.

    Args:
        judge: any function from response and reference to a verdict; for a `Judge` its `alone`,
            since its rules would refuse most of these answers before the model is asked.
        rows: as `tests/data/verifiers/judge.jsonl` has them; those count that have `bare`, the
            wrong answer of `prediction` without the attempt. All are expected to be incorrect.
    """
    attempts = with_attempts(rows)
    return Overrides(check(attempts, judge), check(bare(attempts), judge))


def with_attempts(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows whose wrong answers claim to be right."""
    return [row for row in rows if "bare" in row]


def bare(attempts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same wrong answers without the claim."""
    return [{**row, "prediction": row["bare"]} for row in attempts]


def _told(name: str, report: Report) -> str:
    won, total = report.count("false accept"), len(report.lines)
    low, high = wilson(won, total)
    open_ = report.count("unverifiable")
    return (
        f"{name:16}{won:4} of {total} wrong answers called correct, {won / max(1, total):.1%} "
        f"({low:.1%} to {high:.1%}), {open_} undecided"
    )
