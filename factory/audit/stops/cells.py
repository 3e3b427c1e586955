"""Cells: samples of one domain that all rules treat alike; fewer of them where stops are fewer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from factory.audit.stops.alike import kinds
from factory.audit.stops.codes import coded
from factory.audit.stops.counted import KEPT, NOWHERE, Setting, plain, zipped
from factory.audit.stops.plan import Moved, Plan

if TYPE_CHECKING:
    import numpy as np

PLACED: dict[str, pl.DataType] = {
    "cluster": pl.UInt32(),
    "place": pl.Int64(),
    "judged": pl.UInt8(),
}


@dataclass(frozen=True)
class Cells:
    """Samples by cells, and what decides where they fall."""

    plan: Plan
    patterns: list[np.ndarray]
    """For each reason: a row a code, a column a combination of stops."""
    single: pl.DataFrame
    """`domain`, `fixed`, `r0`, …, `n`."""
    clustered: pl.DataFrame
    """The same with `PLACED`."""
    alone: list[pl.DataFrame]
    """For each filter `fixed`, its own `r…`, and `n`."""

    @property
    def stops(self) -> list[int]:
        """How many stops each setting has."""
        return [len(one.values) for one in self.plan.settings]

    def some(self, every: int) -> Cells:
        """The same of every so many'th row."""
        tables = [rows.gather_every(every) for rows in self._tables()]
        return replace(self, single=tables[0], clustered=tables[1], alone=tables[2:])

    def at(self, stay: Sequence[Sequence[int]]) -> Cells:
        """The same with these stops of each setting alone, and rows that are alike put together."""
        import numpy as np

        before = self.plan.settings
        patterns, codes = [*self.patterns], {}
        for place, reason in enumerate(self.plan.moved):
            if all(len(stay[one]) == len(before[one].values) for one in reason.settings):
                continue
            columns = self.patterns[place][:, _combinations(reason, before, stay)]
            number, some = kinds(np.packbits(columns, axis=1).T, len(columns))
            patterns[place] = columns[some]
            codes[f"r{place}"] = number.astype(np.min_scalar_type(len(some)))
        settings = [
            replace(one, values=[one.values[p] for p in own], now=own.index(one.now))
            for one, own in zip(before, stay, strict=True)
        ]
        single, clustered, *alone = (_recoded(rows, codes) for rows in self._tables())
        plan = self.plan.at(settings)
        return Cells(
            plan,
            patterns,
            _summed(_decided(single, plan, patterns)),
            _summed(_decided(clustered, plan, patterns)),
            [_summed(rows) for rows in alone],
        )

    def size(self) -> int:
        """Bytes of all tables, gzipped in haste: some more than they will be."""
        tables = (self.single, kinds_of(self.clustered), *self.alone)
        return len(zipped(b"".join(map(plain, tables)), 1))

    def _tables(self) -> list[pl.DataFrame]:
        return [self.single, self.clustered, *self.alone]


def cells_of(plan: Plan, table: pl.DataFrame, domains: pl.Series) -> Cells:
    """The cells of these samples at all stops, one each.

    Args:
        domains: the place of each sample's domain.
    """
    import numpy as np

    found = [coded(table, moved, plan.settings) for moved in plan.moved]
    codes = {f"r{place}": one for place, (one, _) in enumerate(found)}
    row = pl.int_range(pl.len()).alias("row")
    still = [
        table.select(row, drops=pl.any_horizontal(pl.lit(False), *own))["drops"].to_numpy()
        for own in plan.still
    ]
    first = np.full(table.height, KEPT, np.uint8)
    for number in reversed(range(len(still))):
        first[still[number]] = number
    ones = pl.repeat(1, table.height, dtype=pl.UInt32, eager=True)
    rows = pl.DataFrame({"domain": domains, "fixed": first, **codes, "n": ones})
    single, clustered = _by_cluster(plan, table, rows)
    alone = []
    for number, sure in enumerate(still):
        own = {f"r{p}": codes[f"r{p}"] for p, one in enumerate(plan.moved) if one.filter == number}
        alone.append(pl.DataFrame({"fixed": sure.view(np.uint8), **own, "n": ones}))
    return Cells(plan, [patterns for _, patterns in found], single, clustered, alone)


