"""What the page of rows shows: facets, histograms, what is chosen, and fifty rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from factory.audit.browse.asked import Asked, Range
from factory.audit.browse.grounds import Limit, number
from factory.audit.browse.rows import Masks, Rows
from factory.audit.browse.search import Search

PAGE = 50
"""Rows on a page."""
FEW = 8
"""Values of a facet that are seen at once; the others are behind a click."""
MOST = 200
"""Values of a facet at most."""
WIDE, HIGH = 200, 48
"""Size of a histogram, in units of its own."""
TITLES = {
    "fate": "fate", "dropped_by": "dropped by", "reasons": "reasons", "verdict": "verdict",
    "verdict_reason": "reason of the verdict", "finish_reason": "how it ended",
    "completion_tokens": "tokens of the reply", "prompt_tokens": "tokens of the question",
    "max_tokens": "tokens it might take",
}  # fmt: skip
"""Names of columns for people, where they differ."""
UNKNOWN = {"dropped_by": "by none", "verdict_reason": "none given"}
"""What null means, where it is not that nobody knows."""


@dataclass(frozen=True)
class Value:
    """A value of a facet."""

    label: str
    count: int
    on: bool
    asked: Asked
    """What a click on it asks for."""


@dataclass(frozen=True)
class FacetShown:
    """A facet beside the rows."""

    title: str
    few: list[Value]
    more: list[Value]
    left_out: int
    """Values that are not listed."""


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: of the chosen rows, and of all."""

    x: float
    width: float
    height: float
    height_of_all: float
    title: str
    on: bool
    asked: Asked


@dataclass(frozen=True)
class Line:
    """A limit in a histogram."""

    x: float
    title: str


@dataclass(frozen=True)
class Histogram:
    """A measure of the chosen rows."""

    measure: str
    title: str
    bars: list[Bar]
    lines: list[Line]
    limits: list[Limit]
    range: Range | None
    first: str
    last: str
    unmeasured: int
    asked_unmeasured: Asked
    asked_all: Asked


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    sample_id: str
    told: Mapping[str, Any]
    measures: list[tuple[str, str]]
    hit: Any


@dataclass(frozen=True)
class Listing:
    """One page of rows."""

    asked: Asked
    total: int
    found: int
    first: int
    """Number of the first row on the page, from 1."""
    pages: int
    rows: list[Row]
    chips: list[tuple[str, Asked]]
    """What is asked for, in words, and what would be asked without it."""
    facets: list[FacetShown]
    histograms: list[Histogram]
    others: list[Histogram]
    """Of measures that no rule compares with a number."""
    same: list[tuple[str, str]]
    """Measures that have one value in all rows, and it."""
    sorts: list[str]


def listing(
    rows: Rows, limits: Mapping[str, list[Limit]], asked: Asked, search: Search | None
) -> Listing:
    """What is asked for, as a page.

    Args:
        limits: measure -> the settings it is compared with.
        search: the search that the address names, as far as it has come.
    """
    hits = search.numbers if search else None
    chosen, masks = rows.chosen(asked, hits), rows.masks(asked, hits)
    pages = max(1, -(-len(chosen) // PAGE))
    asked = asked.at(min(asked.page, pages))
    first = (asked.page - 1) * PAGE
    same = {name: one.same for name, one in rows.bins.items()}
    drawn = [
        _histogram(rows, name, limits.get(name, []), asked, masks)
        for name in rows.bins
        if same[name] is None
    ]
    return Listing(
        asked=asked,
        total=rows.height,
        found=len(chosen),
        first=first + 1,
        pages=pages,
        rows=_rows(rows, chosen[first : first + PAGE], asked, search),
        chips=_chips(asked),
        facets=[_facet(rows, name, asked, masks) for name in rows.facets],
        histograms=[one for one in drawn if one.limits or one.measure == "completion_tokens"],
        others=[one for one in drawn if not one.limits and one.measure != "completion_tokens"],
        same=[(title(name), number(value)) for name, value in same.items() if value is not None],
        sorts=rows.columns(),
    )


def _rows(rows: Rows, numbers: np.ndarray, asked: Asked, search: Search | None) -> list[Row]:
    shown = [name for name in asked.ranges if name in rows.bins]
    sort = (asked.sort or "").removeprefix("-")
    shown += [sort] if sort in rows.bins and sort not in shown else []
    shown = [name for name in shown if name != "completion_tokens"]
    hits = search.hits if search else {}
    return [
        Row(
            row["sample_id"],
            row,
            [(name, number(row[name])) for name in shown],
            hits.get(row["sample_id"]),
        )
        for row in rows.samples[numbers].iter_rows(named=True)
    ]


def _chips(asked: Asked) -> list[tuple[str, Asked]]:
    chips = [
        (f"{title(name)}: {value or UNKNOWN.get(name, 'not known')}", asked.turned(name, value))
        for name, values in asked.facets.items()
        for value in values
    ]
    chips += [(one.words(name), asked.within(name, None)) for name, one in asked.ranges.items()]
    return chips + ([(f"contains “{asked.search}”", asked.searching(""))] if asked.search else [])


def _facet(rows: Rows, name: str, asked: Asked, masks: Masks) -> FacetShown:
    on = asked.facets.get(name, ())
    counted = rows.facets[name].counts(masks.but(f"f.{name}"))
    values = [
        Value(
            value or UNKNOWN.get(name, "not known"), count, value in on, asked.turned(name, value)
        )
        for value, count in counted
        if count or value in on
    ]
    values.sort(key=lambda one: (not one.on, -one.count))
    return FacetShown(title(name), values[:FEW], values[FEW:MOST], max(0, len(values) - MOST))


def _histogram(rows: Rows, name: str, limits: list[Limit], asked: Asked, masks: Masks) -> Histogram:
    bins, wanted = rows.bins[name], asked.ranges.get(name)
    counts, unmeasured = bins.counts(masks.but(f"m.{name}"))
    most, most_of_all = max(*counts, 1), max(*bins.of_all, 1)
    wide = WIDE / len(counts)
    bars = [
        Bar(
            x=round(n * wide, 2),
            width=round(wide * 0.86, 2),
            height=_height(count, most),
            height_of_all=_height(of_all, most_of_all),
            title=f"{label}: {count:,} of {of_all:,} rows",
            on=wanted is None or _within(one, wanted),
            asked=asked.within(name, one),
        )
        for n, (one, label, count, of_all) in enumerate(
            zip(bins.ranges, bins.labels, counts, bins.of_all, strict=True)
        )
    ]
    places = [(bins.edge(limit.sign, limit.value), limit) for limit in limits]
    lines = [
        Line(round(place * wide, 2), f"{limit.name}: {limit.words}")
        for place, limit in places
        if place is not None
    ]
    return Histogram(
        measure=name,
        title=title(name),
        bars=bars,
        lines=lines,
        limits=limits,
        range=wanted,
        first=bins.ends[0],
        last=bins.ends[1],
        unmeasured=unmeasured,
        asked_unmeasured=asked.within(name, Range(unmeasured=True)),
        asked_all=asked.within(name, None),
    )


def _height(count: int, most: int) -> float:
    """Of a bar; what is there at all is seen."""
    return round(max(1.5, HIGH * count / most), 2) if count else 0.0


def _within(one: Range, wanted: Range) -> bool:
    """Whether a bar reaches into a range."""
    if wanted.unmeasured:
        return False
    low = wanted.low is None or one.high is None or one.high > wanted.low
    return low and (wanted.high is None or (one.low or 0.0) < wanted.high)


def title(column: str) -> str:
    """What people call a column."""
    return TITLES.get(column, column)
