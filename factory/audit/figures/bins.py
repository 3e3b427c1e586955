"""Bins for histograms: of whole numbers, of shares, and of values with a heavy tail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

FEW = 40
"""Whole numbers that have a bin each."""
MOST = 30
"""Bins of equal width, about."""
HEAVY = 8
"""A tail is heavy where the largest value is so many times the median of those above 0."""
DECADE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
"""Where bins begin in each power of ten."""
DENSE = 2**20
"""Whole numbers are counted one by one where they lie as near to each other as that."""
SHARE = 20
"""Bins of a share from 0 to 1."""


class Bins(NamedTuple):
    """Where bins begin, and behind them where the last one ends."""

    edges: list[float]
    log: bool
    """Whether they widen with the values; the first may begin at 0 all the same."""


def bins_of(ordered: np.ndarray) -> Bins:
    """Bins for these values, in ascending order, finite and at least one.

    >>> import numpy as np
    >>> bins_of(np.array([0, 1, 1, 3])).edges
    [0.0, 1.0, 2.0, 3.0, 4.0]
    >>> bins_of(np.array([0.25, 0.5])).edges[:3]
    [0.0, 0.05, 0.1]
    """
    low, high = float(ordered[0]), float(ordered[-1])
    whole = ordered.dtype.kind in "iu"
    if whole and high - low < FEW:
        return Bins([low + n for n in range(int(high - low) + 2)], log=False)
    if not whole and low >= 0 and high <= 1:
        return Bins([n / SHARE for n in range(SHARE + 1)], log=False)
    positive = ordered[ordered > 0]
    if low >= 0 and high > HEAVY * float(positive[len(positive) // 2]):
        return Bins(_widening(low, float(positive[0]), high, whole), log=True)
    return Bins(_even(low, high, whole), log=False)


def counts(
    values: np.ndarray, kinds: np.ndarray, number: int, edges: list[float]
) -> list[list[int]]:
    """By kind, how many values are in each bin; what equals the last edge is in the last bin.

    Args:
        values: finite, in any order, none before the first edge nor behind the last.
        kinds: by value, the number of its kind.
        number: how many kinds there are.
        edges: where bins begin, and where the last one ends.

    >>> import numpy as np
    >>> counts(np.array([0, 4, 1, 1]), np.array([0, 0, 1, 1]), 2, [0.0, 1.0, 5.0])
    [[1, 1], [0, 2]]
    """
    import numpy as np

    whole = values.dtype.kind in "iu"
    if whole and len(values) and float(values.max()) - float(values.min()) < DENSE:
        low = int(values.min())
        places = (values.astype(np.int64) - low) * number + kinds
        piles = np.bincount(places, minlength=(int(values.max()) - low + 1) * number)
        below = np.vstack(
            [np.zeros((1, number), np.int64), piles.reshape(-1, number).cumsum(axis=0)]
        )
        begins = np.clip(np.ceil(edges[:-1]).astype(np.int64) - low, 0, len(below) - 1)
        found = np.diff(below[[*begins, len(below) - 1]], axis=0)
        return found.T.tolist()
    bins = np.searchsorted(edges[1:-1], values, side="right")
    found = np.bincount(bins * number + kinds, minlength=(len(edges) - 1) * number)
    return found.reshape(-1, number).T.tolist()


def _even(low: float, high: float, whole: bool) -> list[float]:
    """Edges at round numbers, each as far from the next."""
    rough = (high - low) / MOST or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    step = max(step, 1.0) if whole else step
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return [_round(n * step) for n in range(first, last + 1)]


def _widening(low: float, first: float, high: float, whole: bool) -> list[float]:
    """Edges at round numbers that widen; 0 has a bin of its own where it is a value.

    Six decades of a fraction are told apart, what is smaller stands with 0.
    """
    least = max(first, high / 1e6) if not whole else max(first, 1.0)
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(high)) + 1)
    edges = [_round(start * 10.0**n) for n in decades for start in DECADE]
    edges = [edge for edge in edges if not whole or edge == int(edge)]
    begin = max((n for n, edge in enumerate(edges) if edge <= least), default=0)
    end = next(n for n, edge in enumerate(edges) if edge > high)
    return ([0.0] if low < edges[begin] else []) + edges[begin : end + 1]


def _round(edge: float) -> float:
    """Without the dust of binary fractions."""
    return float(f"{edge:.12g}")
