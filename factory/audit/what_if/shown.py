"""What other rules would do, for a person at a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.audit.what_if import ACCEPTED, MOVED, ROW, WhatIf
from filters.text.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

LINES = 12
"""Changes of fate that are shown."""
EACH = 3
"""Examples of each change that are shown."""


def shown(found: WhatIf) -> Iterator[RenderableType]:
    """What is printed: a sentence, the funnel now and then, who moves, examples, the recipe."""
    from rich.text import Text

    yield Text(visible(sentence(found)))
    if found.note:
        yield Text(visible(f"{found.note}; counted are the samples that no filter drops"))
    yield ""
    yield _funnel(found.funnel)
    if found.moved.height:
        yield ""
        yield _moved(found.moved)
        yield ""
        yield _examples(found.examples)
    if found.recipe:
        yield ""
        yield Text("as a recipe:")
        yield Text(visible(found.recipe.rstrip(), newlines=True))


def sentence(found: WhatIf) -> str:
    """In a line: how many rows there would be, and how many are gained and lost."""
    now, then = found.rows
    gained, lost = (int(part["samples"].sum()) for part in (found.gained(), found.lost()))
    what = "rows" if found.note is None else "accepted samples"
    told = f"{' '.join(found.texts)}: {now:,} → {then:,} {what}"
    told += f" ({(then - now) / now:+.1%})" if now else ""
    return f"{told}, + {gained:,} gained, - {lost:,} lost"


def document(found: WhatIf) -> dict[str, Any]:
    """All that was found, as JSON has it."""
    return {
        "what_if": list(found.texts),
        "rows": {"now": found.rows[0], "then": found.rows[1]},
        "note": found.note,
        "funnel": found.funnel.to_dicts(),
        "moved": found.moved.to_dicts(),
        "examples": found.examples.to_dicts(),
        "recipe": found.recipe,
    }


def _funnel(steps: pl.DataFrame) -> Table:
    table = _table("filter", "dropped", "left", "dropped then", "left then")
    for name, *counts in steps.iter_rows():
        style = "bold" if counts[:2] != counts[2:] else None
        _add(table, name, *(_count(count) for count in counts), style=style)
    return table


def _moved(moved: pl.DataFrame) -> Table:
    table = _table("domain", "now", "then", "samples", numbers=1)
    rows = pl.any_horizontal(pl.col("before", "after").is_in([ROW, ACCEPTED]))
    most = moved.sort(~rows, -pl.col("samples"), *list(MOVED)[:3])
    for domain, before, after, samples in most.head(LINES).iter_rows():
        _add(table, domain or "-", before, after, f"{samples:,}")
    rest = most.slice(LINES)
    if rest.height:
        count = int(rest["samples"].sum())
        _add(table, "…", f"{rest.height:,} further changes", "", f"{count:,}")
    return table


def _examples(rows: pl.DataFrame) -> Table:
    table = _table("sample", "domain", "now", "then", "measure", "value", "limit", numbers=2)
    turn = pl.int_range(pl.len()).over("before", "after")
    few = rows.filter(turn < EACH).head(LINES)
    for id, domain, before, after, measure, *numbers in few.iter_rows():
        _add(table, id, domain or "-", before, after, measure or "", *map(_number, numbers))
    return table


def _add(table: Table, *words: str, style: str | None = None) -> None:
    """A row of words as they are: nothing in them acts."""
    from rich.text import Text

    table.add_row(*(Text(visible(word)) for word in words), style=style)


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"


def _number(value: float | None) -> str:
    return _count(value) if value is None or abs(value) >= 1000 else f"{value:.4g}"


def _table(*names: str, numbers: int | None = None) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="dim", pad_edge=False)
    first = 1 if numbers is None else len(names) - numbers
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place >= first else "left")
    return table
