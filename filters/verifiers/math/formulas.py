r"""Whether two formulas are equal: by their values, which balls tell apart for certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache

from flint import acb, arb, fmpq

from filters.verifiers.math import values
from filters.verifiers.math.polynomials import Polynomial
from filters.verifiers.math.quantities import CLOSE, TOLERANCE
from filters.verifiers.math.syntax import parse
from filters.verifiers.math.trees import Tree, Unclear, minus, names, put
from filters.verifiers.math.values import Value, apart, different, value

ENOUGH = 3
"""Points at which formulas with variables must agree."""
LARGEST = 1e150
"""Ends of intervals are no larger."""
ONE = acb(1)
BEND = 1_171
"""Keeps the values of three letters from equal distances, else b - a were c - b everywhere."""
Point = dict[str, fmpq]
"""A value for each variable."""

_POINTS = tuple(
    (fmpq(start, 10_000), fmpq(step, 10_000))
    for start, step in (
        (7317, 6113), (-13713, 21131), (29173, 11317), (197137, -23719),
        (9173, -1937), (-8131, 2719), (173137, 37129), (1371, 791), (817, 1319), (-1173, 313),
    )
)  # fmt: skip
"""First value and first step, for the variables in order; where there is no value, the next."""
_WHOLE = ((17, 6), (23, 10), (14, 3), (9, 2), (12, 7), (25, -4), (20, -3), (13, -5), (7, 5), (4, 1))
_WHOLE_POINTS = tuple((fmpq(start), fmpq(step)) for start, step in _WHOLE)
"""For formulas with steps or signs like (-1)^n, which have values at whole numbers only."""
_FREE = frozenset({"C", "c", "k", "K", "C_1", "c_1", "C_0", "D"})
_ANGULAR = re.compile(r"sin|cos|tan|cot|sec|csc")
_DECIMAL = re.compile(r"\d\.\d")


def agree(one: str, two: str) -> bool | None:
    r"""Whether two tidied formulas are equal, or None where that is not certain.

    >>> agree(r"\sqrt{8}", r"2\sqrt{2}"), agree(r"\sqrt{8}", "3"), agree("2x", "x+x+1")
    (True, False, False)
    >>> agree("1.41421356", r"\sqrt{2}"), agree("1.41", r"\sqrt{2}"), agree("yes", "1")
    (True, False, None)
    """
    one, two = _alike(one, two)
    try:
        a, b = tree(one), tree(two)
    except Unclear:
        return None
    same = equal(_renamed(a, b), b)
    if same is False and (_DECIMAL.search(one) or _DECIMAL.search(two)):
        return _rounded(a, b)
    return same


@lru_cache(maxsize=2_000)
def tree(text: str) -> Tree:
    """The tree of a text, from memory where it was asked for lately: references come often."""
    values.spend(len(text) / 2)
    return parse(text)


def equal(a: Tree, b: Tree) -> bool | None:
    """Whether two trees are equal; the letter i may be the imaginary unit or a variable."""
    letters = names(a) | names(b)
    readings = [letters - {"i"}]
    if "i" in letters and readings[0]:
        readings.append(letters)
    verdicts = [_equal(a, b, sorted(variables)) for variables in readings]
    return True if True in verdicts else None if None in verdicts else False


def _equal(a: Tree, b: Tree, variables: list[str]) -> bool | None:
    """Whether two trees have the same values; at a few points, where there are variables."""
    if not variables:
        return _same(a, b, {})
    for starts in (_POINTS, _WHOLE_POINTS):
        agreeing = 0
        for at in _points(starts, variables):
            same = _same(a, b, at)
            if same is False:
                return False
            agreeing += same is True
            if agreeing == ENOUGH:
                return True
    return None


def _points(starts: tuple[tuple[fmpq, fmpq], ...], variables: list[str]) -> Iterator[Point]:
    for number, (start, step) in enumerate(starts, start=1):
        bend = number if step.q == 1 else fmpq(number * BEND, 10_000)
        yield {
            name: start + step * place + bend * place * (place - 1)
            for place, name in enumerate(variables)
        }


def _same(a: Tree, b: Tree, at: Point) -> bool | None:
    """Whether two trees have the same value here; a bare log may be natural or of ten."""
    try:
        verdicts = {not different(a, b, at)}
        if _has(a, "log?") or _has(b, "log?"):
            verdicts.add(not different(a, b, at, natural=False))
    except Unclear:
        return None
    return verdicts.pop() if len(verdicts) == 1 else None


def _has(tree: Tree, operation: str) -> bool:
    return tree.operation.startswith(operation) or any(_has(part, operation) for part in tree.parts)


def _rounded(a: Tree, b: Tree) -> bool | None:
    """Whether one constant may have been rounded to the other, as plain decimals are; of formulas
    with variables that are near each other nobody knows."""
    variables = sorted((names(a) | names(b)) - {"i"})
    for at in _points(_POINTS, variables) if variables else [{}]:
        try:
            x, y = value(a, at), value(b, at)
        except Unclear:
            continue
        gap = abs(x - y)
        near = bool(gap < _ball(CLOSE) * abs(x) or gap < _ball(CLOSE) * abs(y))
        if variables:
            if not near and gap != 0:
                return False
            continue
        return near and bool(gap < _ball(TOLERANCE))
    return None


def _ball(size: Fraction) -> arb:
    return arb(fmpq(size.numerator, size.denominator))


def constant(text: str) -> float | None:
    """The value of a real constant, or None."""
    known = bounds(text)
    return float(known[0]) if known and abs(known[0]) < LARGEST else None


def bounds(text: str) -> tuple[Fraction, Fraction] | None:
    """A real constant and how far from it the true value may be, or None where that is unclear.

    >>> bounds("2 + 1/2")
    (Fraction(5, 2), Fraction(0, 1))
    >>> value, error = bounds(r"\\sqrt{2}")
    >>> abs(value - Fraction("1.41421356237")) < error + Fraction(1, 10**11)
    True
    """
    try:
        parsed = tree(text)
        if names(parsed) or _has(parsed, "log?") or _has(parsed, "call"):
            return None
        return values.bounds(parsed)
    except Unclear:
        return None


def is_formula(text: str) -> bool:
    """Whether a text is a formula that can be read with certainty."""
    try:
        return bool(tree(text))
    except Unclear:
        return False


def proportional(one: tuple[str, str], two: tuple[str, str]) -> bool | None:
    """Whether two equations, each a left and a right side, say the same; None if not certain.

    >>> proportional(("y", "2x"), ("4x", "2y")), proportional(("y", "2x"), ("y", "x"))
    (True, False)
    """
    try:
        a, b = (minus(tree(left), tree(right)) for left, right in (one, two))
        ratios = _ratios(a, b)
        if not names(a) | names(b):  # any two numbers are proportional
            return True if ratios and not apart(ratios[0] * ratios[0], ONE) else None
        if ratios and not apart(ratios[0], ONE - ONE):
            return None  # an identity is no multiple of an equation
        if len(ratios) >= ENOUGH and not any(apart(ratios[0], ratio) for ratio in ratios[1:]):
            return True
        forms = [Polynomial.of(side) for side in (a, b)]
    except Unclear:
        return None
    alike = forms[0].degree == forms[1].degree or all(form.lone for form in forms)
    return False if alike and len(ratios) >= ENOUGH else None


def _ratios(a: Tree, b: Tree) -> list[Value]:
    """How often one tree is the other, at several points."""
    ratios = []
    for at in _points(_POINTS, sorted(names(a) | names(b))):
        with suppress(Unclear):
            ratios.append(value(Tree("/", (a, b)), at))
    return ratios


def _alike(one: str, two: str) -> tuple[str, str]:
    """Degrees are left out where one side has left them out."""
    whole = r"\pi" not in one + two and not _ANGULAR.search(one + two)
    if whole and (r"^\circ" in one) != (r"^\circ" in two):
        return one.replace(r"^\circ", " "), two.replace(r"^\circ", " ")
    return one, two


def _renamed(a: Tree, b: Tree) -> Tree:
    """The first tree with the constant of integration named as in the second: C, c, or K."""
    own, others = names(a) - names(b), names(b) - names(a)
    if len(own) != 1 or len(others) != 1 or "C" not in own | others or not own | others <= _FREE:
        return a
    shared = names(a) & names(b)
    if not shared or any(name[0].isupper() for name in shared):
        return a  # C_8H_9 is a molecule
    (name,), (other,) = own, others
    return put(a, name, Tree("variable", value=other))
