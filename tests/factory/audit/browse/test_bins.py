"""The bars of a measure: round, at most 21, each row in one, or not measured."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from factory.audit.browse.bins import MOST, Bins


def bins(*values: Any, kind: Any = None) -> Bins:
    found = Bins.of(pl.Series(values, dtype=kind, strict=False))
    assert found
    return found


@pytest.mark.parametrize(
    ("values", "labels", "counts", "unmeasured"),
    [
        ((1, 2, 2, None), ["1", "2"], [1, 2], 1),
        ((True, False, True), ["no", "yes"], [1, 2], 0),
        ((True, True, None), ["yes"], [2], 1),
        ((0.5, 0.5, None), ["0 to below 1"], [2], 1),
        ((0.0, 0.25, 1.0, math.nan), None, None, 1),
        ((-3, -1), ["-3", "-2", "-1"], [1, 0, 1], 0),
        ((7,), ["7"], [1], 0),
    ],
)
def test_each_row_is_in_one_bar(
    values: tuple[Any, ...], labels: list[str] | None, counts: list[int] | None, unmeasured: int
):
    found = bins(*values)
    assert labels is None or found.labels == labels
    assert counts is None or found.of_all == counts
    assert found.unmeasured == unmeasured
    assert sum(found.of_all) + unmeasured == len(values)


@pytest.mark.parametrize("seed", range(5))
def test_ranges_hold_what_their_bars_count(seed: int):
    rng = np.random.default_rng(seed)
    column = pl.Series(rng.lognormal(seed, 1 + seed / 2, 1000))
    found = bins(*column)
    assert len(found.ranges) <= MOST + 1
    for one, count in zip(found.ranges, found.of_all, strict=True):
        inside = column >= one.low
        assert (inside & (column < one.high) if one.high is not None else inside).sum() == count


def test_a_few_far_values_hide_no_others():
    found = bins(*range(1000), 1_000_000)
    assert found.labels[-1] == "950 or more"


@pytest.mark.parametrize("values", [(None, None), (math.inf, 1.0), (math.nan,)])
def test_what_nobody_measured_has_no_bars(values: tuple[Any, ...]):
    assert Bins.of(pl.Series(values, dtype=pl.Float64)) is None


@pytest.mark.parametrize(
    ("sign", "value", "edge"),
    [(">", 2, 2), (">=", 2, 1), ("<", 2, 1), ("<=", 2, 2), ("==", 2, None), (">", 99, None)],
)
def test_a_limit_stands_between_what_it_divides(sign: str, value: float, edge: float | None):
    assert bins(1, 2, 3).edge(sign, value) == edge


def test_one_value_in_all_rows_is_known():
    assert bins(0.5, 0.5).same == 0.5
    assert bins(0.5, None).same is None
    assert bins(1, 2).same is None
