"""The types of a version's columns: fixed by name, so that all shards and all versions share them.

A column without a value in the first rows would else get no type, and `datasets` could join the
files with nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from factory.errors import StageError
from factory.records import SAMPLE, TURNS
from filters import FILTERS

KINDS: dict[str, pl.DataType] = {
    "messages": TURNS,
    "prompt_id": pl.String(),
    "sample_id": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "license": pl.String(),
    "reference": pl.String(),
    "verifier": pl.String(),
    "answer": pl.String(),
    "teacher": pl.String(),
    "teacher_digest": pl.String(),
    "completion_tokens": SAMPLE["completion_tokens"],
}
"""The columns that every row has (`told.ROW`), each with its type."""
UNIQUE = ("sample_id", "prompt_id", "reference", "answer")
"""Columns of text with another value in most rows: a dictionary of them would change with each."""


def schema_of(table: pl.DataFrame) -> pl.Schema:
    """The types in which rows like these are stored: a column's own, unless its name says another.

    What measures are of is fixed by the filters; a column that has no type, being empty, is text.
    """
    measured = {name: kind for f in FILTERS.values() for name, kind in f.columns.items()}
    known = {**measured, **KINDS}
    kinds: dict[str, pl.DataType] = {}
    for name, own in table.schema.items():
        wanted = known.get(name, own)
        if own.is_nested() and name in known:  # turns may have more than a role and a content
            wanted = own
        kinds[name] = pl.String() if wanted == pl.Null else wanted
    return pl.Schema(kinds)


def as_stored(table: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The rows in these types and this order of columns.

    Raises:
        StageError: they have other columns, or a value that its type cannot hold.
    """
    if table.schema == schema:
        return table
    if different := set(table.columns) ^ set(schema):
        raise StageError(
            f"rows of one version have different columns: {', '.join(sorted(different))} "
            "stand in some and lack in others"
        )
    try:
        return table.select(pl.col(name).cast(kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        raise StageError(f"rows of one version have different types: {error}") from None


def repeating(schema: pl.Schema) -> list[str]:
    """The Parquet columns whose values come again: all but texts and ids, by their paths."""
    return [
        path
        for name, kind in schema.items()
        if name not in UNIQUE
        for path, leaf in _leaves(name, kind)
        if leaf != pl.String or path == name or path.endswith(".role")
    ]


def _leaves(path: str, kind: pl.DataType) -> Iterator[tuple[str, pl.DataType]]:
    if isinstance(kind, pl.List | pl.Array):
        inner = kind.inner
        yield from _leaves(f"{path}.list.element", inner() if isinstance(inner, type) else inner)
    elif isinstance(kind, pl.Struct):
        for field in kind.fields:
            inner = field.dtype
            inner = inner() if isinstance(inner, type) else inner
            yield from _leaves(f"{path}.{field.name}", inner)
    else:
        yield path, kind
