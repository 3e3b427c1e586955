"""Anybody's table as rows of ours: read once, and kept in Parquet while a mix is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError
from factory.generations import columns, inputs
from factory.generations.samples import Told, asked, samples
from factory.hub.place import on_the_hub
from factory.recipe.layout import Layout
from factory.recipe.mix import MixPart
from factory.recipe.paths import stem
from factory.records import SHORT, digest
from factory.versions.told import ROW

ROWS = 2000
"""Rows in a file at most."""
BESIDE = {
    "license": ("license",),
    "teacher": ("generator", "teacher", "teacher_model", "model"),
    "source": ("source", "dataset", "data_source"),
}
"""Columns that say what samples do not: by their likeliest names."""
TURN = pl.List(pl.Struct({"role": pl.String(), "content": pl.String()}))
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(ROW, pl.String()),
    "messages": TURN,
    "completion_tokens": pl.Int32(),
}


@dataclass
class Taken:
    """What was read of a table."""

    files: list[Path] = field(default_factory=list)
    """Its rows in our columns, as `SCHEMA`."""
    digest: str = ""
    """Of all its rows, whatever their order."""
    rows: int = 0
    unread: dict[str, str] = field(default_factory=dict)
    """Place of each row that could not be read, and why."""


def table_of(part: MixPart, home: Path, scratch: Path, say: Callable[[str], None]) -> Taken:
    """Read a table into `scratch`.

    Raises:
        RecipeError: it is not there, or no column is called as conversations or generations are.
        StageError: the Hub cannot be reached.
    """
    try:
        return _table_of(part, home, scratch, say)
    except RecipeError as error:
        words = str(error).replace("--columns", "`columns` of the part:")
        raise RecipeError(f"part {part.name}: {words}") from None


def _table_of(part: MixPart, home: Path, scratch: Path, say: Callable[[str], None]) -> Taken:
    hub = on_the_hub(part.place)
    choice = inputs.Choice(part.config, part.split, hub.revision if hub else None)
    tables = inputs.tables([hub.repo if hub else str(home / part.place)], choice)
    opened = [table.opened() for table in tables]
    there = inputs.columns_of(opened)
    named = columns.told(part.columns) if part.columns else None
    layout = columns.layout_of(named, tables[0].name, there, inputs.first_rows(tables, there))
    say(f"{part.name}: columns: {columns.said(layout)}")
    own = stem(hub.repo if hub else part.place)
    return _kept(_rows(tables, layout, there, own), scratch)


def _rows(
    tables: list[inputs.Table], layout: Layout, there: list[str], own: str
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """The place of each sample, and its row, or why there is none."""
    beside = {key: [n for n in names if n in there] for key, names in BESIDE.items()}
    wanted = [*layout.columns(), *(name for names in beside.values() for name in names)]
    told = Told(layout, "math")
    for _, _, place, cells in inputs.rows(tables, list(dict.fromkeys(wanted))):
        for sample in samples(place, cells, told):
            if error := sample.get("error"):
                yield sample["sample_id"], error
                continue
            facts = {
                key: next((t for n in names if isinstance(t := cells.get(n), str) and t), None)
                for key, names in beside.items()
            }
            yield sample["sample_id"], _row(sample, cells, layout, facts | {"own": own})


def _row(
    sample: dict[str, Any], cells: dict[str, Any], layout: Layout, facts: dict[str, Any]
) -> dict[str, Any]:
    known = sample.get("prompt_id")
    turns = asked(layout, cells) if known else []
    turns = [*turns, {"role": "assistant", "content": sample["text"]}]
    id = digest(turns)
    return {
        "messages": turns,
        "prompt_id": known,
        "sample_id": id,
        "source": facts["source"] or facts["own"],
        "domain": sample.get("domain"),
        "language": sample.get("language"),
        "license": facts["license"],
        "reference": _as_text(sample.get("reference")),
        "verifier": sample.get("verifier") if layout.verifier else None,
        "answer": None,
        "teacher": facts["teacher"],
        "teacher_digest": None,
        "completion_tokens": sample.get("completion_tokens"),
    }


def _as_text(reference: str | None) -> str | None:
    """A key as rows have it: of several the first, and text without quotes."""
    if reference is None:
        return None
    value = json.loads(reference)
    if isinstance(value, dict) and "any_of" in value:
        value = value["any_of"][0]
    return value if isinstance(value, str) else json.dumps(value)


def _kept(rows: Iterator[tuple[str, dict[str, Any] | str]], scratch: Path) -> Taken:
    scratch.mkdir(parents=True)
    taken, waiting, ids = Taken(), list[dict[str, Any]](), list[bytes]()

    def put_away() -> None:
        file = scratch / f"{len(taken.files):05}.parquet"
        pl.DataFrame(waiting, schema=SCHEMA).write_parquet(file)
        taken.files.append(file)
        taken.rows += len(waiting)
        waiting.clear()

    for place, row in rows:
        if isinstance(row, str):
            taken.unread[place] = row
            continue
        waiting.append(row)
        ids.append(SHORT(json.dumps(row, sort_keys=True).encode()).digest())
        if len(waiting) == ROWS:
            put_away()
    if waiting:
        put_away()
    taken.digest = hashlib.sha256(b"".join(sorted(ids))).hexdigest()
    return taken
