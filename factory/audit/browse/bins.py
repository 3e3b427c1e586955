"""Histograms of measures: the same bars whatever is chosen, counted from a byte a row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from factory.audit.browse.asked import Range

MOST = 20
"""Bars of a histogram."""
UNMEASURED = 255
"""The bar of a row that is not measured."""
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Bins:
    """The bars of one measure."""

    ranges: list[Range]
    """Of each bar; the last one has no end where few values lie far off."""
    labels: list[str]
    ends: tuple[str, str]
    """What stands below the first bar and the last."""
    start: float
    step: float
    single: bool
    """Whether each bar is of one value."""
    codes: np.ndarray
    """The bar of each row."""
    of_all: list[int]
    """How many of all rows are in each bar."""
    unmeasured: int
    """How many of all rows are not measured."""
    same: float | None
    """The value that all rows have, if they have one."""

    @classmethod
    def of(cls, column: pl.Series) -> Bins | None:
        """The bars of a column; none if nobody measured it."""
        values = column.cast(pl.Float64).fill_nan(None)
        low, high = values.min(), values.max()
        if not isinstance(low, float) or not isinstance(high, float):
            return None
        if not math.isfinite(low) or not math.isfinite(high):
            return None
        whole = column.dtype.is_integer() or column.dtype == pl.Boolean
        top = values.quantile(0.995, "lower") or high
        hidden = low < top < low + (high - low) / 2  # by a few values that are far off
        edge = top if hidden else high
        step = _step((edge - low) / MOST, whole)
        start = float(math.floor(low / step) * step)
        count = min(MOST + 1, math.floor((edge - start) / step) + 1)
        ends = [round(start + n * step, 12) for n in range(count + 1)]
        ranges = [Range(one, next) for one, next in pairwise(ends)]
        if high >= ends[-1]:
            ranges[-1] = Range(ends[-2], None)
        codes = ((values - start) / step).floor().clip(0, count - 1).fill_null(UNMEASURED)
        codes = codes.cast(pl.UInt8).to_numpy()
        found = np.bincount(codes, minlength=UNMEASURED + 1).tolist()
        single = whole and step == 1
        name = _yes_no if column.dtype == pl.Boolean else _single if single else _stretch
        return cls(
            ranges=ranges,
            labels=[name(one) for one in ranges],
            ends=(name(ranges[0]), name(ranges[-1])) if single else _ends(ranges),
            start=start,
            step=step,
            single=single,
            codes=codes,
            of_all=found[:count],
            unmeasured=found[UNMEASURED],
            same=low if low == high and not found[UNMEASURED] else None,
        )

    def counts(self, mask: np.ndarray) -> tuple[list[int], int]:
        """How many of these rows are in each bar, and how many are not measured."""
        if mask.all():
            return self.of_all, self.unmeasured
        found = np.bincount(self.codes[mask], minlength=UNMEASURED + 1).tolist()
        return found[: len(self.ranges)], found[UNMEASURED]

    def edge(self, sign: str, value: float) -> float | None:
        """Where a rule divides the bars, counted in bars from the left; none if it does not."""
        behind = self.single and sign in (">", "<=")  # the bar of the value is on the left side
        place = (value - self.start) / self.step + (1 if behind else 0)
        return place if sign[0] in "<>" and 0 <= place <= len(self.ranges) else None


def _step(least: float, whole: bool) -> float:
    """A round step that is not below this one."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    step = next(s * power for s in STEPS if s * power >= least * (1 - 1e-9))
    return float(max(1, math.ceil(step))) if whole else step


def _yes_no(one: Range) -> str:
    return "yes" if one.low else "no"


def _single(one: Range) -> str:
    return f"{one.low:,.0f}" + (" or more" if one.high is None else "")


def _stretch(one: Range) -> str:
    if one.high is None:
        return f"{one.low:,g} or more"
    return f"{one.low:,g} to below {one.high:,g}"


def _ends(ranges: list[Range]) -> tuple[str, str]:
    last = ranges[-1]
    return f"{ranges[0].low:,g}", f"{last.high:,g}" if last.high is not None else _stretch(last)
