"""The few names of numpy that tests compare numbers with, where numpy itself is not there."""

from __future__ import annotations

import math
from typing import Any

inf, nan, pi, e = math.inf, math.nan, math.pi, math.e


class ndarray:
    """No value is one: arrays of a program come as lists."""


class generic:
    """No value is one."""


class float64(float):
    """No value is one, since a program's numbers come as Python's own."""


class float32(float64):
    """No value is one."""


class integer(int):
    """No value is one."""


int32 = int64 = floating = number = integer
bool_ = bool


def isclose(one: Any, two: Any, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Whether two numbers are close; `two` is what the tolerance is a part of."""
    return bool(one == two or abs(one - two) <= atol + rtol * abs(two))


def allclose(one: Any, two: Any, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Whether numbers, or all numbers in lists, are close.

    Raises:
        TypeError: there is something that is no number.
        ValueError: lists differ in length.
    """
    parts = (list, tuple)
    if isinstance(one, parts) or isinstance(two, parts):
        left = list(one) if isinstance(one, parts) else [one] * len(two)
        right = list(two) if isinstance(two, parts) else [two] * len(one)
        if len(left) != len(right):
            raise ValueError("operands could not be broadcast together")
        return all(allclose(a, b, rtol, atol) for a, b in zip(left, right, strict=True))
    for side in (one, two):
        if not isinstance(side, int | float | complex):
            raise TypeError(f"{type(side).__name__} is no number")
    return isclose(one, two, rtol, atol)


def array_equal(one: Any, two: Any) -> bool:
    """Whether two lists or tuples have the same items."""
    parts = (list, tuple)
    if isinstance(one, parts) and isinstance(two, parts):
        return len(one) == len(two) and all(map(array_equal, one, two))
    return bool(one == two)


def isnan(value: Any) -> bool:
    """As math has it."""
    return math.isnan(value)


class testing:
    """Asserts."""

    @staticmethod
    def assert_allclose(one: Any, two: Any, rtol: float = 1e-7, atol: float = 0.0) -> None:
        """Raises AssertionError where numbers are not close."""
        assert allclose(one, two, rtol, atol)

    @staticmethod
    def assert_array_equal(one: Any, two: Any) -> None:
        """Raises AssertionError where items differ."""
        assert array_equal(one, two)

    @staticmethod
    def assert_almost_equal(one: Any, two: Any, decimal: int = 7) -> None:
        """Raises AssertionError where numbers differ by as much."""
        assert allclose(one, two, 0.0, 1.5 * 10.0**-decimal)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ModuleNotFoundError(f"numpy.{name}", name="numpy")
