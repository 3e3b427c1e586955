r"""Decimals behind a sign of approximation: \sqrt{2} \approx 1.41 is \sqrt{2}, and checked."""

from __future__ import annotations

import re
from fractions import Fraction

from filters.verifiers.math import equations, formulas, quantities, units
from filters.verifiers.math.notation import LONGEST, latex, tidy

NEAR = Fraction(1, 100)
"""Part of a value by which its decimal may be off, unless that has fewer digits."""
_SIGN = re.compile(r"≈|≃|\\(?:approx|simeq|doteq)(?![a-z])")
_DOLLAR = re.compile(r"(?<!\\)\$")


def settled(text: str) -> str:
    r"""A text without the decimal that it gives for its value; as it is where they do not agree.

    >>> settled(r"\sqrt{2} \approx 1.41"), settled(r"\sqrt{2} \approx 141")
    ('\\sqrt{2}', '\\sqrt{2} \\approx 141')
    """
    if not _SIGN.search(text) or len(text) > LONGEST:
        return text
    exact, *rough = (_DOLLAR.sub("", part).strip() for part in _SIGN.split(latex(text)))
    if len(rough) != 1 or not exact:
        return text
    value, decimal = _value(tidy(exact)), quantities.read(tidy(rough[0]))
    if value is None or decimal is None:
        return text
    size = decimal.value / (100 if decimal.percent else 1)
    unit = tidy(rough[0])[len(units.trailing(tidy(rough[0]), letters=True)[0]) :]
    if unit and not units.ends(tidy(exact)):
        exact += unit
    return exact if abs(value - size) <= max(decimal.last_digit or 0, NEAR * abs(value)) else text


def _value(exact: str) -> Fraction | None:
    bare = exact.rpartition("=")[2].strip() or equations.unassigned(exact)
    if quantity := quantities.read(bare):
        return quantity.value / (100 if quantity.percent else 1)
    known = formulas.bounds(units.trailing(bare, letters=True)[0])
    return known[0] if known else None
