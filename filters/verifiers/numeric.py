"""Numeric answers: a number within the tolerance that the reference grants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from filters.verdict import Verdict, correct, incorrect
from filters.verifiers import pool
from filters.verifiers.math import algebra, bounds, formulas, quantities, rounding, units
from filters.verifiers.math.equations import unassigned, unnoted
from filters.verifiers.math.notation import LONGEST, tidy
from filters.verifiers.math.quantities import Quantity

_UNREAD = re.compile(
    r"[?<>]|=(?![^{}]*\})|(?<!\\)[,;]|\\(?:Right|long|left)|\\to(?![a-z])|\\\{|\\infty *\$?$|mod"
)
"""What math-verify takes a number out of, though all of it is none."""
_MORE_DIGITS = re.compile(r"(?<=\.\d\d)(\d*) ?(?:\.\.\.|…|\\[lc]?dots) *$")
"""Dots behind a decimal, which a tolerance covers."""
_TOLERANCES = ("absolute", "relative")


class Number(NamedTuple):
    """A key: a quantity and how far from it an answer may be."""

    quantity: Quantity
    slack: Fraction
    """The larger of the two tolerances, in the unit of the quantity."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    A number, as JSON has it or as text, or `{"value": 3.14, "absolute": 0.01}`. In place of
    `absolute`, `relative` is a part of the value. With both, the larger counts; with none, the
    numbers must be equal up to rounding.
    """
    if not isinstance(reference, Mapping):
        return _unread(reference)
    if unknown := set(reference) - {"value", *_TOLERANCES}:
        return f"it has {', '.join(sorted(unknown))}; value, absolute, relative were expected"
    for name in _TOLERANCES:
        size = reference.get(name, 0)
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < 1e300:
            return f"{name} must be a number, 0 or more, not {size!r}"
    return _unread(reference.get("value"))


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference["value"] if isinstance(reference, Mapping) else reference)


def judge(
    answer: str, reference: object, tolerance: rounding.Tolerance = rounding.DEFAULT
) -> Verdict:
    r"""Whether the answer is a number near enough.

    Formulas are worked out here with a bound on the error, and in the pool where this is unclear or
    the error matters. A bound is no number: < 42 is not 42.

    50% is 0.5. A side without a unit may have any; with two, they are converted. Where the
    reference grants nothing, `tolerance` says what becomes of rounded answers, as for `math`.

    >>> judge("3.1", {"value": 3.14, "absolute": 0.05}).outcome, judge("3.1", 3.14).outcome
    ('correct', 'incorrect')
    """
    if bounds.is_bound(answer):
        return incorrect("wrong_answer", answer)
    verdict = _judged(answer, _number(reference))
    if verdict.reason != "wrong_answer" or _grants(reference):
        return verdict
    reading = rounding.reading(answer, key(reference), tolerance, False)
    return correct(answer, None if reading == "exact" else reading) if reading else verdict


def _judged(answer: str, wanted: Number) -> Verdict:
    found = _read(_MORE_DIGITS.sub(r"\1", answer) if wanted.slack else answer)
    if found is None and (near := _bounded(answer, wanted)) is not None:
        return correct(answer) if near else incorrect("wrong_answer", answer)
    if found is None:
        value = pool.call(evaluate, answer) if len(answer) <= LONGEST else None
        if value is None:
            return incorrect("unreadable_answer", answer)
        found = Quantity(Fraction(value))
    gap = quantities.gap(found, wanted.quantity)
    if gap is None:
        return incorrect("wrong_unit", answer)
    return correct(answer) if gap <= wanted.slack else incorrect("wrong_answer", answer)


def _grants(reference: object) -> bool:
    """Whether a reference says itself how far an answer may be off."""
    return isinstance(reference, Mapping) and bool(reference.keys() & {*_TOLERANCES})


def _bounded(answer: str, wanted: Number) -> bool | None:
    r"""Whether a formula is near enough, or None where it is not read with certainty.

    >>> _bounded(r"\sqrt{2} \text{ cm}", _number("1.41 m")), _bounded("x", _number("1"))
    (False, None)
    """
    letters = r"\text" in answer or r"\mathrm" in answer
    text, unit = units.trailing(unassigned(tidy(answer)), letters)
    if (known := formulas.bounds(text)) is None:
        return None
    value, error = (Quantity(size, unit=unit) for size in known)
    gap = quantities.gap(value, wanted.quantity)
    reach = quantities.gap(error, wanted.quantity._replace(value=Fraction(0)))
    if gap is None or reach is None:
        return None
    if gap + reach <= wanted.slack:
        return True
    return False if gap - reach > wanted.slack else None


def evaluate(answer: str) -> str | None:
    """A formula's value to 30 digits, by math-verify's parser; None if it has none.

    To be asked in a worker: it has no clock.
    """
    parsed: Any = None if _UNREAD.search(answer) else algebra.parsed(answer)
    if not getattr(parsed, "is_number", False) or not parsed.is_finite:
        return None
    value = parsed.doit().evalf(30)
    if not value.is_Float and not value.is_Rational:
        return None
    # As a fraction, (10^6)! would be millions of digits, where nothing stops it.
    too_far = value.is_Float and abs(Decimal(str(value)).adjusted()) > quantities.EXPONENT
    return None if too_far else str(value)


def _number(reference: object) -> Number:
    if not isinstance(reference, Mapping):
        return Number(_known(reference), Fraction(0))
    quantity = _known(reference["value"])
    absolute, relative = (Fraction(str(reference.get(name, 0))) for name in _TOLERANCES)
    slack = max(absolute, relative * abs(quantity.value))
    return Number(quantity, slack / 100 if quantity.percent else slack)


def _known(value: object) -> Quantity:
    quantity = _read(str(value))
    if quantity is None:
        raise ValueError(_unread(value))
    return quantity


def _read(text: str) -> Quantity | None:
    return quantities.read(unassigned(unnoted(tidy(text), "")[0]))


def _unread(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"a number was expected, not {type(value).__name__}"
    return (
        None if _read(str(value)) else f"{str(value)[:50]!r} is no number that can be read exactly"
    )
