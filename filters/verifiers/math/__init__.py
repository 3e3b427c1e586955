r"""Mathematical answers: exact arithmetic where the answer is plain, math-verify for the rest."""

from __future__ import annotations

from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers import pool
from filters.verifiers.math import rounding
from filters.verifiers.math.algebra import compare
from filters.verifiers.math.approximations import settled
from filters.verifiers.math.notation import LONGEST
from filters.verifiers.math.plain import certain

FIRST = ((r"\sqrt{8}", r"2\sqrt{2}"), ("y = 5", "x = 5"), ("(1,2,3)", "[1,2,3]"))
"""Pairs that workers have behind them when they start."""


def shape(reference: object) -> str | None:
    r"""What is wrong with a reference.

    An answer as text, or a number: `"\frac{1}{2}"`, `"5 cm"`, `12`.
    """
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return f"a text or a number was expected, not {type(reference).__name__}"
    if len(str(reference)) > LONGEST:
        return f"it has {len(str(reference)):,} characters, more than {LONGEST:,}"
    return None if str(reference).strip() else "it is empty"


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference)


def judge(
    answer: str, reference: object, tolerance: rounding.Tolerance = rounding.DEFAULT
) -> Verdict:
    r"""Compares exactly where both sides are plain; otherwise math-verify does, in the pool.

    A side without a unit may have any; two different units are converted. 50 is not 50%, but 50% is
    50 as well as 0.5: the reason says how it was read. A decimal agrees with what it was rounded
    from when six digits after the point do; `tolerance` says whether fewer are enough.

    >>> judge(r"\frac{3}{4}", "0.75").outcome, judge("1,000", "1001").outcome
    ('correct', 'incorrect')
    >>> judge("85.71", r"\frac{600}{7}").reason, judge("70%", "70").reason
    ('rounded: 85.71 for \\frac{600}{7}', 'percent: 70% read as 70')
    """
    said, gold = settled(answer), settled(str(reference))
    same = certain(said, gold)
    if reading := rounding.reading(said, gold, tolerance, same):
        return correct(answer, None if reading == "exact" else reading)
    if same is None:
        if len(answer) > LONGEST:
            return incorrect("unreadable_answer", answer)
        outcome = pool.call(compare, said, gold)
        if outcome == "bad_reference":
            return unverifiable("bad_reference: math-verify cannot read it", answer)
        return correct(answer) if outcome == "correct" else incorrect(outcome, answer)
    return correct(answer) if same else incorrect("wrong_answer", answer)


def warm_up() -> None:
    """Compare one pair of each kind: the first takes SymPy up to 0.3 s, others little."""
    for pair in FIRST:
        compare(*pair)


pool.prepare(warm_up)
