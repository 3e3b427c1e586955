"""Strict and lenient: how many draws are right, and how many were if no answer had to be announced.

Half of what a small model gains from reinforcement learning is often form: it learns to say "the
answer is", to close its thinking, to write a box. A score that rises strictly and not leniently
says that no mathematics was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from filters.verdict import Verdict
from filters.verifier_settings import TAKE_THEM, bare, settings, written
from filters.verifiers import verify

FORMLESS = ("no_answer", "unfinished")
"""Reasons of draws that are wrong because of their form."""


class Draw(NamedTuple):
    """A draw with its verdict."""

    text: str
    """All that was drawn."""
    response: str | None
    reference: object
    verifier: Any
    """Its name, or a function."""
    outcome: str
    reason: str | None


def of_verdict(text: str, response: str | None, reference: object, by: Any, said: Verdict) -> Draw:
    """A draw with the verdict on it."""
    return Draw(text, response, reference, by, said.outcome, said.word)


def both(draws: Sequence[Draw], workers: int = 1) -> tuple[float, float] | None:
    r"""The share of right draws, strictly and leniently; None where none can be judged both ways.

    Judged both ways are draws whose verifier reads formulas or numbers and came to a verdict. Where
    such a draw announces no answer, or never ends its thinking, its last formula or number counts.

    >>> both([Draw("It is 42.", "It is 42.", "42", "math", "incorrect", "no_answer")])
    (0.0, 1.0)
    """
    able = [
        draw
        for draw in draws
        if isinstance(draw.verifier, str) and bare(draw.verifier) in TAKE_THEM
        if draw.outcome != "unverifiable"
    ]
    if not able:
        return None
    formless = [draw for draw in able if (draw.reason or "").partition(":")[0] in FORMLESS]
    with ThreadPoolExecutor(workers) as threads:
        more = sum(threads.map(_right_at_last, formless))
    strict = sum(draw.outcome == "correct" for draw in able)
    return strict / len(able), (strict + more) / len(able)


def _right_at_last(draw: Draw) -> bool:
    """Whether the last formula or number is right, of the thinking where that never ended."""
    by = written(bare(draw.verifier), **settings(draw.verifier) | {"extraction": "last"})
    said = draw.text if draw.response is None else draw.response
    return verify(said, draw.reference, by).outcome == "correct"
