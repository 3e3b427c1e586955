"""The groups that figures are told by: all samples, and those of each source, domain, language, …

Sums are made by prompt first: draws of one prompt are alike, so a share of draws is known as well
as its prompts allow, and not as well as so many independent draws would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from factory.audit.figures.coded import ALL, UNKNOWN, Coded, coded, dense
from factory.audit.figures.levels import Level, levels

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

GROUPINGS = ("overall", "source", "domain", "language", "difficulty", "teacher", "strategy")
"""In the order of reports; one whose samples all have the same value is left out."""
DIFFICULTIES = ("0", "to 1/4", "to 1/2", "to 3/4", "below 1", "1")
"""Groups of prompts by pass rate, the hardest first."""
NAMED = ("source", "domain", "language", "teacher", "strategy")
BY = {
    "by": "what the samples are grouped by; `overall`: all of them",
    "group": "the group",
    "prompts": "prompts with samples in the group",
}
"""What the first columns of `Groups.told` mean."""
ODD = 0x9E3779B97F4A7C15
"""Spreads the numbers of groups over all 64 bits, so that they disturb no digest of a prompt."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Groups:
    """Samples in cells: those of one prompt that are in the same groups."""

    cell: np.ndarray
    """By sample, the number of its cell; shape (samples,)."""
    prompt: np.ndarray
    """By cell, the number of its prompt; shape (cells,)."""
    codes: Mapping[str, np.ndarray]
    """By grouping and cell, the number of its group; shape (cells,) each."""
    labels: Mapping[str, list[str]]
    """The groups of each grouping, in order of their numbers."""

    @classmethod
    def of(cls, samples: pl.DataFrame, rates: pl.DataFrame | None = None) -> Groups:
        """Groups of samples, or of other rows that have their first columns.

        Args:
            rates: `prompt_id` and `pass_rate`, for the difficulty; None: it is not known.
        """
        import numpy as np

        ids = samples["prompt_id"]
        if ids.null_count():
            ids = samples.select(pl.coalesce("prompt_id", "sample_id")).to_series()
        hashes = ids.hash().to_numpy()
        told = {"overall": Coded(np.zeros(samples.height, np.uint8), [ALL])}
        told |= {name: coded(samples[name]) for name in NAMED}
        stratum = np.zeros(samples.height, np.uint64)
        for one in told.values():
            stratum = stratum * np.uint64(len(one.labels)) + one.codes
        cell = dense(hashes + stratum * np.uint64(ODD))
        first = np.zeros(int(cell.max(initial=-1)) + 1, np.int64)
        first[cell] = np.arange(samples.height)
        own = {name: Coded(one.codes[first], one.labels) for name, one in told.items()}
        if rates is not None:
            hard = _difficulty(ids.gather(first), rates)
            own["difficulty"] = Coded(hard, [*DIFFICULTIES, UNKNOWN])
        there = [n for n in GROUPINGS if n == "overall" or (n in own and own[n].several)]
        return cls(
            cell=cell,
            prompt=dense(hashes[first]),
            codes={name: own[name].codes for name in there},
            labels={name: own[name].labels for name in there},
        )

    def of_rows(self, by: str) -> np.ndarray:
        """By sample, the number of its group; shape (samples,)."""
        return self.codes[by][self.cell]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Samples of each cell; shape (cells,)."""
        import numpy as np

        return np.bincount(self.cell, minlength=len(self.prompt))

    def sums(self, values: pl.Series) -> np.ndarray:
        """The sum of a column by cell, a truth counting 1 and null nothing; shape (cells,)."""
        import numpy as np

        count = len(self.prompt)
        if values.dtype == pl.Boolean:
            return np.bincount(self.cell[values.arg_true().to_numpy()], minlength=count)
        if values.dtype.is_float():
            values = values.fill_nan(None)
        weights = (values.fill_null(0) if values.null_count() else values).to_numpy()
        return np.bincount(self.cell, weights=weights, minlength=count)

    def by_cell(self, kinds: np.ndarray, number: int) -> np.ndarray:
        """How many samples of each cell are of each kind; shape (kinds, cells).

        Args:
            kinds: by sample, the number of its kind.
            number: how many kinds there are.
        """
        import numpy as np

        count = len(self.prompt) * number
        found = np.bincount(self.cell * number + kinds, minlength=count)
        return np.ascontiguousarray(found.reshape(-1, number).T)

    def counts(self, kinds: np.ndarray, number: int) -> dict[str, np.ndarray]:
        """By grouping, how many samples of each group are of each kind; shape (groups, kinds).

        Args:
            kinds: by sample, the number of its kind.
            number: how many kinds there are.
        """
        import numpy as np

        found = {}
        for by, labels in self.labels.items():
            places = self.of_rows(by).astype(np.int64) * number + kinds
            counts = np.bincount(places, minlength=len(labels) * number)
            found[by] = counts.reshape(len(labels), number)
        return found

    def told(
        self,
        values: pl.DataFrame,
        shares: Mapping[str, Pair] | None = None,
        means: Mapping[str, Pair] | None = None,
    ) -> pl.DataFrame:
        """Sums of each group, and quotients of them with their 95 % intervals.

        Args:
            values: numbers of the samples, row by row; a truth counts 1, null counts nothing.
            shares: name -> numerator and denominator, two of the sums or `samples`; 0 to 1.
            means: the same, of quotients without bounds.

        Returns:
            A row a group: `by`, `group`, `prompts`, `samples`, the sums under the names of
            `values`, and for each quotient `NAME`, `NAME_low` and `NAME_high`, null where the
            denominator is 0.
        """
        sums = {column.name: self.sums(column) for column in values.get_columns()}
        whole = [name for name, kind in values.schema.items() if not kind.is_float()]
        told = self.told_of_cells({"samples": self.sizes} | sums, shares, means)
        return told.with_columns(pl.col("samples", *whole).cast(pl.Int64))

    def told_of_cells(
        self,
        sums: Mapping[str, np.ndarray],
        shares: Mapping[str, Pair] | None = None,
        means: Mapping[str, Pair] | None = None,
    ) -> pl.DataFrame:
        """The same of numbers of the cells, shape (cells,) each."""
        shares, means = shares or {}, means or {}
        tables = {}
        for level in self._levels:
            tables |= level.told(sums, shares, means)
        rows = []
        for by, labels in self.labels.items():
            told = {"by": [by] * len(labels), "group": labels} | tables[by]
            quotients = {name: pl.Float64() for name in told if name not in sums}
            kinds = quotients | {"by": pl.String(), "group": pl.String(), "prompts": pl.Int64()}
            table = pl.DataFrame(told, schema_overrides=kinds)
            rows.append(table.filter(pl.col("prompts") > 0))
        whole = [name for name, values in sums.items() if values.dtype.kind in "iu"]
        return pl.concat(rows).with_columns(pl.col("prompts", *whole).cast(pl.Int64))

    @cached_property
    def _levels(self) -> list[Level]:
        return levels(self.prompt, self.codes, {by: len(own) for by, own in self.labels.items()})


def _difficulty(prompts: pl.Series, rates: pl.DataFrame) -> np.ndarray:
    """The number of each prompt's group by its pass rate, as `DIFFICULTIES` and unknown."""
    prompt = pl.col("prompt_id").hash()
    known = rates.select(prompt, "pass_rate").drop_nulls()
    mean = known.group_by("prompt_id").agg(pl.col("pass_rate").mean())
    asked = pl.DataFrame({"prompt_id": prompts}).select(prompt)
    rate = pl.col("pass_rate")
    group = (
        pl.when(rate.is_null()).then(6)
        .when(rate <= 0).then(0)
        .when(rate <= 0.25).then(1)
        .when(rate <= 0.5).then(2)
        .when(rate <= 0.75).then(3)
        .when(rate < 1).then(4)
        .otherwise(5)
    )  # fmt: skip
    joined = asked.join(mean, on="prompt_id", how="left", maintain_order="left")
    return joined.select(group.cast(pl.UInt8)).to_series().to_numpy()