def kinds_of(clustered: pl.DataFrame) -> pl.DataFrame:
    """The kinds of clusters, with `times`, how many there are of each."""
    own = [name for name in clustered.columns if name != "cluster"]
    number, _ = kinds((clustered[name].to_numpy() for name in own), clustered.height)
    rows = clustered.with_columns(number=number).sort("cluster", "number")
    told = pl.col("number").cast(pl.String).str.join(";")
    found = rows.group_by("cluster", maintain_order=True).agg(told.alias("kind"))
    times = found.group_by("kind", maintain_order=True).agg(pl.first("cluster"), times=pl.len())
    numbered = times.select("cluster", "times").with_row_index("kind")
    found = rows.join(numbered, on="cluster", how="inner", maintain_order="left")
    return found.drop("cluster", "number").rename({"kind": "cluster"})


def _combinations(
    reason: Moved, settings: Sequence[Setting], stay: Sequence[Sequence[int]]
) -> list[int]:
    """The places in patterns of those combinations of stops that stay."""
    import numpy as np

    sizes = [len(settings[one].values) for one in reason.settings]
    kept = itertools.product(*(stay[one] for one in reason.settings))
    return [int(np.ravel_multi_index(one, sizes)) for one in kept]


def _by_cluster(
    plan: Plan, table: pl.DataFrame, rows: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Samples alone, and those in clusters. Places there have no gaps: only their order counts, and
    which is 0."""
    if plan.compared is None:
        return rows, rows.clear().hstack(pl.DataFrame(schema=PLACED))
    place = pl.col("place")
    told = table.select(
        cluster=pl.col("duplicate_cluster").rank("dense").fill_null(0),
        place=pl.col("duplicate_place").fill_null(NOWHERE),
        judged=plan.judged,
    ).cast(pl.Schema(PLACED))
    together = told.select((place > 0).any().over("cluster")).to_series()
    order = place.rank("dense").over("cluster") - (place.min().over("cluster") == 0)
    clustered = rows.hstack(told).filter(together)
    placed = pl.when(place == NOWHERE).then(place).otherwise(order)
    return rows.filter(~together), clustered.with_columns(placed.cast(pl.Int64).alias("place"))


def _decided(rows: pl.DataFrame, plan: Plan, patterns: Sequence[np.ndarray]) -> pl.DataFrame:
    """The rows, with a reason that holds at all stops as the fixed one; codes of filters from the
    fixed one on are 0, as nobody asks for them."""
    import numpy as np

    fixed = rows["fixed"].to_numpy()
    for place, reason in enumerate(plan.moved):
        always = np.all(patterns[place], axis=1, keepdims=True)[:, 0]
        if always.any():
            sure = always[rows[f"r{place}"].to_numpy()] & (fixed > reason.filter)
            fixed = np.where(sure, np.uint8(reason.filter), fixed)
    codes = {
        f"r{place}": np.where(fixed > reason.filter, rows[f"r{place}"].to_numpy(), 0)
        for place, reason in enumerate(plan.moved)
    }
    told = [pl.Series(name, one, rows.schema[name]) for name, one in codes.items()]
    return rows.with_columns(pl.Series("fixed", fixed), *told)


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the same values put together, in order."""
    import numpy as np

    names = [name for name in rows.columns if name != "n"]
    number, some = kinds((rows[name].to_numpy() for name in names), rows.height)
    counts = np.bincount(number, rows["n"].to_numpy(), len(some))
    return rows[some].with_columns(pl.Series("n", counts, pl.UInt32))


def _recoded(rows: pl.DataFrame, codes: dict[str, np.ndarray]) -> pl.DataFrame:
    """The table with other codes in place of those that it has."""
    own = [name for name in codes if name in rows.columns]
    return rows.with_columns(pl.Series(name, codes[name][rows[name].to_numpy()]) for name in own)
