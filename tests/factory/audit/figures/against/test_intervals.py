"""Intervals of paired differences against plain calculations, and how often they hold."""

import math
import random
from collections.abc import Callable

import numpy as np
import pytest

from factory.audit.figures.against.intervals import BOOTSTRAPPED, Sums, interval, mcnemar, student


def sums(prompts: list[list[float]]) -> Sums:
    """Of the differences of each prompt's pairs."""
    return Sums(np.array([float(len(p)) for p in prompts]), np.array([sum(p) for p in prompts]))


def bootstrap(prompts: list[list[float]], resamples: int = 20_000) -> tuple[float, float]:
    """The same interval in plain Python: percentiles of resampled means, widened."""
    lot = random.Random(5)
    means = []
    for _ in range(resamples):
        drawn = [difference for p in lot.choices(prompts, k=len(prompts)) for difference in p]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    pairs = [difference for p in prompts for difference in p]
    middle = sum(pairs) / len(pairs)
    ends = means[int(0.025 * resamples)], means[int(0.975 * resamples)]
    wider = student(len(prompts) - 1) / 1.96 * math.sqrt(len(prompts) / (len(prompts) - 1))
    return middle + (ends[0] - middle) * wider, middle + (ends[1] - middle) * wider


def test_a_bootstrap_in_plain_python_gives_the_same_interval():
    lot = random.Random(1)
    prompts = [
        [lot.choice([-1.0, 0, 0, 1, 1]) for _ in range(lot.randint(1, 4))] for _ in range(40)
    ]
    expected = bootstrap(prompts)
    assert interval(sums(prompts), bounded=False) == pytest.approx(expected, abs=0.02)


def test_of_many_prompts_the_normal_interval_is_the_bootstraps():
    lot = random.Random(2)
    prompts = [
        [lot.gauss(1, 5) for _ in range(lot.randint(1, 4))] for _ in range(BOOTSTRAPPED + 200)
    ]
    expected = bootstrap(prompts, 2000)
    assert interval(sums(prompts), bounded=False) == pytest.approx(expected, abs=0.05)


def test_prompts_and_not_pairs_are_drawn():
    """Ten draws of a prompt that turn together say no more than one."""
    once = [[1.0], [0.0], [0.0], [1.0], [-1.0], [0.0], [0.0], [1.0]]
    tenfold = [p * 10 for p in once]
    assert interval(sums(once), True) == pytest.approx(interval(sums(tenfold), True))


@pytest.mark.parametrize(
    ("prompts", "bounded", "expected", "why"),
    [
        ([[1.0]] * 4, True, (None, None), "four prompts are too few"),
        ([], True, (None, None), "there is nothing"),
        ([[0.0]] * 100, True, (-0.037, 0.037), "none of 100 turned: Wilson's, either way"),
        ([[-1.0]] * 100, True, (-1.0, -0.963), "all of 100 turned"),
        ([[7.0]] * 100, False, (None, None), "a length of which nobody knows how far it goes"),
    ],
)
def test_intervals_without_a_spread(
    prompts: list[list[float]], bounded: bool, expected: tuple[float | None, ...], why: str
):
    assert interval(sums(prompts), bounded) == pytest.approx(expected, abs=0.001), why


def test_prompts_without_a_pair_do_not_count():
    there = [[1.0], [0.0], [1.0], [0.0], [-1.0], [1.0]]
    assert interval(sums([*there, [], []]), True) == interval(sums(there), True)


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 0), (5, 5), (8, 1), (30, 12), (0, 40)])
def test_mcnemars_test_is_that_of_a_fair_coin(lost: int, gained: int):
    turned, fewer = lost + gained, min(lost, gained)
    tail = sum(math.comb(turned, n) for n in range(fewer + 1)) / 2**turned
    assert mcnemar(lost, gained) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemars_test_of_very_many():
    assert mcnemar(400_000, 401_000) == pytest.approx(0.264, abs=0.001)  # z = 999 / 894.98
    assert mcnemar(300_000, 500_000) == 0


Law = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def kept(lot: np.random.Generator, prompts: int) -> tuple[np.ndarray, np.ndarray]:
    """Kept or dropped, of prompts of all pass rates, 1 to 4 draws each, a little fewer after."""
    pairs = lot.integers(1, 5, prompts)
    rate = lot.beta(1, 1, prompts)
    later = np.clip(rate + lot.normal(-0.03, 0.1, prompts), 0, 1)
    return pairs, (lot.binomial(pairs, later) - lot.binomial(pairs, rate)).astype(float)


def rare(lot: np.random.Generator, prompts: int) -> tuple[np.ndarray, np.ndarray]:
    """A rule that drops most draws of 3 prompts in 100."""
    pairs = lot.integers(1, 5, prompts)
    return pairs, -lot.binomial(pairs, 0.7 * (lot.random(prompts) < 0.03)).astype(float)


def lengths(lot: np.random.Generator, prompts: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens: a heavy tail, draws of a prompt alike."""
    pairs = lot.integers(1, 5, prompts)
    size = lot.lognormal(7, 0.8, prompts)
    return pairs, size * lot.normal(0.05 * pairs, 0.3 * np.sqrt(pairs))


@pytest.mark.slow
@pytest.mark.parametrize("prompts", [10, 40, 200, 2000])
@pytest.mark.parametrize(("law", "bounded"), [(kept, True), (rare, True), (lengths, False)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(
    law: Law, bounded: bool, prompts: int, capsys: pytest.CaptureFixture[str]
):
    """In 1,000 worlds each. A rare fault of few prompts may be wholly unseen: then Wilson's
    interval holds it nearly always; seen once or twice, it is the hardest case."""
    lot = np.random.default_rng(7)
    pairs, sums_ = law(lot, 2_000_000)
    truth = sums_.sum() / pairs.sum()
    held = 0
    for _ in range(1000):
        low, high = interval(Sums(*law(lot, prompts)), bounded)
        held += low is not None and high is not None and low <= truth <= high
    with capsys.disabled():
        print(f" {law.__name__}, {prompts:,} prompts: {held / 10:.1f} %")
    assert held >= 880
