"""Samples counted in cells, so that the funnel at other settings is a sum of few numbers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import numpy as np

KEPT = 255
"""The `fixed` of samples that no rule without a slider drops."""
NOWHERE = 2**31 - 1
"""The `place` of a sample that was not compared: behind all others."""
STEP: dict[str, pl.DataType] = {
    "domain": pl.String(),
    "filter": pl.String(),
    "entering": pl.Int64(),
    "dropped": pl.Int64(),
    "left": pl.Int64(),
}
"""A filter's part of the funnel of a domain."""


@dataclass(frozen=True)
class Setting:
    """A setting with a slider."""

    name: str
    """As `--what-if` takes it: `length.max_tokens`; of an entry for some domains
    `length[math,logic].max_tokens`, of the one for all others beside such `length[].max_tokens`."""
    filter: str
    """The filter's name, one of `Stops.filters`."""
    key: str
    """Its key in the recipe."""
    label: str
    """What it means, in a sentence, with its unit."""
    values: list[float | None]
    """Its stops: rising numbers; null, the first or the last, is the limit left out."""
    now: int
    """Place of the present value in `values`."""
    measure: str | None
    """What it is compared with, where that is one measure."""


@dataclass(frozen=True)
class Reason:
    """A fault that sliders move."""

    filter: int
    """Place of its filter in `Stops.filters`."""
    name: str
    """As judged samples have it."""
    settings: list[int]
    """Places in `Stops.settings` of those that move it, one or more."""
    patterns: list[str]
    """Code -> whether samples with that code are dropped for it (or as not measured) at each
    combination of the settings' stops, a character `0` or `1` each; the last setting's stops follow
    each other."""


