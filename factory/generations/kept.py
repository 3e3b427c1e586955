"""The kept rows, in the form in which they came: a second pass over the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.generations.inputs import Table
from factory.generations.written import several
from factory.prompts import arrow_files, hub
from factory.prompts.rows import literal
from factory.recipe.layout import Layout
from factory.recipe.paths import KINDS, PACKED, kind
from factory.store.shards import write_through

OF_EACH = (
    "correctness",
    "finish",
    "is_",
    "generation",
    "completion",
    "response",
    "output",
    "score",
)
"""How names of columns begin that hold a list with an entry for each generation."""


def write(found: Sequence[Table], layout: Layout, kept: pl.DataFrame, folder: Path) -> list[Path]:
    """Write the rows that have a kept sample, a file for each table.

    Tables with types become Parquet, others JSON lines. Of a row with several generations those
    that are dropped are left out, with what belongs to them.

    Args:
        found: the tables, as they were read.
        layout: which columns hold what.
        kept: `file`, `row` and `draw` of the kept samples.
        folder: where the files go.

    Raises:
        StageError: a table has fewer rows than before.
    """
    written: list[Path] = []
    by_file = kept.partition_by("file", as_dict=True)
    for number, table in enumerate(found):
        own = by_file.get((number,))
        if own is None:
            continue
        draws = own.group_by("row", maintain_order=True).agg("draw").sort("row")
        typed = table.path is None or table.path.is_dir() or not _is_text(table.path)
        path = _free(folder / _name(table, ".parquet" if typed else ".jsonl"), written)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _whole(path) as temporary:
            count = (_typed if typed else _lines)(table, layout, draws, temporary)
        if count != draws.height:
            raise StageError(f"{table.name} has changed while it was read: run the command again")
        written.append(path)
    return written


def cut(cells: dict[str, Any], layout: Layout, draws: Sequence[int]) -> dict[str, Any]:
    """A row with those of its generations alone, and what is said of them.

    >>> layout = Layout(generation="generations")
    >>> cut({"generations": ["a", "b"], "scores": [1, 0], "tags": ["x", "y"]}, layout, [1])
    {'generations': ['b'], 'scores': [0], 'tags': ['x', 'y']}
    """
    column = layout.generation
    there = len(several(cells, column)) if column else 1
    if there == len(draws):
        return cells
    told = [column, layout.finish_reason, layout.completion_tokens, layout.verdict, layout.thinking]
    named = {name.partition(".")[0] for name in told if name}
    found = {}
    for name, value in cells.items():
        entries = literal(value)
        belongs = name in named or name.startswith(OF_EACH)
        if belongs and isinstance(entries, list) and len(entries) == there:
            value = [entries[draw] for draw in draws]
        found[name] = value
    return found


def _lines(table: Table, layout: Layout, draws: pl.DataFrame, file: Path) -> int:
    wanted, count = draws.iter_rows(), 0
    row, chosen = next(wanted, (None, []))
    with file.open("wb") as out:
        for number, (_, cells) in enumerate(table.opened().rows()):
            if number == row and isinstance(cells, dict):
                out.write(_json(cut(cells, layout, chosen)) + b"\n")
                count += 1
                row, chosen = next(wanted, (None, []))
    return count


def _json(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, ensure_ascii=False, default=str)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a character in a column that nobody reads
        return json.dumps(row, default=str).encode()


def _typed(table: Table, layout: Layout, draws: pl.DataFrame, file: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if table.path is None:
        schema, batches = hub.whole(Path(), table.source)
    else:
        schema, batches = arrow_files.whole(table.path, table.name)
    start = count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as out:
        for batch in batches:
            own = draws.filter(pl.col("row").is_between(start, start + batch.num_rows - 1))
            places = own["row"] - start
            rows = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
            rows = rows.take(pa.array(places.to_list(), pa.int64()))
            out.write_table(_cut_columns(rows, layout, own["draw"].to_list()).cast(schema))
            start, count = start + batch.num_rows, count + own.height
    return count


def _cut_columns(rows: Any, layout: Layout, draws: list[list[int]]) -> Any:
    """An Arrow table whose rows are cut; columns of which nothing is cut stay as they are."""
    import pyarrow as pa

    if layout.generation is None or not rows.num_rows:
        return rows
    outer = layout.generation.partition(".")[0]
    if outer not in rows.column_names:
        return rows
    lists = [f.name for f in rows.schema if _is_list(f.type) or f.name == outer]
    before = rows.select(lists).to_pylist()
    after = [cut(cells, layout, chosen) for cells, chosen in zip(before, draws, strict=True)]
    for name in lists:
        column = [cells[name] for cells in after]
        if any(new is not old[name] for new, old in zip(column, before, strict=True)):
            place, field = rows.column_names.index(name), rows.schema.field(name)
            rows = rows.set_column(place, field, pa.array(column, field.type))
    return rows


def _is_list(kind: Any) -> bool:
    return str(kind).startswith(("list", "large_list", "fixed_size_list"))


def _is_text(path: Path) -> bool:
    return kind(path)[0] not in ("parquet", "arrow")


def _name(table: Table, suffix: str) -> str:
    name = table.name if table.path is not None else table.name.rpartition("/")[2]
    for known in (*PACKED, *KINDS):
        name = name.removesuffix(known)
    return name + suffix


def _free(path: Path, taken: Sequence[Path]) -> Path:
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    temporary = path.with_name(path.name + ".tmp")
    yield temporary
    write_through(temporary, path)
