"""The rows of a subject, ready to be chosen from: codes of their values, bins of their measures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from factory.audit.browse.asked import Asked, Range
from factory.audit.browse.bins import Bins
from factory.audit.subject import SAMPLES, Subject

FACETS = (
    "fate", "dropped_by", "reasons", "verdict", "verdict_reason", "source", "domain", "language",
    "teacher", "strategy", "finish_reason",
)  # fmt: skip
"""Columns of few values, in the order in which they are shown."""
NUMBERS = ("completion_tokens", "prompt_tokens", "max_tokens", "draw")
"""Of what is told of every sample, that which is a number."""
REMEMBERED = 16
"""Choices whose rows stay in memory: four bytes a row each."""

Mask = np.ndarray


@dataclass(frozen=True)
class Facet:
    """A column of few values: a code a row, or several codes where it is a list."""

    values: list[str]
    """An empty one stands for null."""
    codes: np.ndarray
    rows: np.ndarray | None = None
    """The row of each code, where the column is a list."""

    @classmethod
    def of(cls, column: pl.Series) -> Facet:
        """The facet of a column of texts, or of lists of texts."""
        rows = None
        if column.dtype == pl.List:
            lengths = column.list.len().fill_null(0).to_numpy()
            rows = np.repeat(np.arange(len(column), dtype=np.uint32), lengths)
            column = column.explode(empty_as_null=False, keep_nulls=False)
        told = column.cast(pl.String).fill_null("")
        values = told.value_counts(sort=True)[told.name].to_list()
        kind = pl.Enum(values)
        codes = told.cast(kind).to_physical().to_numpy()
        return cls(values, codes.astype(np.min_scalar_type(max(len(values), 1))), rows)

    def mask(self, wanted: tuple[str, ...], height: int) -> Mask:
        """Which rows have one of these values."""
        chosen = np.isin(np.array(self.values, dtype=object), np.array(wanted, dtype=object))
        hit = chosen[self.codes] if len(self.values) else np.zeros(0, bool)
        if self.rows is None:
            return hit
        mask = np.zeros(height, bool)
        mask[self.rows[hit]] = True
        return mask

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """How many of these rows have each value; the most frequent of all rows first."""
        codes = self.codes[mask if self.rows is None else mask[self.rows]]
        found = np.bincount(codes, minlength=len(self.values))
        return list(zip(self.values, found.tolist(), strict=False))


@dataclass
class Rows:
    """All rows, and how some of them are chosen."""

    samples: pl.DataFrame
    facets: Mapping[str, Facet]
    bins: Mapping[str, Bins]
    """Measure -> the bars of its histogram; of those that are numbers, or true or false."""
    _chosen: OrderedDict[tuple[Asked, int], np.ndarray] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, subject: Subject) -> Rows:
        """Of a subject: what is worth choosing by."""
        samples = subject.samples
        facets = {name: Facet.of(samples[name]) for name in FACETS}
        facets = {name: one for name, one in facets.items() if any(one.values)}
        own = [name for name in samples.columns if name not in SAMPLES]
        bins = {name: Bins.of(samples[name]) for name in (*NUMBERS, *own) if _counts(samples[name])}
        there = {name: one for name, one in bins.items() if one is not None}
        return cls(samples, facets, there)

    @property
    def height(self) -> int:
        """How many there are."""
        return self.samples.height

    def columns(self) -> list[str]:
        """What may be asked for."""
        return [*self.facets, *(name for name in self.bins if name not in self.facets)]

    def chosen(self, asked: Asked, hits: np.ndarray | None = None) -> np.ndarray:
        """The numbers of the rows that are asked for, in their order.

        Args:
            hits: rows that a search has found so far; none where nothing is searched for.
        """
        key = (_hashable(asked), -1 if hits is None else len(hits))
        with self._lock:
            if key in self._chosen:
                self._chosen.move_to_end(key)
                return self._chosen[key]
        found = self._ordered(np.flatnonzero(self.masks(asked, hits).all()), asked.sort)
        with self._lock:
            self._chosen[key] = found
            while len(self._chosen) > REMEMBERED:
                self._chosen.popitem(last=False)
        return found

    def masks(self, asked: Asked, hits: np.ndarray | None = None) -> Masks:
        """What each part of what is asked for lets through."""
        parts = {
            f"f.{name}": self.facets[name].mask(values, self.height)
            for name, values in asked.facets.items()
            if name in self.facets
        }
        for name, wanted in asked.ranges.items():
            if name in self.bins:
                parts[f"m.{name}"] = _within(self.samples[name], wanted)
        if hits is not None:
            found = np.zeros(self.height, bool)
            found[hits] = True
            parts["hits"] = found
        return Masks(parts, self.height)

    def numbers_of(self, ids: list[str]) -> np.ndarray:
        """The numbers of the rows with these ids, in the order of the table."""
        return self.samples["sample_id"].is_in(ids).arg_true().to_numpy()

    def number_of(self, id: str) -> int | None:
        """The number of the row with this id."""
        found = (self.samples["sample_id"] == id).arg_true()
        return found[0] if len(found) else None

    def begun_by(self, start: str) -> list[str]:
        """At most two ids that begin so."""
        ids = self.samples["sample_id"]
        return ids.filter(ids.str.starts_with(start)).head(2).to_list()

    def draws_of(self, number: int) -> pl.DataFrame:
        """All draws of a row's prompt; where nobody knows its prompt, the row alone."""
        prompt = self.samples["prompt_id"][number]
        if prompt is None:
            return self.samples[number : number + 1]
        return self.samples.filter(pl.col("prompt_id") == prompt).sort(
            "draw", "strategy", maintain_order=True
        )

    def _ordered(self, found: np.ndarray, sort: str | None) -> np.ndarray:
        found = found.astype(np.uint32)
        if sort is None:
            return found
        column = self.samples[sort.removeprefix("-")]
        if column.dtype == pl.List:
            column = column.list.join(" ")
        down = sort.startswith("-")
        by = pl.DataFrame({"by": column.gather(found), "at": found})
        by = by.sort("by", "at", descending=[down, False], nulls_last=True)
        return by["at"].to_numpy()


@dataclass(frozen=True)
class Masks:
    """Which rows each part of a choice lets through."""

    parts: Mapping[str, Mask]
    height: int
    _failed: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        failed = np.zeros(self.height, np.uint8)
        for mask in self.parts.values():
            failed += ~mask
        object.__setattr__(self, "_failed", failed)

    def all(self) -> Mask:
        """Rows that all parts let through."""
        return self._failed == 0

    def but(self, part: str) -> Mask:
        """Rows that all other parts let through: what a choice in this part is made among."""
        return self._failed == ~self.parts[part] if part in self.parts else self.all()


def _within(column: pl.Series, wanted: Range) -> Mask:
    if wanted.unmeasured:
        lacks = column.is_null() | (column.is_nan() if column.dtype.is_float() else False)
        return lacks.to_numpy()
    values = column.cast(pl.Float64)
    mask = values.is_not_null() & values.is_not_nan()
    if wanted.low is not None:
        mask &= values >= wanted.low
    if wanted.high is not None:
        mask &= values < wanted.high
    return mask.fill_null(False).to_numpy()


def _counts(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Boolean


def _hashable(asked: Asked) -> Asked:
    """The same on the first page, such that it can be looked up."""
    return replace(
        asked,
        facets=_Frozen(sorted(asked.facets.items())),
        ranges=_Frozen(sorted(asked.ranges.items())),
        page=1,
    )


class _Frozen(dict):
    def __hash__(self) -> int:  # never changed
        return hash(tuple(self.items()))