@dataclass(frozen=True)
class Stops:
    """What sliders need: cells of samples that all rules treat alike at all combinations of stops.

    At places p of all settings, `now` at first: a reason holds for a cell where the pattern of its
    code has a 1 at p. The cell is dropped by the first filter that is its `fixed` one or has a
    reason that holds, else it is left.

    One filter may ask which samples all others accept (`compared`): of each cluster it drops cells
    whose `place` is behind the least place of an accepted one (`NOWHERE` is none), or behind 0
    where none is accepted; only those that it judges. Of each kind of cluster there are `times`.
    """

    samples: int
    """All of them."""
    domains: list[str | None]
    """The domains, by their places in cells; null: without one."""
    filters: list[str]
    """The filters in use, in the order of the funnel."""
    settings: list[Setting]
    reasons: list[Reason]
    cells: pl.DataFrame
    """`domain`, `fixed` (place of the first filter that drops them wherever sliders are, or
    `KEPT`), for each reason its code `r0`, `r1`, …, and `n`, the count of samples. Codes of filters
    from the fixed one on do not matter and are 0."""
    clusters: pl.DataFrame
    """The same of samples in clusters, with `cluster`, `place`, `judged` and `times`; these are not
    among `cells`."""
    compared: int | None
    """Place of the filter that asks which samples the others accept."""
    alone: list[pl.DataFrame]
    """For each filter what decides whether it would drop a sample as the only one: `fixed` (1: it
    would, wherever sliders are), the codes `r…` of its reasons, and `n`; but for `compared`."""
    held: dict[str, str] = field(default_factory=dict)
    """Setting or filter -> why it has no slider, in a sentence."""

    @property
    def idle(self) -> list[int]:
        """The places of settings at whose every stop the same samples are dropped."""
        busy = {s for reason in self.reasons if len(reason.patterns) > 1 for s in reason.settings}
        return [place for place in range(len(self.settings)) if place not in busy]

    @property
    def now(self) -> list[int]:
        """The places of the present values."""
        return [setting.now for setting in self.settings]

    def funnel(self, places: Sequence[int]) -> pl.DataFrame:
        """The funnel of each domain with sliders at these places, as `STEP`: what a page does."""
        import numpy as np

        first, sizes = self._dropped(places)
        domain = np.concatenate([self.cells["domain"], self.clusters["domain"]]).astype(np.int64)
        most = len(self.filters) + 1
        ends = np.bincount(
            domain * most + np.minimum(first, most - 1), sizes, len(self.domains) * most
        )
        steps = []
        for name, counts in zip(self.domains, ends.reshape(-1, most).astype(int), strict=True):
            left = int(counts.sum())
            for filter, dropped in zip(self.filters, counts[:-1].tolist(), strict=True):
                steps.append((name, filter, left, dropped, left - dropped))
                left -= dropped
        return pl.DataFrame(steps, schema=STEP, orient="row")

    def dropped_alone(self, places: Sequence[int]) -> dict[str, int]:
        """Filter -> how many of all samples it would drop if it were the only one."""
        holds, found = self._holding(places), {}
        for number, (name, rows) in enumerate(zip(self.filters, self.alone, strict=True)):
            dropped = rows["fixed"].to_numpy() > 0
            for place, reason in enumerate(self.reasons):
                if reason.filter == number:
                    dropped = dropped | holds[place][rows[f"r{place}"].to_numpy()]
            found[name] = int(rows["n"].to_numpy()[dropped].sum())
        if self.compared is not None:
            late, sizes = self._late(self._first(self.clusters, holds)), self.clusters["times"]
            sizes = (self.clusters["n"] * sizes).to_numpy()
            found[self.filters[self.compared]] = int(sizes[late].sum())
        return found

    def packed(self) -> dict[str, str]:
        """All of it as gzipped base64: `told`, JSON of everything but tables, and `tables`, their
        columns one after another as little-endian integers, as `told.tables` lists them."""
        told = {
            "samples": self.samples,
            "domains": self.domains,
            "filters": self.filters,
            "settings": [asdict(one) for one in self.settings],
            "reasons": [asdict(one) for one in self.reasons],
            "compared": self.compared,
            "held": self.held,
            "tables": {name: layout(rows) for name, rows in self._tables().items()},
        }
        data = b"".join(plain(rows) for rows in self._tables().values())
        parts = {"told": json.dumps(told).encode(), "tables": data}
        return {name: base64.b64encode(zipped(part)).decode() for name, part in parts.items()}

    def _tables(self) -> dict[str, pl.DataFrame]:
        alone = {f"alone{number}": rows for number, rows in enumerate(self.alone)}
        return {"cells": self.cells, "clusters": self.clusters, **alone}

    def _dropped(self, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The filter that drops each cell, those in clusters last, and how many samples it has."""
        import numpy as np

        holds = self._holding(places)
        first, grouped = self._first(self.cells, holds), self._first(self.clusters, holds)
        if self.compared is not None:
            late = self._late(grouped)
            grouped = np.where(late, np.minimum(grouped, self.compared), grouped)
        sizes = (self.clusters["n"] * self.clusters["times"]).to_numpy()
        return np.concatenate([first, grouped]), np.concatenate([self.cells["n"], sizes])

    def _late(self, first: np.ndarray) -> np.ndarray:
        """Which cells of clusters are behind the first that the other filters accept."""
        accepted = pl.Series(first == KEPT)
        rows = self.clusters.with_columns(accepted=accepted & (self.clusters["place"] < NOWHERE))
        least = pl.col("place").filter("accepted").min().over("cluster").fill_null(0)
        late = (pl.col("judged") > 0) & (pl.col("place") > least)
        return rows.select(late).to_series().to_numpy()

    def _holding(self, places: Sequence[int]) -> list[np.ndarray]:
        """For each reason: code -> whether it holds with sliders at these places."""
        found = []
        for reason, patterns in zip(self.reasons, self._patterns, strict=True):
            at = 0
            for setting in reason.settings:
                at = at * len(self.settings[setting].values) + places[setting]
            found.append(patterns[:, at])
        return found

    @cached_property
    def _patterns(self) -> list[np.ndarray]:
        import numpy as np

        return [
            np.array([[sign == "1" for sign in pattern] for pattern in reason.patterns], bool)
            for reason in self.reasons
        ]

    def _first(self, cells: pl.DataFrame, holds: list[np.ndarray]) -> np.ndarray:
        """The first filter that drops each cell, but for the one that compares; else `KEPT`."""
        import numpy as np

        first = cells["fixed"].to_numpy().astype(np.int64)
        for place, reason in enumerate(self.reasons):
            held = holds[place][cells[f"r{place}"].to_numpy()]
            first = np.where(held, np.minimum(first, reason.filter), first)
        return first


def layout(rows: pl.DataFrame) -> dict[str, Any]:
    """How a table stands in `packed`: its height, and each column with its type."""
    kinds = {name: str(kind) for name, kind in narrow(rows).schema.items()}
    return {"rows": rows.height, "columns": kinds}


def plain(rows: pl.DataFrame) -> bytes:
    """The columns of a table one after another, each in the fewest bytes that hold its numbers."""
    return b"".join(column.to_numpy().tobytes() for column in narrow(rows).get_columns())


def narrow(rows: pl.DataFrame) -> pl.DataFrame:
    """The table with columns of the fewest bytes."""
    kinds: dict[str, pl.DataType] = {}
    for column in rows.get_columns():
        most = int(column.max() or 0)  # pyrefly: ignore
        fits = ((pl.UInt8(), 2**8), (pl.UInt16(), 2**16), (pl.UInt32(), 2**32))
        kinds[column.name] = next(kind for kind, size in fits if most < size)
    return rows.cast(pl.Schema(kinds))


def zipped(data: bytes, level: int = 6) -> bytes:
    """The same gzipped, without a date."""
    return gzip.compress(data, level, mtime=0)
