"""Figures as the page has them: pictures in the page, numbers and other groupings as its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from factory.audit.figures import Figure
from factory.audit.page import charts, sankey
from factory.audit.page.words import number, plainly
from filters.text.visible import visible

if TYPE_CHECKING:
    from factory.audit.figures.flow import Flow, Link

MOST = 60
"""Pictures of groupings that are drawn; of further ones the page has the table."""
BY = "by"
"""The column that says what a row's group is one of, as `domain`."""
LONGEST = 2_000
"""Characters of a cell."""


@dataclass(frozen=True)
class Drawn:
    """A figure in the page."""

    key: str
    section: str
    title: str
    note: str
    missing: str | None
    rows: int
    """Of its table."""
    chart: Any = ""
    """SVG, or nothing."""
    wide: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    """What the script needs."""


def groupings(figures: Sequence[Figure]) -> list[str]:
    """What figures are told by, `overall` first."""
    found = dict.fromkeys(["overall"])
    for figure in figures:
        if BY in figure.table.columns:
            found |= dict.fromkeys(figure.table[BY].drop_nulls().unique(maintain_order=True))
    return [plainly(by) for by in found]


def drawn(figures: Sequence[Figure]) -> list[Drawn]:
    """The figures."""
    left = [MOST]
    return [_figure(figure, left) for figure in figures]


def _figure(figure: Figure, left: list[int]) -> Drawn:
    rows = _rows(figure)
    title = plainly(figure.title)
    told = sorted({row[BY] for row in rows if row.get(BY)}) if BY in figure.columns else []
    words = dict(figure.columns)
    if figure.chart and figure.key.startswith("measure."):  # what is measured, not what bins are
        words[f"={figure.chart.x}"] = figure.title
    pictures: dict[str, str] = {}
    for by in sorted(told or ["overall"], key=lambda by: by != "overall"):
        if figure.chart is None or (by != "overall" and not left[0]):
            continue
        left[0] -= by != "overall"
        chart = figure.chart if figure.chart.series != BY else replace(figure.chart, series=None)
        own = [row for row in rows if not told or row[BY] == by]
        pictures[by] = charts.svg(title, own, chart, words)
    first = "overall" if "overall" in pictures else next(iter(pictures), "")
    return Drawn(
        key=plainly(figure.key),
        section=plainly(figure.section),
        title=title,
        note=" ".join(part for part in (plainly(figure.note), _not_drawn(figure, rows)) if part),
        missing=None if figure.missing is None else plainly(figure.missing),
        rows=len(rows),
        chart=_markup(pictures.get(first, "")),
        data=_data(figure, rows) | {"charts": pictures if len(pictures) > 1 else {}},
    )


def _data(figure: Figure, rows: charts.Rows) -> dict[str, Any]:
    names = figure.table.columns
    return {
        "columns": [[plainly(name), plainly(figure.columns.get(name, ""))] for name in names],
        "rows": [[_cell(row[name]) for name in names] for row in rows],
        "by": names.index(BY) if BY in names else None,
        "measure": figure.key.split(".", 2)[2] if figure.key.count(".") > 1 else None,
    }


def _rows(figure: Figure) -> charts.Rows:
    return [row | {"": place} for place, row in enumerate(figure.table.to_dicts())]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = visible(value if isinstance(value, str) else str(value), newlines=True)
    left = len(text) - LONGEST
    return text if left <= 0 else f"{text[:LONGEST]} [… {left:,} characters left out: audit.json]"


def _not_drawn(figure: Figure, rows: charts.Rows) -> str:
    """What the picture leaves out, in a sentence: not measured is no number, and no nothing."""
    chart = figure.chart
    if chart is None:
        return ""
    counts: dict[str, float] = {}
    for row in rows:
        if row[chart.x] is None and "label" in row and row[chart.y]:
            name = plainly(row["label"] or "without a value")
            counts[name] = counts.get(name, 0) + row[chart.y]
    several = len({row[chart.x] for row in rows})
    parts = [f"{name} {number(count)}" for name, count in counts.items()]
    nothing = sum(row[chart.y] == 0 for row in rows)
    if chart.kind == "bars" and not _grouped(figure) and charts.MANY < len(rows) > nothing > 0:
        parts.append(f"{nothing} rows of the table that are 0")
    listed = chart.kind in ("bars", "intervals", "matrix") and not _grouped(figure)
    if listed and several > charts.MOST:
        parts.append(f"{several - charts.MOST} further rows of the table")
    return f"Not in the picture: {'; '.join(parts)}." if parts else ""


def _grouped(figure: Figure) -> bool:
    return BY in figure.table.columns


def ledger(flow: Flow | None) -> Drawn | None:
    """The flow, if anything flows."""
    if flow is None or not flow.links:
        return None
    table = flow.table()
    rows = [list(map(_cell, row)) for row in table.rows()]
    words = {"becomes": "how many they are at the target, where that counts in another unit"}
    return Drawn(
        key="ledger",
        section="ledger",
        title="The ledger",
        note="A band is as wide as its count; each unit (rows, prompts, draws, tokens) has a scale "
        "of its own. Grey: lost.",
        missing=" ".join(map(plainly, flow.open())) or None,
        rows=len(rows),
        chart=_markup(sankey.svg(flow)),
        wide=True,
        data={
            "columns": [[name, words.get(name, "")] for name in table.columns],
            "rows": rows,
            "by": None,
            "measure": None,
            "charts": {},
            "keys": [_key(link) for link in flow.links],
        },
    )


def _key(link: Link) -> dict[str, str] | None:
    """Which samples a link is about, in the words of the page's facets."""
    if link.key is None:
        return None
    return {k: "not known" if v is None else plainly(v) for k, v in link.key.items()}


def _markup(made: str) -> Any:
    from markupsafe import Markup

    return Markup(made)
