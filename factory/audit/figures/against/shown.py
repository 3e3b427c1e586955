"""Two audits side by side, in the terminal: the sentence, regressions, then differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from factory.audit.figures import Figure
from factory.audit.figures.coded import ALL
from filters.text.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

OUTCOMES = ("kept", "correct", "pass_rate", "row", "any_kept", "unverifiable", "finished",
            "completion_tokens")  # fmt: skip
"""The order of differences."""
LINES = 8
"""Lines of a table that are shown; the page and audit.json have all."""
SOME, ID = 3, 12
"""Ids beside a reason, and characters of each."""


def shown(figures: Iterable[Figure]) -> Iterator[RenderableType]:
    """What is printed of figures by `compared`; nothing where there are none."""
    from rich.text import Text

    known = {one.key: one for one in figures}
    if not known:
        return
    head = known["against"]
    yield Text(head.title, "bold")
    yield Text(head.note, "dim")
    for key, style in (("against.lost", "red"), ("against.gained", "green")):
        if known[key].table.height:
            yield ""
            yield _reasons(known[key], style)
    for level in ("samples", "prompts"):
        table = _differences(known, level)
        if table.row_count:
            yield ""
            yield table
    yield ""
    yield _funnels(known["against.funnels"])
    for key in ("against.rules", "against.reasons", "against.only", "against.aside"):
        if known[key].table.height:
            yield ""
            yield _plain(known[key])
        elif known[key].missing:
            yield Text(f"{known[key].title}: {known[key].missing}", "dim")
    yield ""


def _table(title: str, left: Iterable[str], right: Iterable[str]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right")
    return table


def _reasons(figure: Figure, style: str) -> Table:
    """How many turned one way by reason, with ids."""
    table = _table(figure.title, ("reason", "filter", "rule"), ("samples", "rows", "verdict moved"))
    table.add_column("some ids", overflow="fold")
    for row in figure.table.head(LINES).iter_rows(named=True):
        counts = (f"{row[name]:,}" for name in ("samples", "rows", "other_verdict"))
        ids = ", ".join(one[:ID] for one in (row["examples"] or "").split(", ")[:SOME])
        words = (_text(row["reason"]), _text(row["filter"]), _text(row["rule"]))
        table.add_row(*words, *counts, _text(ids), style=style)
    return _more(table, figure.table.height)


def _more(table: Table, lines: int) -> Table:
    if lines > LINES:
        table.caption = f"… and {lines - LINES:,} more, in the page and in audit.json"
        table.caption_justify = "left"
    return table


def _differences(known: dict[str, Figure], level: str) -> Table:
    """Outcomes overall, and those groups, faults and measures whose interval lies beside 0."""
    title = f"after less before, paired by {level[:-1]}, with 95 % intervals"
    table = _table(title, ("", "of"), ("before", "after", "difference", "interval", "pairs"))
    own = (known.get(f"against.{level}.{name}") for name in (*OUTCOMES, "faults", "measures"))
    told = 0
    for figure in own:
        if figure is None or figure.missing:
            continue
        name = figure.key.rpartition(".")[2]
        told += figure.table["low"].count()
        rows = [row for row in figure.table.iter_rows(named=True) if _worth_it(row)]
        for row in rows if name in OUTCOMES else rows[:LINES]:
            first, of = (name, row["label"]) if "label" in row else (row["quantity"], name[:-1])
            table.add_row(_text(first), _text(of), *_numbers(row), style=_colour(name, row))
    if told >= 20:
        table.caption = (
            f"groups, faults and measures where 0 is outside the interval: of {told:,} intervals "
            f"about {told / 20:,.0f} are so by chance"
        )
        table.caption_justify = "left"
    return table


def _worth_it(row: dict[str, Any]) -> bool:
    """Whether a line is shown: of all pairs, or with 0 outside its interval."""
    return row["pairs"] > 0 and (row.get("label") == ALL or _beside(row))


def _beside(row: dict[str, Any]) -> bool:
    """Whether 0 is outside the interval."""
    return row["low"] is not None and (row["low"] > 0 or row["high"] < 0)


def _colour(name: str, row: dict[str, Any]) -> str:
    """Green for more that is kept or right, red for less; where the interval says so."""
    if name not in ("kept", "correct", "pass_rate", "row", "any_kept") or not _beside(row):
        return ""
    return "green" if row["low"] > 0 else "red"


def _numbers(row: dict[str, Any]) -> tuple[str, ...]:
    share = row["unit"] == "share"
    told = (_value(row["before"], share), _value(row["after"], share))
    moved = _value(row["difference"], share, "+")
    low, high = row["low"], row["high"]
    both = "not known" if low is None else " to ".join(_value(n, share, "+") for n in (low, high))
    both = both if row["turned"] else "no pair turned"
    return (*told, moved, both, f"{row['pairs']:,}")


def _value(told: float, share: bool, sign: str = "") -> str:
    """A share in per cent, a difference of shares in points of it.

    >>> _value(0.1234, True), _value(-0.02, True, "+"), _value(1234.5, False), _value(0.0123, False)
    ('12.3 %', '-2.0', '1,234', '0.0123')
    """
    if share:
        text = f"{100 * told:{sign}.1f}" + ("" if sign else " %")
    else:
        text = f"{told:{sign},.0f}" if abs(told) >= 1000 else f"{told:{sign}.3g}"
    return text


def _funnels(figure: Figure) -> Table:
    """Filter by filter what is left, before and after."""
    table = _table(figure.title, ("filter",), ("dropped before", "after", "left before", "after"))
    for key, rows in figure.table.group_by("filter", maintain_order=True):
        sides = {row["side"]: row for row in rows.iter_rows(named=True)}
        cells = [_of(sides, side, name) for name in ("dropped", "left") for side in
                 ("before", "after")]  # fmt: skip
        table.add_row(_text(key[0]), *cells)
    return table


def _of(sides: dict[str, dict[str, Any]], side: str, name: str) -> str:
    row = sides.get(side)
    if row is None:
        return "no rule"
    return f"{row[name]:,}" + (f" ({row['share_left']:.1%})" if name == "left" else "")


def _plain(figure: Figure) -> Table:
    """A small table as it is."""
    names = figure.table.columns
    numbers = [name for name in names if figure.table.schema[name].is_numeric()]
    words = [name for name in names if name not in (*numbers, "examples")]
    table = _table(figure.title, words, numbers)
    for row in figure.table.head(LINES).iter_rows(named=True):
        table.add_row(*(_text(row[name]) for name in words), *(f"{row[n]:,}" for n in numbers))
    return _more(table, figure.table.height)


def _text(told: object) -> Text:
    """Words of others: no markup, and nothing in them acts on the terminal."""
    from rich.text import Text

    return Text(visible("" if told is None else str(told)))
