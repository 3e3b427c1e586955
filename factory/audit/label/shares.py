"""Shares and their intervals from strata of which some rows were marked.

Each stratum's interval is Wilson's. Those of several strata are put together by Zou and Donner's
way (variances recovered from the limits, Statistics in Medicine 27:1693, 2008). A bootstrap over
strata has no width where all marks of a stratum are alike, which is what few marks of a good filter
are: its 95 % intervals of recall held the truth in 14 to 64 % of trials, these in 93 % and more
(`benchmarks/labels.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Z = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Stratum:
    """Rows that are alike to the program, and what people said of some of them."""

    rows: int
    """All rows in it."""
    marked: int
    """Rows that were drawn by lot and marked yes or no."""
    yes: int
    """Those of them marked yes."""

    def interval(self, careful: bool) -> tuple[float, float]:
        """Wilson's 95 % interval of the share of yes; of rows that are all marked it has no width.

        Args:
            careful: with the correction for continuity: few marks of a rare thing need it.
        """
        if self.marked >= self.rows:
            return self.yes / self.marked, self.yes / self.marked
        marks = self.marked * (self.rows - 1) / (self.rows - self.marked)  # of a finite stratum
        share = self.yes / self.marked
        return (corrected if careful else plain)(share, marks)


@dataclass(frozen=True)
class Share:
    """A share, 0 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float


def plain(share: float, marks: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of so many marks, which need not be a whole number.

    >>> [round(bound, 3) for bound in plain(0, 100)]
    [0.0, 0.037]
    """
    middle = share + Z * Z / (2 * marks)
    half = Z * math.sqrt(share * (1 - share) / marks + Z * Z / (4 * marks * marks))
    scale = 1 + Z * Z / marks
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def corrected(share: float, marks: float) -> tuple[float, float]:
    """The same with the correction for continuity (Newcombe, 1998).

    >>> [round(bound, 3) for bound in corrected(0.1, 10)]
    [0.005, 0.459]
    """
    other, scale, middle = 1 - share, 2 * (marks + Z * Z), 2 * marks * share + Z * Z
    below = Z * Z - 2 - 1 / marks + 4 * share * (marks * other + 1)
    above = Z * Z + 2 - 1 / marks + 4 * share * (marks * other - 1)
    low = (middle - 1 - Z * math.sqrt(max(0.0, below))) / scale
    high = (middle + 1 + Z * math.sqrt(max(0.0, above))) / scale
    return (0.0 if share == 0 else max(0.0, low)), (1.0 if share == 1 else min(1.0, high))


def share(strata: Sequence[Stratum]) -> Share | None:
    """The share of yes among all rows of these strata; None where one of them has no mark."""
    if not _told(strata):
        return None
    rows = sum(stratum.rows for stratum in strata)
    found, low, high = _count(strata, careful=len(strata) > 1)
    return Share(found / rows, max(0.0, low / rows), min(1.0, high / rows))


def caught(claimed: Sequence[Stratum], others: Sequence[Stratum]) -> Share | None:
    """The share of all yes that stands in the first strata; None where a stratum has no mark, there
    are no others, or nobody said yes.

    Its limits are the shares at which `(1 - share) yes here - share yes elsewhere` could be zero.
    """
    if not _told([*claimed, *others]) or not others:
        return None
    here, here_low, here_high = _count(claimed, careful=True)
    there, there_low, there_high = _count(others, careful=True)
    if here + there == 0:
        return None
    low = _zero(
        lambda r: (1 - r) * here - r * there
        - math.hypot((1 - r) * (here - here_low), r * (there_high - there))
    )  # fmt: skip
    high = _zero(
        lambda r: (1 - r) * here - r * there
        + math.hypot((1 - r) * (here_high - here), r * (there - there_low))
    )  # fmt: skip
    return Share(here / (here + there), low, high)


def _told(strata: Sequence[Stratum]) -> bool:
    return bool(strata) and all(stratum.marked for stratum in strata)


def _count(strata: Sequence[Stratum], *, careful: bool) -> tuple[float, float, float]:
    """How many rows are yes, and the limits."""
    found = below = above = 0.0
    for stratum in strata:
        share, (low, high) = stratum.yes / stratum.marked, stratum.interval(careful)
        found += stratum.rows * share
        below += (stratum.rows * (share - low)) ** 2
        above += (stratum.rows * (high - share)) ** 2
    return found, found - math.sqrt(below), found + math.sqrt(above)


def _zero(falling: Callable[[float], float]) -> float:
    """Where a falling function of 0 to 1 is zero."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return 1.0 if low > 1 - 1e-9 else low
