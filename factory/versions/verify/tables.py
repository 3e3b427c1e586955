"""Tables of a version, read so that wrong bytes are an error and never a crash or a wrong row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
from polars.exceptions import PanicException, PolarsError

from factory.versions.verify.fault import Fault, rows

WRONG_BYTES = (OSError, ValueError, MemoryError, pa.ArrowException, PolarsError, PanicException)
"""What readers say of wrong bytes."""
READ_BYTES = 1 << 20
"""Bytes of a column that are read at once: else all of a row group's."""
NARROW = 64
"""Rows read at once where the damaged ones are looked for."""


class Group(NamedTuple):
    """A row group of a table."""

    file: Path
    number: int
    start: int
    """Place of its first row in the file."""
    rows: int
    size: int
    """Bytes of its columns, not compressed."""


def groups(file: Path) -> tuple[list[Group], Any]:
    """The row groups of a table, and its schema."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        told, start, found = table.metadata, 0, []
        for number in range(told.num_row_groups):
            group = told.row_group(number)
            found.append(Group(file, number, start, group.num_rows, group.total_byte_size))
            start += group.num_rows
        return found, table.schema_arrow


def pieces(
    file: Path,
    at_once: int,
    columns: list[str] | None = None,
    *,
    group: int | None = None,
    careful: bool = True,
) -> Iterator[pl.DataFrame]:
    """Rows of a table, or of one of its row groups, so many at once; `careful` where its bytes may
    be wrong."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        own = None if group is None else [group]
        for batch in table.iter_batches(
            at_once, row_groups=own, columns=columns, use_threads=False
        ):
            # Wrong bytes can make lengths that are none, and texts that are no UTF-8.
            if careful:
                pa.Table.from_batches([batch]).validate(full=True)
            rows: Any = pl.from_arrow(batch)
            yield rows


def whole(file: Path, columns: list[str] | None = None) -> pl.DataFrame | None:
    """All rows of a table; None where it is not there, or cannot be read: others say so."""
    try:
        found = list(pieces(file, 100_000, columns))
        return pl.concat(found) if found else pl.read_parquet(file, columns=columns)
    except WRONG_BYTES:
        return None


def damage(file: Path, name: str) -> Iterator[Fault]:
    """Which rows of a table cannot be read, where its content is another than it should be."""
    try:
        found, _ = groups(file)
    except WRONG_BYTES as error:
        yield unreadable(name, 0, ["all"], error, "a Parquet file")
        return
    for group in found:
        first, said = readable(group)
        if said:
            yield unreadable(name, group.start + first, ["?"] * (group.rows - first), said)


def readable(group: Group) -> tuple[int, str | None]:
    """How many rows of a row group can be read in all columns, and what stands against the next."""
    first, said = group.rows, None
    for column in _columns(group):
        place, words = _of_column(group, column)
        if words and (place < first or said is None):
            first, said = min(first, place), f"{column}: {words}"
    return min(first, max(0, group.rows - 1)), said


def _columns(group: Group) -> list[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(group.file) as table:
        return [table.schema.column(n).path for n in range(len(table.schema))]


def _of_column(group: Group, column: str) -> tuple[int, str | None]:
    import pyarrow.parquet as pq

    done = 0
    try:
        with pq.ParquetFile(group.file, page_checksum_verification=True) as table:
            for batch in table.iter_batches(
                NARROW, row_groups=[group.number], columns=[column], use_threads=False
            ):
                batch.validate(full=True)
                done += batch.num_rows
    except WRONG_BYTES as error:
        return done, str(error)
    return done, None


def unreadable(
    name: str,
    start: int,
    ids: Sequence[str],
    error: Exception | str,
    wanted: str = "pages that can be read",
) -> Fault:
    """The fault of rows that follow each other and cannot be read."""
    words = " ".join(str(error).split())
    return Fault(name, rows(start, ids), wanted, words[:200] or type(error).__name__)
