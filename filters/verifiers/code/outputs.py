"""What a program wrote or returned, against what was expected; all of it outside the sandbox."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

LONGEST_VALUE = 8 * 2**20
"""Bytes of JSON; no value of a call is longer, or it is not read."""
FEW = 4
"""Decimals with so many digits behind the point, or fewer, are exact but for their last one."""
DOUBLE = 17
"""Digits of a double. Who writes more of them, where more are expected, is asked for digits."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,5})?")
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0+)?")


class Tolerance(NamedTuple):
    """How far numbers may be from what was expected; texts and whole numbers never are.

    Only where an expected number is written with a point or an exponent, or is a float.
    """

    relative: float = 0.0
    """As a part of the larger number."""
    absolute: float = 0.0
    """The wider of the two counts."""
    told: bool = False
    """Whether a person named it. If not, a number that is expected with `FEW` decimals is met
    within its last digit, so that sums of money are not near each other."""
    whole: bool = False
    """Whether 3.0 is the whole number 3."""


EXACT = Tolerance()
USUAL = Tolerance(1e-6, 1e-6)
"""What judges of programming contests grant where a problem's numbers have a point."""
LEETCODE = Tolerance(1e-5, 1e-5)
"""What LeetCode grants where a function returns floats."""
ALLCLOSE = Tolerance(1e-5, 1e-8, whole=True)
"""What the graders of APPS, TACO and verl grant: the defaults of numpy's `allclose`."""
DECIMALS = Tolerance(1e-6, 1e-6, whole=True)
"""As LiveCodeBench's grader, which compares numbers as decimals, so that 3.0 is 3; and as its
problems promise, a float may be off by a little, where that grader grants nothing."""


def same_text(found: str, expected: str, tolerance: Tolerance = USUAL) -> bool:
    r"""Whether two outputs have the same words in the same lines; blank lines and spaces are free.

    >>> same_text("1  2\n3 \n\n", "1 2\n\n3"), same_text("1 2 3", "1 2\n3")
    (True, False)
    >>> same_text("0.33333", "0.3333333"), same_text("0.333333333", "0.333333333333")
    (False, True)
    """
    ours, theirs = ([words for line in text.splitlines() if (words := line.split())]
                    for text in (found, expected))  # fmt: skip
    if ours == theirs:
        return True
    return [len(line) for line in ours] == [len(line) for line in theirs] and all(
        one == two or _near_words(one, two, tolerance)
        for line, other in zip(ours, theirs, strict=True)
        for one, two in zip(line, other, strict=True)
    )


def read_value(output: bytes) -> Any:
    """The JSON value that the harness sent.

    Raises:
        ValueError: it is none, or too long or too deep.
    """
    if len(output) > LONGEST_VALUE:
        raise ValueError("too long")
    try:
        return json.loads(output)
    except RecursionError:
        raise ValueError("too deep") from None


def same_value(
    found: Any, expected: Any, strict: bool = True, tolerance: Tolerance = EXACT
) -> bool:
    """Whether two values are equal, both as `wire.encode` writes them.

    No object of the program's is ever made, so there is nothing whose `==` it could have written.

    Args:
        found: what a program returned.
        expected: what it should have returned.
        strict: whether a tuple differs from a list, and the key 1 from "1".
        tolerance: of floats.

    >>> same_value({"tuple": [1]}, [1]), same_value({"tuple": [1]}, [1], strict=False)
    (False, True)
    """
    if not strict:
        found, expected = _loose(found), _loose(expected)
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return False
        ((kind, parts),) = expected.items()
        others = found[kind]
        if kind == "object":
            return False
        if not isinstance(others, list) or not isinstance(parts, list):
            return type(others) is type(parts) and others == parts
        if kind in ("set", "dict"):
            parts, others = sorted(parts, key=json.dumps), sorted(others, key=json.dumps)
        return same_value(others, parts, strict, tolerance)
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(
                same_value(one, two, strict, tolerance)
                for one, two in zip(found, expected, strict=True)
            )
        )
    if isinstance(found, list | dict):
        return False
    return found == expected or _near_values(found, expected, tolerance)


def _loose(value: Any) -> Any:
    """As JSON has it: tuples and arrays are lists, keys are texts."""
    for kind in ("tuple", "ndarray"):
        if isinstance(value, dict) and isinstance(value.get(kind), list):
            return value[kind]
    if isinstance(value, dict) and isinstance(value.get("dict"), list):
        pairs = [pair for pair in value["dict"] if isinstance(pair, list) and len(pair) == 2]
        return {"dict": [[str(key), part] for key, part in pairs]}
    return value


def _near_words(found: str, expected: str, tolerance: Tolerance) -> bool:
    if not _NUMBER.fullmatch(found) or not _NUMBER.fullmatch(expected):
        return False
    if expected.lstrip("+-").isdigit():
        if tolerance.whole and not tolerance.told:
            match = _WHOLE.fullmatch(found)
            return match is not None and match[1] == expected
        return tolerance.whole and _near(float(found), float(expected), expected, tolerance)
    if not tolerance.told and min(_digits(found), _digits(expected)) > DOUBLE:
        return Decimal(found) == Decimal(expected)  # the digits of pi, for instance
    return _near(float(found), float(expected), expected, tolerance)


def _near_values(found: Any, expected: Any, tolerance: Tolerance) -> bool:
    sides = (found, expected)
    if not all(isinstance(side, int | float) for side in sides):
        return False
    if not isinstance(expected, float) and not (tolerance.told and isinstance(found, float)):
        return False
    try:
        return _near(float(found), float(expected), repr(expected), tolerance)
    except OverflowError:
        return False


def _near(found: float, expected: float, written: str, tolerance: Tolerance) -> bool:
    """Whether a number is near enough to one that is written so."""
    gap, size = abs(found - expected), max(abs(found), abs(expected))
    if not math.isfinite(gap):
        return False
    near = gap <= max(tolerance.relative * size, tolerance.absolute)
    if tolerance.told or not near:
        return near
    try:
        _, digits, exponent = Decimal(written).as_tuple()
    except InvalidOperation:
        return near
    if not isinstance(exponent, int) or exponent < -FEW:
        return near
    noise = 1e-14 * size if len(digits) <= DOUBLE else 0.0  # what doubles cannot hold
    return gap < 10.0**exponent or gap <= noise


def _digits(written: str) -> int:
    return sum(map(str.isdigit, written.lower().partition("e")[0].lstrip("+-0.")))
