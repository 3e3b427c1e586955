"""How good a verifier is: its verdicts against labels that people gave."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from filters import own
from filters.text.shorten import shorten
from filters.text.thinking import split
from filters.verdict import incorrect, unverifiable
from filters.verifiers import Verdict, unknown, verify

LABELS = ("correct", "incorrect", "unverifiable")

Judge = Callable[[str | None, object], object]
"""(response, reference) -> a verdict, or what `filters.own.as_verdict` takes for one."""


@dataclass(frozen=True)
class Line:
    """One line that was judged."""

    row: Mapping[str, Any]
    verdict: Verdict

    @property
    def fault(self) -> str | None:
        """`false accept`, `false reject`, `unverifiable`, or None where the verdict is right."""
        outcome = self.verdict.outcome
        if outcome == self.row["expected"]:
            return None
        if outcome == "unverifiable":
            return outcome
        return "false accept" if outcome == "correct" else "false reject"


@dataclass(frozen=True)
class Report:
    """What a verifier did with labelled lines."""

    lines: list[Line] = field(default_factory=list)

    def count(self, fault: str | None) -> int:
        """How many lines have this fault; None counts the verdicts that agree."""
        return sum(line.fault == fault for line in self.lines)

    def kinds(self) -> dict[str, Report]:
        """A report for each `kind` of line, in the order of the file."""
        kinds: dict[str, list[Line]] = {}
        for line in self.lines:
            kinds.setdefault(str(line.row.get("kind", "")), []).append(line)
        return {kind: Report(lines) for kind, lines in kinds.items()}

    def __str__(self) -> str:
        rows = [_line(name, self.count(fault), len(self.lines)) for name, fault in _ROWS]
        parts = [f"{len(self.lines):,} lines", *rows]
        kinds = self.kinds()
        if len(kinds) > 1:
            parts += ["", f"{'kind':24}{'lines':>6}{'agree':>7}  false accepts  false rejects"]
            parts += [_kind(kind, report) for kind, report in kinds.items()]
        failing = [_told(line) for line in self.lines if line.fault]
        return "\n".join(parts + (["", *failing] if failing else []))


_ROWS = [
    ("agreement", None),
    ("false accepts", "false accept"),
    ("false rejects", "false reject"),
    ("unverifiable", "unverifiable"),
]


def check(rows: Iterable[Mapping[str, Any]], verifier: str | Judge) -> Report:
    r"""Judges every row and compares the verdict with its label.

    Args:
        rows: each with `gold` (the reference), `prediction` (a response, perhaps with its thinking,
            or a bare answer) and `expected` (an outcome); for programs `tests` and
            `program` stand for the first two. `kind` is what the report groups by.
        verifier: a name in `VERIFIERS`, or a function from response and reference to a `Verdict`.

    >>> report = check([{"gold": "1/2", "prediction": "0.5", "expected": "correct"}], "math")
    >>> report.count(None), report.count("false accept")
    (1, 0)
    """
    judge = _by_name(verifier) if isinstance(verifier, str) else verifier
    return Report([Line(row, _judged(row, judge)) for row in rows])


def read(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file.

    Raises:
        ValueError: a line is no row; the message has file, line, and what was expected.
    """
    with file.open(encoding="utf-8") as text:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{file}:{number}: no JSON: {error}") from error
            if wrong := _wrong(row):
                raise ValueError(f"{file}:{number}: {wrong}")
            yield row


def load(name: str) -> str | Judge:
    """A verifier by its name here, or by `module:function` where it is a person's own.

    That is called as a run does, in a worker (`filters.own`); what it raises makes the line
    unverifiable.

    Raises:
        ValueError: there is none of this name, or it cannot be called.
    """
    if wrong := unknown(name) or (own.refused(name) if own.is_own(name) else None):
        raise ValueError(wrong)
    return partial(_by_own, name) if own.is_own(name) else name


def wilson(count: float, total: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, as parts of 1.

    >>> [round(bound, 3) for bound in wilson(0, 100)]
    [0.0, 0.037]
    """
    if total == 0:
        return 0.0, 1.0
    z = 1.959964
    share = count / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _by_own(name: str, response: str | None, reference: object) -> Verdict:
    return incorrect("unfinished") if response is None else own.judge(name, response, reference)


def _by_name(name: str) -> Judge:
    def judge(response: str | None, reference: object) -> Verdict:
        verdict = verify(response, reference, name)
        bare = response is not None and verdict.reason == "no_answer" and _is_bare(response)
        return verify(rf"\boxed{{{response}}}", reference, name) if bare else verdict

    return judge


def _is_bare(response: str) -> bool:
    """Whether a text is an answer without the response around it: a line without a box."""
    return "\n" not in response.strip() and r"\boxed" not in response


def _judged(row: Mapping[str, Any], judge: Judge) -> Verdict:
    prediction = row["prediction"] if "prediction" in row else row["program"]
    if "prediction" not in row and "```" not in prediction:
        prediction = f"```\n{prediction}\n```"
    gold = row["gold"] if "gold" in row else row["tests"]
    try:
        return own.as_verdict(judge(split(prediction).response, gold))
    except Exception as failure:
        return unverifiable(f"crash: {type(failure).__name__}: {str(failure)[:100]}")


def _wrong(row: object) -> str | None:
    if not isinstance(row, dict):
        return f"an object was expected, not {type(row).__name__}"
    for names in (("gold", "tests"), ("prediction", "program"), ("expected",)):
        if not any(name in row for name in names):
            return f"it lacks {' or '.join(names)}"
    if not isinstance(row.get("prediction", row.get("program")), str):
        return "prediction must be a text"
    if row["expected"] not in LABELS:
        return f"expected is {row['expected']!r}, and must be one of {', '.join(LABELS)}"
    return None


def _line(name: str, count: int, total: int) -> str:
    low, high = wilson(count, total)
    share = count / total if total else 0.0
    return f" {name:14}{count:6,}  {share:7.2%}  {low:7.2%} to {high:7.2%}"


def _kind(kind: str, report: Report) -> str:
    total, agree = len(report.lines), report.count(None)
    accepts, rejects = report.count("false accept"), report.count("false reject")
    return f"{kind:24}{total:6}{agree / total:7.1%}  {accepts:13}  {rejects:13}"


def _told(line: Line) -> str:
    gold = line.row["gold"] if "gold" in line.row else line.row["tests"]
    texts = [str(text) for text in (gold, line.row.get("prediction", line.row.get("program")))]
    shown = [shorten(text, 100) for text in texts]
    why = f" ({line.verdict.reason})" if line.verdict.reason else ""
    return f"{line.fault}{why}: gold {shown[0]!r}, prediction {shown[1]!r}"
