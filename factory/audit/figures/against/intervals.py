"""Intervals of paired differences: prompts drawn anew with all their pairs; McNemar's test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from filters.verifiers.check import wilson

LEAST = 5
"""Prompts that an interval needs: of fewer none is told."""
BOOTSTRAPPED = 1000
"""Prompts up to which the interval is a bootstrap's. Of more it is a normal one by the spread over
prompts, which a bootstrap approaches: there the two differ by less than a bootstrap's own noise."""
RESAMPLES = 2000
Z = 1.959964
"""Standard deviations of a normal variable within which 95 % of it lie."""


@dataclass(frozen=True)
class Sums:
    """Sums over the pairs of each prompt, an array each with one value a prompt."""

    pairs: np.ndarray
    """Pairs that have a value on both sides."""
    difference: np.ndarray
    """Sum of the values after less those before."""


class Moments(NamedTuple):
    """Sums over prompts: all that a normal interval is made of."""

    prompts: float
    """Prompts that have pairs with a value on both sides."""
    pairs: float
    difference: float
    squares: float
    """Of the prompts' differences."""
    products: float
    """Of a prompt's difference and its pairs."""
    sizes: float
    """Squares of the prompts' pairs."""

    @classmethod
    def of(cls, sums: Sums) -> Moments:
        """Of the sums of each prompt."""
        pairs, difference = sums.pairs, sums.difference
        squares, products, sizes = difference**2, difference * pairs, pairs**2
        one = (pairs > 0, pairs, difference, squares, products, sizes)
        return cls(*(float(values.sum()) for values in one))

    @property
    def mean(self) -> float:
        """The mean difference of pairs."""
        return self.difference / self.pairs

    @property
    def left(self) -> float:
        """Sum over prompts of the squares of what is left of their differences; 0 but for rounding
        where all pairs have one difference."""
        mean = self.mean
        left = self.squares - 2 * mean * self.products + mean**2 * self.sizes
        return left if left > 1e-12 * self.squares else 0.0


Interval = tuple[float | None, float | None]


def interval(sums: Sums, bounded: bool) -> Interval:
    """95 % interval of the mean difference of pairs; None where none can be told.

    Up to `BOOTSTRAPPED` prompts: the bootstrap's percentiles, prompts drawn anew with all their
    pairs, widened as Student's t and the n - 1 ask for (Hesterberg 2015, "expanded percentile"),
    since plain percentiles are too narrow for few prompts. Of more: `normal`.

    Where all pairs have one difference a bootstrap has no width: then values between 0 and 1 get
    Wilson's interval for none of so many prompts on either side, others none.

    Args:
        bounded: whether values lie between 0 and 1.
    """
    there = sums.pairs > 0
    sums = Sums(sums.pairs[there], sums.difference[there])
    moments, prompts = Moments.of(sums), len(sums.pairs)
    if not LEAST <= prompts <= BOOTSTRAPPED or not moments.left:
        return normal(moments, bounded)
    mean, drawn = moments.mean, _drawn(prompts)
    left = sums.difference - mean * sums.pairs  # sums to 0, so that this is the mean's error
    errors = (drawn @ left.astype(np.float32)) / (drawn @ sums.pairs.astype(np.float32))
    low, high = np.quantile(errors, [0.025, 0.975])
    wider = student(prompts - 1) / Z * math.sqrt(prompts / (prompts - 1))
    return _limits(mean, float(low) * wider, float(high) * wider, bounded)


def normal(moments: Moments, bounded: bool) -> Interval:
    """The same of many prompts: 1.96 errors of a ratio of sums over prompts on either side."""
    prompts = moments.prompts
    if prompts < LEAST:
        return None, None
    mean, left = moments.mean, moments.left
    if not left:
        half = wilson(0, int(prompts))[1]
        return _limits(mean, -half, half, bounded) if bounded else (None, None)
    error = Z * math.sqrt(prompts / (prompts - 1) * left) / moments.pairs
    return _limits(mean, -error, error, bounded)


def _limits(mean: float, low: float, high: float, bounded: bool) -> tuple[float, float]:
    if bounded:
        return max(-1.0, mean + low), min(1.0, mean + high)
    return mean + low, mean + high


@lru_cache(maxsize=32)
def _drawn(prompts: int) -> np.ndarray:
    """How often each of so many prompts is drawn, a row a resample; the same at every call."""
    random = np.random.default_rng(prompts)
    even = np.full(prompts, 1 / prompts)
    return random.multinomial(prompts, even, RESAMPLES).astype(np.float32)


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, for 4 degrees of freedom or more, to 0.01 (Cornish and
    Fisher's expansion).

    >>> [round(student(n), 2) for n in (4, 9, 100)]
    [2.77, 2.26, 1.98]
    """
    first = (Z**3 + Z) / (4 * freedom)
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / (384 * freedom**3)
    return Z + first + second + third


def mcnemar(lost: int, gained: int) -> float:
    """Probability that pairs which turned would be so uneven by chance, two-sided and exact.

    Each pair that turned did so either way with equal chance, alone (McNemar 1947). Samples of one
    prompt are no such pairs: they turn together, so that the value is too small.

    >>> round(mcnemar(8, 1), 4), mcnemar(0, 0)
    (0.0391, 1.0)
    """
    turned, fewer = lost + gained, min(lost, gained)
    if turned == 0:
        return 1.0
    steps = np.arange(1, fewer + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(turned - steps + 1) - np.log(steps))])
    most = logs.max()
    tail = math.exp(most - turned * math.log(2)) * float(np.exp(logs - most).sum())
    return min(1.0, 2 * tail)
