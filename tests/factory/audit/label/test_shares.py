"""Shares from strata: what they are, and how often their intervals hold the truth."""

import numpy as np
import pytest

from factory.audit.label.shares import Share, Stratum, caught, share
from filters.verifiers.check import wilson


def test_a_single_stratum_has_wilsons_interval():
    found = share([Stratum(10**9, marked=20, yes=18)])
    assert found
    assert (found.low, found.high) == pytest.approx(wilson(18, 20), abs=1e-6)


def test_each_stratum_counts_by_its_rows_and_not_by_its_marks():
    found = share([Stratum(900, 10, 10), Stratum(100, 10, 0)])
    assert found
    assert found.value == pytest.approx(0.9)
    assert 0.5 < found.low < 0.9 < found.high < 0.95


def test_rows_that_are_all_marked_leave_no_doubt():
    assert share([Stratum(10, 10, 7)]) == Share(0.7, 0.7, 0.7)
    found = caught([Stratum(8, 8, 6)], [Stratum(20, 20, 2)])
    assert found
    assert (found.value, found.low, found.high) == pytest.approx((0.75, 0.75, 0.75))


def test_half_of_a_small_stratum_tells_more_than_as_many_of_a_large_one():
    small, large = share([Stratum(20, 10, 5)]), share([Stratum(20_000, 10, 5)])
    assert small
    assert large
    assert small.high - small.low < 0.8 * (large.high - large.low)


def test_no_bad_row_found_among_many_does_not_say_that_all_were_caught():
    """Where a bootstrap would say 100 % without any doubt."""
    found = caught([Stratum(300, 10, 9)], [Stratum(10_000, 15, 0)])
    assert found
    assert found.value == found.high == 1
    assert found.low < 0.15


@pytest.mark.parametrize(
    ("claimed", "others", "why"),
    [
        ([Stratum(10, 0, 0)], [Stratum(10, 5, 1)], "nobody has marked what was claimed"),
        ([Stratum(10, 5, 5)], [Stratum(10, 5, 1), Stratum(3, 0, 0)], "a stratum has no mark"),
        ([Stratum(10, 5, 5)], [], "nothing else was drawn"),
        ([Stratum(10, 5, 0)], [Stratum(10, 5, 0)], "nobody said yes"),
    ],
)
def test_what_was_not_measured_has_no_share(claimed, others, why):
    assert caught(claimed, others) is None, why


def test_without_marks_there_is_no_share():
    assert share([]) is None
    assert share([Stratum(10, 5, 5), Stratum(2, 0, 0)]) is None


WORLDS = {
    "rare": ([(300, 10, 0.9)], [(10_000, 15, 0.01)]),
    "near a threshold": ([(300, 20, 0.95), (100, 20, 0.7)], [(500, 20, 0.2), (9_500, 20, 0.01)]),
    "common": ([(3_000, 20, 0.9)], [(2_000, 20, 0.3)]),
    "small": ([(12, 6, 0.75)], [(88, 12, 0.05)]),
    "three reasons": (
        [(100, 3, 0.9), (50, 3, 0.5), (400, 3, 0.97)],
        [(500, 5, 0.1), (900, 5, 0.02)],
    ),
}
"""Strata that a judge says yes of, and others: rows, marks, true share of yes."""


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_95_percent_intervals_hold_the_truth(name: str):
    """In draws from strata whose truth is known. Printed: what 95 % are in fact."""
    claimed, others = WORLDS[name]
    random = np.random.default_rng(7)
    yes = [[round(rows * part) for rows, _, part in side] for side in (claimed, others)]
    precision = sum(yes[0]) / sum(rows for rows, _, _ in claimed)
    recall = sum(yes[0]) / (sum(yes[0]) + sum(yes[1]))
    held, trials = [0, 0], 2_000
    for _ in range(trials):
        sides = [
            [
                Stratum(rows, marks, int(random.hypergeometric(true, rows - true, marks)))
                for (rows, marks, _), true in zip(side, truth, strict=True)
            ]
            for side, truth in zip((claimed, others), yes, strict=True)
        ]
        found = share(sides[0]), caught(*sides)
        for n, truth in enumerate((precision, recall)):
            one = found[n]
            held[n] += one is None or one.low - 1e-9 <= truth <= one.high + 1e-9
    told = [count / trials for count in held]
    print(f"{name}: precision's interval holds it in {told[0]:.1%}, recall's in {told[1]:.1%}")
    assert min(told) > 0.92
