"""Rubric: criteria that a good response meets, judged one by one, where there is no key.

The recipe's `judge` names the model, which is shown the question, the response without its thinking
and one criterion at a time. By itself this verifier knows nothing: all is `judge_missing` until the
model is asked. The share of met criteria, by weight, is also a reward (docs/rewards.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from filters.verdict import Verdict, incorrect, unverifiable
from filters.verifiers.judge.prompt import harmless

LONGEST = 500
"""Characters of a criterion."""
RESPONSE = 8_000
"""Characters of a response that the judge is shown, the last ones."""

ROUNDING = 1e-6
"""By how much a share, which verdicts tell in six digits, may miss the one that is wanted."""


class Criterion(NamedTuple):
    """One thing that is asked of a response."""

    text: str
    weight: float = 1.0


class Rubric(NamedTuple):
    """All that is asked of a response."""

    criteria: tuple[Criterion, ...]
    least: float = 1.0
    """Share of the weights that must be met for the response to be correct."""


class Sheet(NamedTuple):
    """What a judge is shown, criterion by criterion."""

    question: str
    answer: str
    """The response. Never its thinking."""
    criteria: tuple[Criterion, ...]
    least: float

    def told(self) -> list[object]:
        """The same in lists, texts and numbers."""
        return [self.question, self.answer, [[*each] for each in self.criteria], self.least]


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    A list of criteria, each a text of 500 characters at most or `{"criterion": TEXT, "weight": 2}`;
    or `{"criteria": [...], "least": 0.8}`, where `least` is the share of the weights that makes a
    response correct. Left out: all of them.

    >>> shape(["It is polite.", {"criterion": "It rhymes.", "weight": 2}]), shape([""])
    (None, 'criterion 1: a text of 1 to 500 characters was expected')
    """
    told = reference if isinstance(reference, Mapping) else {"criteria": reference}
    if not isinstance(told.get("criteria"), list) or not told["criteria"]:
        return "a list of criteria was expected"
    for number, each in enumerate(told["criteria"], 1):
        text, weight = _parts(each)
        if not isinstance(text, str) or not 0 < len(harmless(text)) <= LONGEST:
            return f"criterion {number}: a text of 1 to {LONGEST} characters was expected"
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
            return f"criterion {number}: its weight must be a number above 0, not {weight!r}"
    least = told.get("least", 1.0)
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 < least <= 1:
        return f"least: a share above 0, up to 1, was expected, not {least!r}"
    return None


def key(reference: object) -> None:
    """There is none."""


def extract(response: str) -> str | None:
    """All of the response, as far as the judge is shown it; None where it is blank.

    >>> extract(" Dear Anna … "), extract(" ")
    ('Dear Anna …', None)
    """
    return harmless(response, RESPONSE) or None


def judge(answer: str, reference: object) -> Verdict:
    """What the model says, and nobody else.

    >>> judge("Dear Anna …", ["It is polite."]).reason
    'judge_missing'
    """
    return unverifiable("judge_missing", answer)


def rubric_of(reference: Any) -> Rubric:
    """The criteria of a sound reference.

    >>> rubric_of({"criteria": ["Short."], "least": 0.5})
    Rubric(criteria=(Criterion(text='Short.', weight=1.0),), least=0.5)
    """
    told = reference if isinstance(reference, Mapping) else {"criteria": reference}
    parts = (_parts(each) for each in told["criteria"])
    found = tuple(Criterion(harmless(str(text)), float(str(weight))) for text, weight in parts)
    return Rubric(found, float(told.get("least", 1.0)))


def sheet_of(response: str | None, reference: object, question: str) -> Sheet | Verdict:
    """What a judge is shown of a response, or the verdict where there is nothing to show.

    Args:
        response: what stands after the thinking; None where that never ended.
        reference: the criteria.
        question: as it was put.
    """
    if wrong := shape(reference):
        return unverifiable(f"bad_reference: {wrong}")
    if response is None:
        return incorrect("unfinished")
    if (answer := extract(response)) is None:
        return incorrect("no_answer")
    return Sheet(question, answer, *rubric_of(reference))


def share_met(verdict: Verdict) -> float | None:
    """The share of the weights that are met, as a verdict of a rubric tells it; None where the
    judge could not tell of some.

    >>> share_met(incorrect("criteria_missed: gpt-oss, 0.75 met, not 2"))
    0.75
    """
    if verdict.outcome == "unverifiable":
        return None
    found = re.search(r"(?:^|[ ,])([\d.]+) met(?:,|$)", verdict.reason or "")
    return float(found[1]) if found else 0.0


def enough(share: float, least: float) -> bool:
    """Whether this share of the weights makes a response correct, where so much must be met.

    >>> enough(0.5, 0.5), enough(0.333333, 1 / 3), enough(0.5, 1.0)
    (True, True, False)
    """
    return share >= least - ROUNDING


def _parts(each: object) -> tuple[object, object]:
    if isinstance(each, Mapping):
        return each.get("criterion", each.get("description")), each.get("weight", 1.0)
    return each, 1.0
