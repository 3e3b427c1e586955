"""A scale: from numbers to points along a side of a chart, and the round numbers on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 6
"""Round numbers on a scale, about."""
STEPS = (1, 2, 2.5, 5, 10)
"""How far round numbers are apart, times a power of ten."""


@dataclass(frozen=True)
class Scale:
    """Where numbers lie between two ends."""

    low: float
    """The number at the start."""
    high: float
    """The number at the end, another one."""
    start: float
    """In points."""
    end: float
    log: bool = False
    """Whether each factor has the same length; both ends are above 0."""

    def at(self, value: float) -> float:
        """The place of a number, in points; of one beyond the ends that of the end.

        >>> Scale(0, 10, 100, 200).at(5), Scale(1, 100, 0, 200, log=True).at(10)
        (150.0, 100.0)
        """
        value = min(max(value, min(self.low, self.high)), max(self.low, self.high))
        low, high, here = (self._even(one) for one in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (here - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers between the ends.

        >>> Scale(0, 9, 0, 1).ticks(), Scale(0.5, 2000, 0, 1, log=True).ticks()
        ([0.0, 2.0, 4.0, 6.0, 8.0], [1.0, 10.0, 100.0, 1000.0])
        """
        low, high = sorted((self.low, self.high))
        if self.log and high / low >= 10:
            return _powers(low, high)
        rough = (high - low) / (MOST - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * one for one in STEPS if power * one >= rough * (1 - 1e-9))
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [float(f"{number * step:.12g}") for number in range(first, last + 1)]

    def _even(self, value: float) -> float:
        return math.log(value) if self.log else value


def between(values: Iterable[float], margin: float, log: bool = False) -> tuple[float, float]:
    """Ends of a scale for these numbers with a share of room on both sides."""
    told = [value for value in values if value > 0 or not log]
    low, high = (min(told), max(told)) if told else (1.0, 10.0)
    if log:
        room = (high / low) ** margin if high > low else 10**0.5
        return low / room, high * room
    room = (high - low) * margin if high > low else abs(low) * margin or 1.0
    return low - room, high + room


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten; of less than two decades what lies between them as well."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    every = -(-len(powers) // MOST)
    parts = (1, 2, 5) if high / low < 100 else (1,)
    found = [part * 10.0**power for power in powers[::every] for part in parts]
    return [tick for tick in found if low <= tick <= high]
