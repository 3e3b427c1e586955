"""Quantiles of a measure by group and kind, exact, from one sorting of all values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.audit.figures.groups import Groups

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = ("q05", "q25", "median", "q75", "q95")
COLUMNS = {
    "mean": "their mean",
    "q05": "a twentieth of the values are not above it",
    "q25": "a quarter are not above it",
    "median": "half are not above it",
    "q75": "three quarters are not above it",
    "q95": "nineteen of twenty are not above it",
    "most": "the largest value",
}


@dataclass(frozen=True)
class Spread:
    """A measure of samples in ascending order, with the kind of each."""

    rows: np.ndarray
    """Numbers of the samples, those with the least value first; shape (known,)."""
    values: np.ndarray
    """Their values."""

    @classmethod
    def of(cls, values: pl.Series) -> Spread:
        """Of a column; what is null is left out."""
        there = values.is_not_null().arg_true()
        known = values.gather(there)
        order = known.arg_sort()
        return cls(there.gather(order).to_numpy(), known.gather(order).to_numpy())

    def by(
        self, groups: Groups, kinds: np.ndarray, names: Sequence[str], kind: str
    ) -> pl.DataFrame:
        """A row a group and kind that has values: how many, their mean and quantiles.

        Args:
            groups: the groups of all samples.
            kinds: by sample, the number of its kind.
            names: of the kinds.
            kind: the name of their column.
        """
        import numpy as np

        rows: list[dict[str, Any]] = []
        own = kinds[self.rows].astype(np.uint16)
        for by, labels in groups.labels.items():
            code = groups.of_rows(by)[self.rows].astype(np.uint16) * len(names) + own
            # Stable, so the values of each code stay in ascending order.
            ordered = self.values[np.argsort(code, kind="stable")]
            counts = np.bincount(code, minlength=len(labels) * len(names))
            ends = np.cumsum(counts)
            for number in np.flatnonzero(counts).tolist():
                part = ordered[ends[number] - counts[number] : ends[number]]
                group, which = divmod(number, len(names))
                told = {"by": by, "group": labels[group], kind: names[which], "samples": len(part)}
                rows.append(told | _numbers(part))
        texts = dict.fromkeys(("by", "group", kind), pl.String())
        numbers = dict.fromkeys(COLUMNS, pl.Float64())
        return pl.DataFrame(rows, schema=texts | {"samples": pl.Int64()} | numbers)


def _numbers(ordered: np.ndarray) -> dict[str, float]:
    last = len(ordered) - 1
    told = {n: float(ordered[round(q * last)]) for n, q in zip(NAMES, QUANTILES, strict=True)}
    return {"mean": float(ordered.mean(dtype=float)), **told, "most": float(ordered[-1])}
