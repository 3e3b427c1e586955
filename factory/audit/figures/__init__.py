"""Answers in numbers: each question of an audit is a function from a subject to figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl


@dataclass(frozen=True)
class Chart:
    """How a figure's table is drawn; a column each."""

    kind: Literal["bars", "histogram", "intervals", "lines", "matrix"]
    """`bars`: a bar a row. `histogram`: a bar a bin, from `x` to `x_end`. `intervals`: a point a
    row, from `low` to `high`. `lines`: points joined in order of `x`. `matrix`: a cell a row, at
    `x` and `series`."""
    x: str
    y: str
    x_end: str | None = None
    low: str | None = None
    high: str | None = None
    series: str | None = None
    """Rows of each value are drawn in a colour and pattern of their own."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Lines across: a setting of the recipe, as `length.max_tokens` -> its value on `x`."""
    log: bool = False
    """Whether `x` is on a logarithmic scale."""


@dataclass(frozen=True)
class Figure:
    """One question, and its answer as a table that may be drawn."""

    key: str
    """Its name in files and addresses, as `funnel` or `lengths.verdict`."""
    section: str
    """The part of a report it stands in, as `filters`."""
    title: str
    """What it shows, in a few words."""
    table: pl.DataFrame
    """All its numbers."""
    columns: Mapping[str, str]
    """What each column of the table means, with its unit."""
    chart: Chart | None = None
    note: str = ""
    """What it assumes, or how it is read; a sentence or two."""
    missing: str | None = None
    """Why there are no numbers, in a sentence: **not measured** is neither well nor faulty."""
