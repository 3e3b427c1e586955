r"""Rounded answers: whether \frac{1587}{52} may stand for 30.52, by the policy of the recipe."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NamedTuple, get_args

from filters.verifiers.math import equations, formulas, quantities, units
from filters.verifiers.math.notation import tidy
from filters.verifiers.math.quantities import Quantity
from filters.verifiers.math.values import bounded

Tolerance = Literal["exact", "rounded", "relative"]
TOLERANCES: tuple[str, ...] = get_args(Tolerance)
DEFAULT: Tolerance = "rounded"
RELATIVE = Fraction(1, 10_000)
"""Part of the key by which an answer may be off where the policy is `relative`."""
FEW_DIGITS = 3
"""Digits that must count in a rounded key beside a fraction, or in the shorter of two decimals."""
MANY_DIGITS = 4
"""And in an answer beside a fraction, as 0.33 may be guessed, or in a key that is the shorter."""
SIMPLE = 16
"""Denominators up to which a key is taken for exact, however it is written: 12.5, 0.375."""
_PERCENT = re.compile(r"\d ?\\?%|percent|pct")
_DECIMAL = re.compile(r"[.,]\d|\d ?\\?%")
_RATIO = re.compile(r"(\d{1,9}) ?: ?(\d{1,9})")


class Number(NamedTuple):
    """A side of the comparison."""

    quantity: Quantity
    error: Fraction
    """How far the true value may be from it, in its unit; 0 for a rational number."""
    rational: bool
    name: str | None

    @property
    def step(self) -> Fraction | None:
        """How much one in the last digit is; a percentage may be rounded to whole ones."""
        if self.quantity.step is None and self.quantity.percent:
            return Fraction(1)
        return self.quantity.step

    @property
    def digits(self) -> int:
        """How many digits count; 0 where the number is exact."""
        return len(str(int(abs(self.quantity.value) / self.step))) if self.step else 0


def reading(answer: str, reference: str, tolerance: str, same: bool | None) -> str | None:
    """How an answer is to be read so that it agrees: `exact`, or in which other way.

    Args:
        answer: the final answer.
        reference: the key.
        tolerance: what the recipe grants.
        same: whether they agree exactly, as far as that is known.

    >>> reading("70%", "70", "exact", False), reading("27.11", r"\\frac{1003}{37}", "exact", False)
    ('percent: 70% read as 70', None)
    """
    if _PERCENT.search(answer):
        sides = (quantities.read(equations.unassigned(tidy(side))) for side in (answer, reference))
        if told := quantities.percent_reading(*sides):
            return f"percent: {told}"
    if same:
        return "exact"
    if not any(_DECIMAL.search(side) for side in (answer, reference)):
        return None
    with bounded():  # an event loop may be waiting
        way = agree(answer, reference, tolerance)
    return f"{way}: {answer[:50]} for {reference[:50]}" if way and way != "exact" else way


def agree(answer: str, reference: str, tolerance: str) -> Tolerance | None:
    r"""The policy by which two numbers agree, where one of them is written with a point; None
    where they do not by the policy that is granted.

    `exact`: to six digits after the point. `rounded`: the shorter of two decimals, or the decimal
    beside an exact value, is what the other rounds to, and three or four of its digits count.
    Beside \pi, a root or another such number an answer with few digits is
    wrong: there the exact form was asked for. `relative`: one part in 10,000 is near enough.

    >>> [agree(r"\frac{1587}{52}", "30.52", each) for each in TOLERANCES]
    [None, 'rounded', 'relative']
    >>> agree("85.71", r"\frac{600}{7}", "rounded"), agree("0.33", r"\frac13", "rounded")
    ('rounded', None)
    >>> agree("6.28", r"2\pi", "rounded"), agree("3.141592653589793", r"\pi", "rounded")
    (None, 'exact')
    """
    one, two = _read(answer), _read(reference)
    if one is None or two is None or not (one.step or two.step):
        return None
    if one.name and two.name and not equations.same_name(tidy(answer), tidy(reference)):
        return None
    apart = _apart(one, two)
    if apart is None:
        return None
    size = abs(two.quantity.value) / (100 if two.quantity.percent else 1)
    if quantities.exact_enough(apart, size, one.quantity.last_digit, two.quantity.last_digit):
        return "exact"
    if tolerance == "relative":
        return "relative" if apart <= RELATIVE * size else None
    rounds = _is_key_rounded(one, two) or _is_rounded(one, two)
    return "rounded" if tolerance == "rounded" and rounds else None


def _is_key_rounded(answer: Number, key: Number) -> bool:
    """Whether the key is a decimal that the answer rounds to."""
    simple = key.quantity.value.denominator <= SIMPLE
    if key.quantity.step is None or simple or not answer.rational:
        return False
    return key.digits >= (MANY_DIGITS if answer.step else FEW_DIGITS) and _rounds(answer, key)


def _is_rounded(answer: Number, key: Number) -> bool:
    """Whether the answer is a decimal that the key rounds to."""
    if key.quantity.step is not None:
        return answer.digits >= FEW_DIGITS and _rounds(key, answer)
    exact = key.rational and answer.quantity.step is not None
    return exact and answer.digits >= MANY_DIGITS and _rounds(key, answer)


def _rounds(exact: Number, rounded: Number) -> bool:
    """Whether a number rounds to a decimal; a half may be rounded both ways."""
    apart = _apart(exact, rounded)
    if apart is None or rounded.step is None or (exact.step and exact.step > rounded.step):
        return False
    return apart <= rounded.step / (200 if rounded.quantity.percent else 2)


def _apart(one: Number, two: Number) -> Fraction | None:
    """How far two numbers may be apart, in the unit of the second; percent as parts of 1."""
    gap = quantities.gap(one.quantity, two.quantity)
    zero = two.quantity._replace(value=Fraction(0))
    reach = quantities.gap(one.quantity._replace(value=one.error), zero)
    return None if gap is None or reach is None else gap + reach + two.error


def _read(text: str) -> Number | None:
    """The number that a text is; None where it is none, or not one for certain."""
    tidied = tidy(text)
    bare = _RATIO.sub(r"\\frac{\1}{\2}", equations.unassigned(tidied))
    name = equations.name(tidied)
    if quantity := quantities.read(bare):
        return Number(quantity, Fraction(0), rational=True, name=name)
    value, unit = units.trailing(bare, letters=r"\text" in text or r"\mathrm" in text)
    if (bounds := formulas.bounds(value)) is None:
        return None
    return Number(Quantity(bounds[0], unit=unit), bounds[1], not bounds[1], name)
