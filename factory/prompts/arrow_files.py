"""Rows of Parquet files, Arrow files and what `save_to_disk` of `datasets` writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from factory.errors import RecipeError
from factory.prompts.rows import BadRow, Cells, Opened, roots
from factory.recipe.paths import SAVED

ROWS_AT_ONCE = 1024
BYTES_AT_ONCE = 64_000_000
"""Of a Parquet file's rows in memory together, about."""
Batches = Callable[[], Iterator[Any]]
Near = Callable[[Sequence[int]], Iterator[tuple[int, Any]]]
"""Gives batches that have the rows with some numbers, each behind the number of its first row."""


def parquet(path: Path, name: str, wanted: Sequence[str]) -> Opened:
    """The rows of a Parquet file; only the columns that are wanted are read.

    Raises:
        RecipeError: it is none, or it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema, at_once = file.schema_arrow, rows_at_once(file.metadata)
    except (pa.ArrowException, OSError) as error:
        raise RecipeError(
            f"{name}: this is no Parquet file, or only a part of one: {error}"
        ) from None

    def batches() -> Iterator[Any]:
        columns = roots(wanted, schema.names, name)
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(at_once, columns=columns or schema.names[:1])

    def near(numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
        columns, start = roots(wanted, schema.names, name), 0
        with pq.ParquetFile(path) as file:
            for group in range(file.metadata.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                if own := [number for number in numbers if start <= number < end]:
                    found = file.iter_batches(
                        at_once, row_groups=[group], columns=columns or schema.names[:1]
                    )
                    yield from _until(found, start, own[-1])
                start = end

    return _opened(name, schema, batches, near, wanted)


def rows_at_once(metadata: Any) -> int:
    """How many rows of a Parquet file are in memory together: fewer where they are large."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    largest = max((g.total_byte_size / g.num_rows for g in groups if g.num_rows), default=1.0)
    return int(min(ROWS_AT_ONCE, max(1, BYTES_AT_ONCE // max(1.0, largest))))


def arrow(paths: Sequence[Path], name: str, wanted: Sequence[str]) -> Opened:
    """The rows of Arrow files that belong together, in either of Arrow's two formats.

    Raises:
        RecipeError: one of them is none, or they are damaged.
    """
    import pyarrow as pa

    def batches() -> Iterator[Any]:
        for path in paths:
            with pa.memory_map(str(path)) as source:
                for batch in _batches(source):
                    for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                        yield batch.slice(start, ROWS_AT_ONCE)

    try:
        with pa.memory_map(str(paths[0])) as source:
            schema = _reader(source).schema
    except (pa.ArrowException, OSError) as error:
        raise RecipeError(
            f"{name}: this is no Arrow file, or only a part of one: {error}"
        ) from None
    near: Near = lambda numbers: _until(batches(), 0, numbers[-1])  # noqa: E731
    return _opened(name, schema, batches, near, wanted)


def saved(folder: Path, name: str, wanted: Sequence[str]) -> Opened:
    """The rows of a folder that `save_to_disk` wrote.

    Raises:
        RecipeError: a file of it is missing or damaged.
    """
    paths = saved_files(folder, name)
    return arrow(paths, name, wanted) if paths else Opened(name, [], lambda: iter(()))


def saved_files(folder: Path, name: str) -> list[Path]:
    """The Arrow files of a folder that `save_to_disk` wrote.

    Raises:
        RecipeError: one is missing, or the folder is damaged.
    """
    try:
        state = json.loads((folder / SAVED).read_text(encoding="utf-8"))
        paths = [folder / part["filename"] for part in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(
            f"{name}/{SAVED}: this is not what save_to_disk writes: {error}"
        ) from None
    if missing := next((path for path in paths if not path.is_file()), None):
        raise RecipeError(f"{name}: {missing.name} is missing, which {SAVED} names: get it again")
    return paths


def whole(path: Path, name: str) -> tuple[Any, Iterator[Any]]:
    """The schema of a Parquet file, an Arrow file or a saved folder, and its record batches.

    Raises:
        RecipeError: it is none of these, or it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def batches() -> Iterator[Any]:
        if path.suffix.lower() == ".parquet":
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(rows_at_once(file.metadata))
            return
        for part in paths:
            with pa.memory_map(str(part)) as source:
                yield from _batches(source)

    if path.suffix.lower() == ".parquet":
        return pq.read_schema(path), batches()
    paths = saved_files(path, name) if path.is_dir() else [path]
    with pa.memory_map(str(paths[0])) as source:
        return _reader(source).schema, batches()


def _reader(source: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.ipc.open_stream(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_file(source)


def _batches(source: Any) -> Iterator[Any]:
    reader = _reader(source)
    if hasattr(reader, "num_record_batches"):
        yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        yield from reader


def _until(batches: Iterator[Any], start: int, last: int) -> Iterator[tuple[int, Any]]:
    """Batches with the number of their first row, up to the one with the last row."""
    for batch in batches:
        yield start, batch
        start += batch.num_rows
        if start > last:
            return


def _opened(name: str, schema: Any, batches: Batches, near: Near, wanted: Sequence[str]) -> Opened:
    roots(wanted, schema.names, name)  # none of them is there twice
    names = _class_names(schema)
    binary = [field.name for field in schema if has_bytes(field.type)]

    def seek(numbers: Sequence[int]) -> Cells:
        for start, batch in near(numbers) if numbers else ():
            own = [number - start for number in numbers if 0 <= number - start < batch.num_rows]
            for number in own:
                yield from _rows(name, [(start + number, batch.slice(number, 1))], wanted, names)

    def rows() -> Cells:
        return _rows(name, _until(batches(), 0, sys.maxsize), wanted, names)

    return Opened(name, schema.names, rows, binary=binary, seek=seek)


def _rows(
    name: str,
    batches: Iterable[tuple[int, Any]],
    wanted: Sequence[str],
    names: dict[str, list[str]],
) -> Cells:
    import pyarrow as pa

    number = 0
    try:
        for start, batch in batches:
            columns = roots(wanted, batch.schema.names, name)
            there = [column for column in batch.schema.names if column in columns]
            rows = _decoded(batch.select(there) if there else batch)
            for number, cells in enumerate(rows, start=start + 1):
                if isinstance(cells, dict):
                    name_classes(cells, names)
                yield f"{name} row {number}", cells
    except (pa.ArrowException, OSError) as error:
        where = f"behind row {number}" if number else "at its beginning"
        raise RecipeError(f"{name}: the file is damaged {where}: get it again ({error})") from error


def _decoded(batch: Any) -> list[dict[str, Any] | BadRow]:
    try:
        return batch.to_pylist()
    except (UnicodeDecodeError, ValueError):  # somewhere in these rows: find out where
        return [_row(batch.slice(row, 1)) for row in range(batch.num_rows)]


def _row(batch: Any) -> dict[str, Any] | BadRow:
    try:
        return batch.to_pylist()[0]
    except UnicodeDecodeError as error:
        return BadRow("not_utf8", str(error))
    except ValueError as error:  # a date that Python does not have, say
        return BadRow("wrong_type", str(error))


def has_bytes(kind: Any) -> bool:
    """Whether an Arrow type is, or has inside, bytes that are no text."""
    import pyarrow as pa

    if pa.types.is_nested(kind):
        return any(has_bytes(kind.field(number).type) for number in range(kind.num_fields))
    return "binary" in str(kind)


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Columns whose numbers stand for names, as `datasets` notes them in a file."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = noted["info"]["features"].items()
        return {name: f["names"] for name, f in features if f.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}


def name_classes(cells: dict[str, Any], names: dict[str, list[str]]) -> None:
    """Put names in place of the numbers of classes."""
    for column in names.keys() & cells.keys():
        number = cells[column]
        if isinstance(number, int) and 0 <= number < len(names[column]):
            cells[column] = names[column][number]
