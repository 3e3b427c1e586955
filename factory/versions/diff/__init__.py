"""What is different between two versions, and the reason of each row that is.

Rows are told apart by the digests of the versions' indexes, and reasons are found in their records
of decisions and their manifests: texts are read of the rows alone that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from factory.versions.diff.altered import altered
from factory.versions.diff.dropped import Way
from factory.versions.diff.gone import gone
from factory.versions.diff.rows import Rows, compared
from factory.versions.diff.side import Side

INSERT, DELETE, UPDATE = "insert", "delete", "update"
CHANGES = (INSERT, DELETE, UPDATE)


@dataclass(frozen=True)
class Difference:
    """Two versions, compared."""

    a: Side
    """The first: what was."""
    b: Side
    """The second: what is."""
    rows: Rows
    """Which rows are different."""
    reasons: pl.DataFrame
    """A line for each reason of each row, in order: `change`, then `dropped.REASON`."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were added, removed and changed, and how many are the same."""
        found = {"added": self.rows.added, "removed": self.rows.removed}
        found["changed"] = self.rows.changed
        return {name: table.height for name, table in found.items()} | {"same": self.rows.same}

    @property
    def same(self) -> bool:
        """Whether all rows are."""
        return not any((self.rows.added.height, self.rows.removed.height, self.rows.changed.height))

    @property
    def recorded(self) -> bool:
        """Whether both versions tell how they were made: then every change has a reason."""
        return all(side.manifest and side.has_decisions for side in (self.a, self.b))

    @cached_property
    def different(self) -> pl.DataFrame:
        """Every row that is different: `change`, `sample_id`, `prompt_id` and `pair`."""
        columns = ("change", "sample_id", "prompt_id", "pair")
        nobody = pl.lit(None, pl.String).alias("pair")
        tables = {
            DELETE: self.rows.removed, INSERT: self.rows.added,
            UPDATE: self.rows.changed.with_columns(nobody),
        }  # fmt: skip
        told = (table.with_columns(change=pl.lit(name)) for name, table in tables.items())
        return pl.concat([table.select(columns) for table in told])

    @cached_property
    def without_reason(self) -> pl.DataFrame:
        """The rows of `different` that nothing explains."""
        keys = ["change", "sample_id"]
        return self.different.join(self.reasons, on=keys, how="anti").sort(keys)

    @cached_property
    def by_reason(self) -> list[dict[str, Any]]:
        """Rows by `change`, `reason` and `stage`, most first; one of two reasons counts twice."""
        keys = ["change", "reason", "stage"]
        found = self.reasons.group_by(keys).agg(rows=pl.col("sample_id").n_unique())
        return found.sort("rows", *keys, descending=[True, False, False, False]).to_dicts()


@dataclass(frozen=True)
class Summary:
    """What publishing and a card want of a difference."""

    added: int
    removed: int
    changed: int
    same: int
    prompts: dict[str, int]
    """As `rows.Rows.prompts`."""
    reasons: list[dict[str, Any]]
    """As `Difference.by_reason`."""
    recorded: bool
    """Whether both versions tell how they were made."""
    unexplained: list[str]
    """`sample_id` of the rows that nothing explains."""


def difference(a: Side, b: Side) -> Difference:
    """Compare two versions.

    Raises:
        StageError: one of them is no dataset.
    """
    rows = compared(a, b)
    found = {
        DELETE: gone(Way(a, b, came=False), rows.removed),
        INSERT: gone(Way(b, a, came=True), rows.added),
        UPDATE: altered(a, b, rows.changed),
    }
    told = [table.select(pl.lit(name).alias("change"), pl.all()) for name, table in found.items()]
    return Difference(a, b, rows, pl.concat(told))


def summary(a: Path, b: Path) -> Summary:
    """What is different between two versions' folders, in numbers, with the rows that no reason
    explains; an index and a record of decisions are enough of each, and rows that both have in
    different form want the data as well."""
    found = difference(Side(a, a.name), Side(b, b.name))
    return Summary(
        **found.counts,
        prompts=found.rows.prompts,
        reasons=found.by_reason,
        recorded=found.recorded,
        unexplained=found.without_reason["sample_id"].to_list(),
    )


def unexplained(a: Path, b: Path) -> Sequence[str]:
    """`sample_id` of the rows that are different for no reason that the two versions tell; a
    version that has such rows after the last one is not published."""
    return summary(a, b).unexplained
