"""Rows of local files, JSON lines, CSV and Parquet: each with its place, a bad one by itself."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from factory.errors import RecipeError
from factory.prompts.drafts import BadRow
from factory.recipe.sources import missing

PEEK = 100  # rows whose keys are a JSONL file's columns; a name none of them has is misspelt

Cells = Iterator[tuple[str, "dict[str, Any] | BadRow"]]
"""Rows as (place, cells by column, or why they cannot be read)."""


def read(base: Path, name: str, wanted: list[str]) -> tuple[list[str], Cells]:
    """The columns of a file, and its rows.

    Args:
        base: folder that a relative `name` starts from.
        name: the file, as the recipe writes it; its suffix tells what it is.
        wanted: columns to read; formats that keep rows together read all of them.

    Raises:
        RecipeError: the file is not there, or is not what its suffix says.
    """
    if fault := missing(base, name):
        raise RecipeError(fault)
    path = base / Path(name).expanduser()
    match path.suffix.lower():
        case ".jsonl":
            return peeked(_jsonl(path, name))
        case ".csv":
            return _csv(path, name)
        case ".parquet":
            return _parquet(path, name, wanted)
    known = ".jsonl, .parquet, .csv"
    raise RecipeError(f"{name}: files of this kind are not read; expected one of {known}")


def _jsonl(path: Path, name: str) -> Cells:
    """Bytes, line by line: a line that is not UTF-8 does not take its neighbours along."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip(b" \t\r\n\xef\xbb\xbf"):
                yield f"{name}:{number}", _json_object(line)


def _json_object(line: bytes) -> dict[str, Any] | BadRow:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return BadRow("not_utf8", f"byte {error.start + 1} of the line is not UTF-8")
    except (ValueError, RecursionError) as error:
        return BadRow("not_json", str(error))
    if not isinstance(value, dict):
        return BadRow("wrong_type", "the line is JSON, but not an object with columns")
    return value


def _csv(path: Path, name: str) -> tuple[list[str], Cells]:
    """Bytes that are not UTF-8 become lone surrogates, which are set aside with their row."""
    csv.field_size_limit(sys.maxsize)
    rows = _csv_rows(path, name)
    _, header = next(rows, (name, []))
    if isinstance(header, BadRow):
        raise RecipeError(f"{name}:1: the line with the names of the columns: {header.detail}")
    return header, _csv_cells(rows, header)


def _csv_rows(path: Path, name: str) -> Iterator[tuple[str, list[str] | BadRow]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader, number = csv.reader(lines, strict=True), 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield f"{name}:{number}", BadRow("not_csv", str(error))
            else:
                if row:
                    yield f"{name}:{number}", row
            number = reader.line_num + 1


def _csv_cells(rows: Iterator[tuple[str, list[str] | BadRow]], header: list[str]) -> Cells:
    for place, row in rows:
        if not isinstance(row, BadRow) and len(row) != len(header):
            row = BadRow(
                "not_csv", f"{len(row)} cells, expected {len(header)} as in the first line"
            )
        yield place, row if isinstance(row, BadRow) else dict(zip(header, row, strict=True))


def _parquet(path: Path, name: str, wanted: list[str]) -> tuple[list[str], Cells]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise RecipeError(f"{name}: this is no Parquet file: {error}") from None
    return file.schema_arrow.names, _parquet_rows(file, name, wanted)


def _parquet_rows(file: Any, name: str, wanted: list[str]) -> Cells:
    number = 0
    for batch in file.iter_batches(batch_size=1024, columns=wanted):
        try:
            rows = batch.to_pylist()
        except UnicodeDecodeError:  # somewhere in these rows: find out where
            rows = [_parquet_row(batch.slice(row, 1)) for row in range(batch.num_rows)]
        for cells in rows:
            number += 1
            yield f"{name} row {number}", cells


def _parquet_row(batch: Any) -> dict[str, Any] | BadRow:
    try:
        return batch.to_pylist()[0]
    except UnicodeDecodeError as error:
        return BadRow("not_utf8", str(error))


def peeked(rows: Cells) -> tuple[list[str], Cells]:
    """The columns of rows that name their own, from the first of them; none are lost."""
    head = list(islice(rows, PEEK))
    columns = dict.fromkeys(key for _, cells in head if isinstance(cells, dict) for key in cells)
    return list(columns), chain(head, rows)
