"""What people are asked, and of what: each question with all rows that it may be asked of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from factory.records import digest

UNIT: dict[str, pl.DataType] = {
    "row": pl.String(),
    "judge": pl.String(),
    "stratum": pl.String(),
    "claim": pl.Boolean(),
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "other": pl.String(),
    "readable": pl.Boolean(),
    "at": pl.UInt32(),
}
"""What a question may be asked of. `row` names it among all of the question; `judge` is the filter
or verifier that answers it too, and `claim` its answer, null where it could not tell; `stratum`:
rows that are alike to the judge; `other` is what the row is compared with; `readable`: whether its
texts are here; `at`: where it stands among the samples, if it is one."""
ALL = "all filters together"
"""The judge of `train`."""


@dataclass(frozen=True)
class Asked:
    """One question, and all that it may be asked of. Who answers yes agrees with a `claim`."""

    key: str
    """Its name, as `right` or `language`."""
    words: str
    """As a person reads it."""
    kind: Literal["filter", "verifier", "key", "whole"]
    """Whose answers it checks."""
    units: pl.DataFrame
    """As `UNIT`."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The rules that the claims are by."""

    def strata(self) -> pl.DataFrame:
        """`judge`, `stratum`, `claim`, `rows` and `readable`, the rows that can be shown."""
        by = ["judge", "stratum", "claim"]
        counted = self.units.group_by(by).agg(rows=pl.len(), readable=pl.col("readable").sum())
        return counted.sort("judge", "claim", "stratum", nulls_last=True)

    def rules(self) -> str:
        """Digest of the rules and of how many rows they put where: marks under another one say
        what is true of a row, but not how many rows it stands for."""
        told = [list(row) for row in self.strata().drop("readable").iter_rows()]
        return digest(self.key, self.settings, told)


def as_units(table: pl.DataFrame, *, row: str) -> pl.DataFrame:
    """A table as `UNIT`: what it lacks is null, and all can be read unless it says otherwise.

    Rows whose texts are elsewhere are strata of their own: those that can be shown do not stand for
    them.
    """
    table = table.with_columns(row=pl.col(row))
    if "readable" not in table.columns:
        table = table.with_columns(readable=pl.lit(True))
    elsewhere = pl.col("stratum") + ", texts not here"
    table = table.with_columns(stratum=pl.when("readable").then("stratum").otherwise(elsewhere))
    return table.select(
        pl.col(name).cast(kind) if name in table.columns else pl.lit(None, kind).alias(name)
        for name, kind in UNIT.items()
    )
