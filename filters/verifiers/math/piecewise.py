"""A function given case by case beside one formula for all of them: |x|."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from filters.verifiers.math import formulas, regions
from filters.verifiers.math.intervals import ALL, Interval, merged
from filters.verifiers.math.listings import Same
from filters.verifiers.math.tables import pieces
from filters.verifiers.math.tokens import tokens
from filters.verifiers.math.trees import Unclear

_STEPS = (Fraction(3, 7), Fraction(19, 11), Fraction(131, 13))
"""Where values are compared, from an end of the region or from 0."""


def agree(one: str, two: str, same: Same) -> bool | None:
    r"""Whether cases that cover all numbers have a formula's values; None where unsure.

    >>> cases = r"\begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}"
    >>> agree(cases, "|x|", formulas.agree), agree(cases, "x", formulas.agree)
    (True, False)
    """
    a, b = pieces(one), pieces(two)
    formula = two if a else one
    if (a is None) == (b is None) or not formulas.is_formula(formula):
        return None
    try:
        return _everywhere(a or b or [], formula, same)
    except Unclear:
        return None


def _everywhere(cases: list[tuple[str, str]], formula: str, same: Same) -> bool | None:
    found = [(value, regions.read(condition)) for value, condition in cases]
    variables = {region.variable if region else None for _, region in found}
    letter = variables.pop()
    if not letter or variables:
        return None
    intervals = [(value, each) for value, region in found if region for each in region.intervals]
    verdicts = [
        same(_at(value, letter, point), _at(formula, letter, point))
        for value, interval in intervals
        for point in _points(interval)
    ]
    if False in verdicts:
        return False
    covered = merged([interval for _, interval in intervals]) == [ALL]
    return True if covered and all(verdicts) else None


def _points(interval: Interval) -> Iterator[Fraction]:
    """Numbers inside an interval."""
    low, high = (end.value for end in interval)
    finite = [Fraction(end).limit_denominator(1000) for end in (low, high) if abs(end) < 1e6]
    for step in _STEPS:
        if len(finite) == 2:
            yield finite[0] + (finite[1] - finite[0]) * step / 11
        elif finite:
            yield finite[0] + step if low > -1e6 else finite[0] - step
        else:
            yield step if step < 2 else -step


def _at(text: str, letter: str, value: Fraction) -> str:
    number = rf"(\frac{{{value.numerator}}}{{{value.denominator}}})"
    return " ".join(number if sign == letter else sign for sign in tokens(text))
