"""The rows of a chart: their names, their series, and which of the looks each of these has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.audit.figures import Chart
from factory.audit.page.words import plainly

MOST = 40
"""Bars, points or lines of a chart at most; the table has all."""
LONGEST = 26
"""Characters of a label; longer ones end with an ellipsis, whole when one points at the bar."""
SHADE = {
    "kept": 0, "correct": 0, "well": 0, "all": 0,
    "dropped by this filter": 1, "incorrect": 1, "faulty": 1, "dropped": 1,
    "dropped by others": 5, "unverifiable": 5, "not measured": 5, "not known": 5, "others": 5,
}  # fmt: skip
"""Series that look the same in all charts, and stand in this order; others follow."""
COLOURED = range(6)

Rows = list[dict[str, Any]]
"""Of a table, each with its number under `""`."""


def brief(label: str) -> str:
    """A label that fits beside its bar."""
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def names_of(rows: Rows, chart: Chart) -> list[str]:
    """The names of the first rows, from top to bottom or from left to right."""
    return list(dict.fromkeys(plainly(row[chart.x]) for row in rows))[:MOST]


def series_of(rows: Rows, chart: Chart) -> list[str]:
    """The series, in the order in which they stand on each other."""
    order = list(SHADE)
    found = dict.fromkeys(name_of(row, chart) for row in rows)
    return sorted(found, key=lambda name: order.index(name) if name in SHADE else len(order))


def turns(series: Sequence[str]) -> dict[str, int]:
    """By series, the number of its look."""
    if not set(series) <= SHADE.keys():
        return {name: place for place, name in enumerate(series)}
    free = iter(turn for turn in range(2, 5))
    taken: dict[str, int] = {}
    for name in series:
        taken[name] = SHADE[name] if SHADE[name] not in taken.values() else next(free, 3)
    return taken


def name_of(row: dict[str, Any], chart: Chart) -> str:
    """The series of a row."""
    return "" if chart.series is None else plainly(row[chart.series])


def finite(value: Any) -> bool:
    """Whether a value is a number that has a place."""
    return isinstance(value, int | float) and value == value and abs(value) != float("inf")
