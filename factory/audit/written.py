"""An audit as data: `audit.json`, nested, and `audit.parquet`, a row a number."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory.audit.figures import Figure
from factory.audit.subject import Subject
from factory.store import write_table
from factory.store.shards import write_text

FORMAT = 1
"""Of `audit.json` and of the columns of `audit.parquet`."""
LONG: dict[str, pl.DataType] = {
    "section": pl.String(),
    "figure": pl.String(),
    "by": pl.String(),
    "group": pl.String(),
    "row": pl.Int32(),
    "column": pl.String(),
    "number": pl.Float64(),
    "text": pl.String(),
}
"""A row a cell of a figure's table: `row` counts its rows from 0, `number` or `text` is what stands
there, both null where nothing does. `by` and `group` are those of the row, where it has any."""


def document(
    subject: Subject, figures: Sequence[Figure], said: Sequence[str] = ()
) -> dict[str, Any]:
    """All that is told, as JSON has it.

    Args:
        said: the sentences of the summary.
    """
    manifest = subject.manifest
    return {
        "format": FORMAT,
        "place": subject.place,
        "name": subject.name,
        "kind": subject.kind,
        "version": manifest.version if manifest else None,
        "digest": manifest.digest if manifest else None,
        "samples": subject.samples.height,
        "prompts": subject.samples["prompt_id"].n_unique(),
        "filters": subject.filters.model_dump(mode="json", exclude_none=True),
        "summary": list(said),
        "missing": subject.missing | {f.key: f.missing for f in figures if f.missing},
        "figures": {figure.key: _figure(figure) for figure in figures},
    }


def long_form(figures: Sequence[Figure]) -> pl.DataFrame:
    """Every cell of every figure, as `LONG`."""
    tables = [_cells(figure) for figure in figures if figure.table.height]
    return pl.concat([pl.DataFrame(schema=LONG), *tables])


def write(
    folder: Path, subject: Subject, figures: Sequence[Figure], said: Sequence[str] = ()
) -> list[Path]:
    """Write both files into a folder, which is made where it is not there; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    told, table = folder / "audit.json", folder / "audit.parquet"
    text = json.dumps(
        document(subject, figures, said), indent=1, ensure_ascii=False, allow_nan=False
    )
    write_text(text + "\n", told)
    write_table(long_form(figures), table)
    return [told, table]


def _figure(figure: Figure) -> dict[str, Any]:
    told: dict[str, Any] = {"section": figure.section, "title": figure.title}
    if figure.note:
        told["note"] = figure.note
    if figure.missing:
        told["missing"] = figure.missing
    rows = [_row(row) for row in figure.table.iter_rows(named=True)]
    return told | {"columns": dict(figure.columns), "rows": rows}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN and nothing endless."""
    return {
        name: value if not isinstance(value, float) or math.isfinite(value) else None
        for name, value in row.items()
    }


def _cells(figure: Figure) -> pl.DataFrame:
    table = figure.table
    texts = [name for name, kind in table.schema.items() if not kind.is_numeric()]
    own = {name: pl.lit(None, pl.String()) for name in ("by", "group")}
    own |= {name: pl.col(name) for name in own if name in table.columns}
    told = table.lazy().with_row_index("row")
    parts = [
        told.select(
            section=pl.lit(figure.section),
            figure=pl.lit(figure.key),
            **own,
            row="row",
            column=pl.lit(name),
            number=pl.lit(None, pl.Float64()) if name in texts else pl.col(name),
            text=pl.col(name) if name in texts else pl.lit(None, pl.String()),
        ).cast(pl.Schema(LONG))
        for name in table.columns
    ]
    return pl.concat(parts).collect().sort("row", maintain_order=True)
