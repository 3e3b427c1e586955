"""Differences of pairs, overall and by group, each with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from factory.audit.figures.against.intervals import (
    BOOTSTRAPPED,
    LEAST,
    Moments,
    Sums,
    interval,
    mcnemar,
    normal,
)
from factory.audit.figures.against.joined import Clusters, Joined, Level, Pairs
from factory.audit.figures.against.quantities import OF_PROMPTS, quantities

DIFFERENCE: dict[str, pl.DataType] = {
    "quantity": pl.String(),
    "kind": pl.String(),
    "unit": pl.String(),
    "by": pl.String(),
    "group": pl.String(),
    "pairs": pl.Int64(),
    "not_measured": pl.Int64(),
    "prompts": pl.Int64(),
    "before": pl.Float64(),
    "after": pl.Float64(),
    "difference": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "turned": pl.Int64(),
    "less": pl.Int64(),
    "more": pl.Int64(),
    "mcnemar": pl.Float64(),
    "deviation": pl.Float64(),
}
MANY = 1 << 26
"""More pairs than a cell has: two counts in one number, so that both are summed at once."""


def differences(joined: Joined, level: Level) -> pl.DataFrame:
    """A row for each quantity, and of each for all pairs and every group, as `DIFFERENCE`."""
    tables = [
        (pairs, [_Counted.of(own, pairs.sizes) for own in pairs.clusters])
        for pairs in joined.pairs(level)
    ]
    rows: list[dict[str, Any]] = []
    for one in [*quantities(joined), *(OF_PROMPTS if level == "prompts" else ())]:
        was, now = one.of(joined.was), one.of(joined.now)
        told = {"quantity": one.name, "kind": one.kind, "unit": one.unit}
        for pairs, by in tables[:1] if one.kind == "prompt" else tables:
            before, after = pairs.means(was, pairs.was), pairs.means(now, pairs.now)
            spread = {"deviation": _deviation(before)}
            sums = _summed(pairs, before, after)
            turns = one.share and (level == "samples" or _yes_or_no(before, after))
            for counted in by:
                rows += [told | spread | line for line in _lines(sums, counted, one.share, turns)]
    return pl.DataFrame(rows, schema=DIFFERENCE)


def _deviation(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.std()) if len(known) else None


def _yes_or_no(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether all values of pairs are 0 or 1, so that each pair turned or did not."""
    there = ~(np.isnan(before) | np.isnan(after))
    return bool(np.isin(before[there], (0, 1)).all() and np.isin(after[there], (0, 1)).all())


@dataclass(frozen=True)
class _CellSums:
    """Sums of the pairs of each cell that have values on both sides, an array each."""

    pairs: np.ndarray | None
    """How many there are; None: all have."""
    before: np.ndarray
    moved: tuple[np.ndarray, np.ndarray, np.ndarray] | None
    """Differences, and the pairs whose value is smaller and larger after; None: all are 0."""


def _summed(pairs: Pairs, before: np.ndarray, after: np.ndarray) -> _CellSums:
    difference = after - before
    unknown = np.isnan(difference)
    there = None
    if unknown.any():
        there = pairs.sizes - np.add.reduceat(unknown, pairs.starts, dtype=np.int64)
        difference[unknown] = 0.0
        before = np.where(unknown, 0.0, before)
    sums = np.add.reduceat(before, pairs.starts)
    turned = difference != 0
    if not turned.any():
        return _CellSums(there, sums, None)
    both = np.add.reduceat(turned + (difference > 0) * float(MANY - 1), pairs.starts)
    more, less = np.divmod(both, MANY)
    return _CellSums(there, sums, (np.add.reduceat(difference, pairs.starts), less, more))


@dataclass(frozen=True)
class _Counted:
    """What pairs are counted by, and what is the same for all that is wholly measured."""

    clusters: Clusters
    pairs: np.ndarray
    """All pairs of each cluster."""
    every: np.ndarray
    """All pairs of each kind."""
    sizes: tuple[np.ndarray, np.ndarray, np.ndarray]
    """By kind the prompts, their pairs, and the squares of these, if all are measured."""

    @classmethod
    def of(cls, clusters: Clusters, sizes: np.ndarray) -> _Counted:
        """Of the pairs of each cell."""
        pairs = clusters.summed(sizes)
        own = _sizes(clusters, pairs)
        return cls(clusters, pairs, own[1], own)


def _sizes(clusters: Clusters, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    one, two, three = (clusters.by_kind(told) for told in (pairs > 0, pairs, pairs**2))
    return one, two, three


def _lines(
    sums: _CellSums, counted: _Counted, share: bool, turns: bool
) -> Iterator[dict[str, Any]]:
    """A line for each group.

    Args:
        share: whether values lie between 0 and 1.
        turns: whether those of each pair are 0 or 1.
    """
    clusters, pairs, sizes = counted.clusters, counted.pairs, counted.sizes
    if sums.pairs is not None:
        pairs = clusters.summed(sums.pairs)
        sizes = _sizes(clusters, pairs)
    difference, by_kind = np.zeros(0), [np.zeros(clusters.kinds)] * 5
    if sums.moved:
        difference, less, more = map(clusters.summed, sums.moved)
        own = (difference, difference**2, difference * pairs, less, more)
        by_kind = [clusters.by_kind(one) for one in own]
    by_kind += [*sizes, counted.every, clusters.by_kind(clusters.summed(sums.before))]
    for split in clusters.splits:
        rows = np.stack([split.total(one) for one in by_kind], axis=1).tolist()
        for number, row in enumerate(rows):
            moved, squares, products, less, more, prompts, count, square, every, before = row
            moments = Moments(prompts, count, moved, squares, products, square)
            line = {"by": split.by, "group": split.labels[number], "prompts": int(prompts)}
            line |= {"pairs": int(count), "not_measured": int(every - count)}
            line |= {"turned": int(less + more), "less": int(less), "more": int(more)}
            if count:
                ends = normal(moments, share)
                if LEAST <= prompts <= BOOTSTRAPPED and moments.left:
                    some = clusters.members[split.by][number]
                    ends = interval(Sums(pairs[some], difference[some]), share)
                mean = before / count
                line |= {"before": mean, "after": mean + moments.mean, "difference": moments.mean}
                line |= {"low": ends[0], "high": ends[1]}
                line |= {"mcnemar": mcnemar(int(less), int(more)) if turns else None}
            yield line
