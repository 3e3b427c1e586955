"""Intervals of real numbers, with formulas as ends: cut, joined and compared."""

from __future__ import annotations

from typing import NamedTuple

from filters.verifiers.math import formulas
from filters.verifiers.math.trees import Unclear

INFINITY = float("inf")


class End(NamedTuple):
    """An end of an interval."""

    value: float
    closed: bool
    text: str
    """The formula; empty at infinity."""


class Interval(NamedTuple):
    """The numbers between two ends."""

    low: End
    high: End


class Region(NamedTuple):
    """Intervals that do not touch, from the left to the right, and the variable they are for."""

    intervals: list[Interval]
    variable: str | None


LEFT, RIGHT = End(-INFINITY, False, ""), End(INFINITY, False, "")
ALL = Interval(LEFT, RIGHT)


def end(text: str, closed: bool) -> End:
    """An end of an interval from its text; Unclear where that is no real number."""
    text = text.strip()
    bare = text.replace(" ", "").replace("{", "").replace("}", "")
    if bare in (r"\infty", r"+\infty"):
        return End(INFINITY, False, "")
    if bare == r"-\infty":
        return End(-INFINITY, False, "")
    value = formulas.constant(text)
    if value is None:
        raise Unclear(f"an end that is no number: {text}")
    return End(value, closed, text)


def holes(points: list[End]) -> list[Interval]:
    """All numbers but these."""
    ordered = sorted((point._replace(closed=False) for point in points), key=lambda p: p.value)
    lows, highs = [LEFT, *ordered], [*ordered, RIGHT]
    return [Interval(low, high) for low, high in zip(lows, highs, strict=True)]


def compared(one: End, two: End) -> int:
    """-1, 0 or 1, as the first is left of, at, or right of the second."""
    if one.text == two.text and one.value == two.value:
        return 0
    if one.text and two.text and abs(one.value - two.value) <= 1e-9 * max(1, abs(one.value)):
        if formulas.agree(one.text, two.text) is not True:
            raise Unclear("ends too close to tell apart")
        return 0
    return -1 if one.value < two.value else 1


def overlap(ones: list[Interval], twos: list[Interval]) -> list[Interval]:
    """The numbers that are in both."""
    result = []
    for one in ones:
        for two in twos:
            low = _inner(one.low, two.low, 1)
            high = _inner(one.high, two.high, -1)
            order = compared(low, high)
            if order < 0 or (order == 0 and low.closed and high.closed):
                result.append(Interval(low, high))
    return result


def _inner(one: End, two: End, side: int) -> End:
    order = compared(one, two) * side
    if order == 0:
        return one if not one.closed else two
    return one if order > 0 else two


def merged(intervals: list[Interval]) -> list[Interval]:
    """The same numbers in intervals that do not touch."""
    ordered = sorted(intervals, key=lambda each: (each.low.value, not each.low.closed))
    result: list[Interval] = []
    for each in ordered:
        if result:
            last = result[-1]
            order = compared(each.low, last.high)
            if order < 0 or (order == 0 and (each.low.closed or last.high.closed)):
                outer = compared(last.high, each.high)
                high = last.high if outer > 0 else each.high
                if outer == 0:
                    high = high._replace(closed=last.high.closed or each.high.closed)
                result[-1] = Interval(last.low, high)
                continue
        result.append(each)
    return result


def same(one: End, two: End) -> bool:
    """Whether two ends are the same; Unclear where that is not certain."""
    if one.closed != two.closed:
        return False
    if not one.text or not two.text:
        return one.value == two.value
    same = formulas.agree(one.text, two.text)
    if same is None:
        raise Unclear("ends that cannot be compared")
    return same
