"""Which numbers solve an inequality: linear, of second degree, or with an absolute value."""

from __future__ import annotations

import re

from flint import fmpq

from filters.verifiers.math import formulas
from filters.verifiers.math.intervals import (
    LEFT,
    RIGHT,
    End,
    Interval,
    Region,
    end,
    holes,
    merged,
    overlap,
)
from filters.verifiers.math.polynomials import Polynomial
from filters.verifiers.math.trees import Unclear, minus, names

RELATION = re.compile(r" ?(\\leq?(?![a-z])|\\geq?(?![a-z])|\\ne(?:q)?(?![a-z])|<|>) ?")


def chain(text: str) -> Region:
    """One inequality, or a chain of two: 1 < x < 3."""
    pieces = RELATION.split(text)
    sides = [piece.strip() for piece in pieces[::2]]
    signs = [relation(piece) for piece in pieces[1::2]]
    if not all(sides) or len(signs) > 2:
        raise Unclear("an unusual chain")
    if len(signs) == 1:
        return _solved(sides[0], signs[0], sides[1])
    if "!" in signs or signs[0][0] != signs[1][0]:
        raise Unclear("an unusual chain")
    one, two = _solved(sides[0], signs[0], sides[1]), _solved(sides[1], signs[1], sides[2])
    if one.variable != two.variable:
        raise Unclear("several variables")
    common = overlap(one.intervals, two.intervals)
    if not common:
        raise Unclear("nothing is left")
    return Region(common, one.variable)


def relation(text: str) -> str:
    """A sign of order in one spelling: <, >, <=, >=, or ! for unequal."""
    bare = text.strip()
    return {"<": "<", ">": ">"}.get(bare) or (
        "!" if bare.startswith(r"\n") else "<=" if bare.startswith(r"\l") else ">="
    )


def _solved(left: str, sign: str, right: str) -> Region:
    """What solves an inequality that is linear in one variable, or in its absolute value."""
    for one, two, turned in ((left, right, sign), (right, left, mirrored(sign))):
        if one.startswith("|") and one.endswith("|") and one.count("|") == 2:
            return _absolute(one[1:-1], turned, two)
    if squared := _quadratic(left, sign, right):
        return squared
    slope, point, variable = _linear(left, right)
    sign = mirrored(sign) if slope < 0 else sign
    if sign == "!":
        return Region(holes([point]), variable)
    end = point._replace(closed=sign.endswith("="))
    one = Interval(LEFT, end) if sign[0] == "<" else Interval(end, RIGHT)
    return Region([one], variable)


def _quadratic(left: str, sign: str, right: str) -> Region | None:
    """What solves an inequality of second degree with rational numbers; None if it is none."""
    if "^" not in left + right or sign == "!":
        return None
    variable, gap = _gap(left, right)
    if gap is None or gap.degree != 2:
        return None
    c, b, a = gap.coefficients(2)
    if b * b - 4 * a * c <= 0:
        raise Unclear("no two roots")
    if a < 0:
        a, b, c, sign = -a, -b, -c, mirrored(sign)
    root = rf"\sqrt{{{_rational(b * b - 4 * a * c)}}}"
    closed = sign.endswith("=")
    low, high = (
        end(rf"\frac{{{_rational(-b)} {way} {root}}}{{{_rational(2 * a)}}}", closed) for way in "-+"
    )
    if sign[0] == "<":
        return Region([Interval(low, high)], variable)
    return Region([Interval(LEFT, low), Interval(high, RIGHT)], variable)


def _gap(left: str, right: str) -> tuple[str, Polynomial | None]:
    """The only variable of two sides, and left minus right where that is a polynomial."""
    gap = minus(formulas.tree(left), formulas.tree(right))
    letters = names(gap)
    if len(letters) != 1:
        raise Unclear("not one variable")
    (variable,) = letters
    try:
        return variable, Polynomial.of(gap)
    except Unclear:
        return variable, None


def _rational(value: fmpq) -> str:
    return rf"\frac{{{value.p}}}{{{value.q}}}"


def _absolute(inside: str, sign: str, bound: str) -> Region:
    if (formulas.constant(bound) or 0) <= 0 or sign == "!":
        raise Unclear("an unusual bound")
    one = _solved(inside, sign, bound)
    two = _solved(inside, mirrored(sign), f"-({bound})")
    if sign[0] == "<":
        return Region(overlap(one.intervals, two.intervals), one.variable)
    return Region(merged(one.intervals + two.intervals), one.variable)


def mirrored(sign: str) -> str:
    """The sign that is right when the sides are swapped."""
    return sign.replace("<", "_").replace(">", "<").replace("_", ">")


def _linear(left: str, right: str) -> tuple[float, End, str]:
    """Slope of left minus right, where it is zero, and its variable."""
    one, two = formulas.tree(left), formulas.tree(right)
    if one.operation == "variable" and not names(two):
        return 1, end(right, False), str(one.value)
    if two.operation == "variable" and not names(one):
        return -1, end(left, False), str(two.value)
    variable, gap = _gap(left, right)
    if gap is None or gap.degree != 1:
        raise Unclear("not linear")
    shift, slope = gap.coefficients(1)
    return float(slope), end(_rational(-shift / slope), False), variable
