"""How odd a figure is: deviations and probabilities, where no claim is wrong."""

from __future__ import annotations

import math

import numpy as np


def z_score(surplus: float, variance: float, third: float) -> float:
    """How many deviations a surplus is from 0, its skew taken out after Wilson and Hilferty (1931).

    Sampling seldom takes an unlikely token and then loses much, so sums over few tokens are skewed;
    a gamma variable with the same three moments is brought to a normal one by its cube root.

    >>> round(z_score(-30.0, 100.0, 0.0), 2)
    -3.0
    >>> round(z_score(-30.0, 100.0, -500.0), 2)  # a long tail on that side: less of a surprise
    -2.54
    """
    if variance <= 0:
        return 0.0
    z, skew = surplus / math.sqrt(variance), third / variance**1.5
    if abs(skew) < 1e-6:
        return z
    # 1 + skew z / 2 is the gamma variable over its mean; below 0 it has no probability at all.
    root = float(np.cbrt(max(1 + skew * z / 2, 0.0)))
    return 6 / skew * (root - 1 + skew**2 / 36)


def two_sided(z: float) -> float:
    """Probability of a normal variable so far from 0, on either side.

    >>> round(two_sided(1.96), 3)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square(
    surplus: np.ndarray, covariance: np.ndarray, least: float = 10.0
) -> tuple[float, int, float]:
    """(statistic, degrees of freedom, probability) of counts that should be 0 with this covariance.

    Directions in which less than `least` squared counts are expected are left out: there the normal
    approximation is bad. Without any direction left the probability is 1.
    """
    import torch

    spread, directions = np.linalg.eigh(covariance)
    wide = spread >= least
    freedom = int(wide.sum())
    if not freedom:
        return 0.0, 0, 1.0
    along = directions[:, wide].T @ surplus
    statistic = float((along**2 / spread[wide]).sum())
    half = torch.tensor([freedom / 2, statistic / 2], dtype=torch.float64)
    return statistic, freedom, float(torch.special.gammaincc(half[0], half[1]))


def at_least(count: int, expected: float) -> float:
    """Probability that so many rare events happen, or more, where so many are expected.

    >>> round(at_least(3, 1.0), 4)
    0.0803
    """
    fewer = sum(expected**n / math.factorial(n) for n in range(min(count, 100)))
    return max(1 - math.exp(-expected) * fewer, 0.0)
