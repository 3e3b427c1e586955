r"""Whether two formulas are equal: shown by normal forms, refuted by values, or left open."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache

from filters.verifiers.math.estimate import Value, estimate
from filters.verifiers.math.normal import Forms
from filters.verifiers.math.quantities import CLOSE, TOLERANCE
from filters.verifiers.math.syntax import parse
from filters.verifiers.math.trees import Tree, Unclear, names, put

_POINTS = ((0.7317, 0.6113), (2.9173, 1.1317), (0.1371, 0.0791), (-0.8131, 0.2719), (17.313, 3.71))
"""First value and step, for the variables in order; where a formula is not defined, the next."""
_WHOLE_POINTS = ((17, 6), (23, 10), (14, 3), (9, 2))
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
    decimal = bool(_DECIMAL.search(one) or _DECIMAL.search(two))
    try:
        a, b = tree(one), tree(two)
    except Unclear:
        return None
    a = _renamed(a, b)
    letters = names(a) | names(b)
    readings = [frozenset({"i"}), frozenset[str]()] if "i" in letters else [frozenset[str]()]
    if letters == {"i"}:
        readings = readings[:1]
    verdicts = [_equal(a, b, letters - imaginary, decimal) for imaginary in readings]
    return True if True in verdicts else None if None in verdicts else False


@lru_cache(maxsize=2_000)
def tree(text: str) -> Tree:
    """The tree of a text, from memory where it was asked for lately: references come often."""
    return parse(text)


def constant(text: str) -> float | None:
    """The value of a real constant, or None."""
    try:
        parsed = tree(text)
        value = None if names(parsed) else estimate(parsed, {})
    except Unclear:
        return None
    return value.value.real if value and not value.value.imag else None


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
        if names(parsed):
            return None
        with suppress(Unclear):
            if (exact := Forms().rational(parsed)) is not None:
                return exact, Fraction(0)
        one, two = (estimate(parsed, {}, natural) for natural in (True, False))
    except Unclear:
        return None
    if one.value.imag or one != two:
        return None
    return Fraction(one.value.real), Fraction(100 * one.error + 1e-11 * abs(one.value.real))


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
        a, b = (
            Tree("+", (tree(left), Tree("*", (tree("-1"), tree(right)))))
            for left, right in (one, two)
        )
        forms = Forms(imaginary=False)
        (n, _), (m, _) = forms.form(a), forms.form(b)
    except Unclear:
        return None
    if not n or not m:
        return None
    term = max(n, key=lambda term: (sum(abs(p) for _, p in term), term))
    if term in m:
        ratio = m[term] / n[term]
        if {key: value * ratio for key, value in n.items()} == m:
            return True
    degrees = {_degree(n), _degree(m)}
    polynomials = None not in degrees
    lone = [_lone(n), _lone(m)]
    return False if polynomials and (len(degrees) == 1 or all(lone)) else None


def _degree(sum_: dict) -> int | None:
    """The degree of a polynomial in variables; None if it is none."""
    if any(not name.startswith("v:") or p < 0 or p != int(p) for t in sum_ for name, p in t):
        return None
    return max(int(sum(power for _, power in term)) for term in sum_)


def _lone(sum_: dict) -> bool:
    """Whether a variable occurs in one term only, alone: then the equation is solved for it."""
    names_ = [name for term in sum_ for name, _ in term]
    return any(
        len(term) == 1 and term[0][1] == 1 and names_.count(term[0][0]) == 1
        for term in sum_
        if term
    )


def _alike(one: str, two: str) -> tuple[str, str]:
    """Degrees are left out where one side has left them out."""
    whole = r"\pi" not in one + two and not _ANGULAR.search(one + two)
    if whole and (r"^\circ" in one) != (r"^\circ" in two):
        return one.replace(r"^\circ", " "), two.replace(r"^\circ", " ")
    return one, two


def _equal(a: Tree, b: Tree, letters: frozenset[str], decimal: bool) -> bool | None:
    apart = _apart(a, b, letters)
    if apart:
        if not decimal:
            return False
        return _rounded(*apart) if not letters else (None if _near(*apart) else False)
    try:
        forms = Forms(imaginary="i" not in letters)
        if forms.equal(a, b):
            return True if apart is not None or forms.rational(a) is not None else None
        if not letters and forms.different(a, b):
            return False  # too large for floating point, or too near
        if apart is not None and not letters and forms.equal(_square(a), _square(b)):
            return True  # the same sign, and the same square
    except Unclear:
        pass
    if apart is not None and decimal and not letters:
        return True if all(_sharp(side) for side in (a, b)) else None
    return None


def _sharp(constant: Tree) -> bool:
    """Whether the value is known to more digits than answers are rounded to."""
    value = estimate(constant, {})
    return value.error < 1e-9 * abs(value.value)


_NOT_APART = ()


def _apart(a: Tree, b: Tree, letters: frozenset[str]) -> tuple[Value, ...] | None:
    """Values of both sides that certainly differ; empty if none were found, None without values."""
    ordered = sorted(letters)
    result = None
    for start, step in (*_POINTS, *_WHOLE_POINTS) if ordered else _POINTS[:1]:
        at = {letter: start + step * place for place, letter in enumerate(ordered)}
        try:
            pairs = [(estimate(a, at, way), estimate(b, at, way)) for way in (True, False)]
        except Unclear:
            continue
        if all(one.apart(two) for one, two in pairs):
            return pairs[0]
        if result is not None and (start, step) in _WHOLE_POINTS:
            break  # they have values elsewhere, too
        if result is None or not any(one.apart(two) for one, two in pairs):
            result = _NOT_APART
    return result


def _rounded(a: Value, b: Value) -> bool:
    """Whether one may have been rounded to the other, as plain decimals are."""
    difference, largest = abs(a.value - b.value), max(abs(a.value), abs(b.value))
    return difference < float(TOLERANCE) and difference < float(CLOSE) * largest


def _near(a: Value, b: Value) -> bool:
    return abs(a.value - b.value) < 1e-3 * max(abs(a.value), abs(b.value))


def _renamed(a: Tree, b: Tree) -> Tree:
    """The first tree with the constant of integration named as in the second: C, c, or K."""
    own, others = names(a) - names(b), names(b) - names(a)
    if len(own) != 1 or len(others) != 1 or "C" not in own | others or not own | others <= _FREE:
        return a
    (name,), (other,) = own, others
    return put(a, name, Tree("variable", value=other))


def _square(of: Tree) -> Tree:
    return Tree("*", (of, of))
