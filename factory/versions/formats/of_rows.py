"""Forms that say what the rows say, in other columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from factory.versions.content import ContentDigest
from factory.versions.folder import shards_of
from factory.versions.layout import Shards
from factory.versions.splits import Split

AT_ONCE = 500
"""Rows in memory at once."""
NAMES = {"user": "human", "assistant": "gpt"}
"""Roles as ShareGPT calls them; others keep their names."""


def prompt_completion(rows: pl.DataFrame) -> pl.DataFrame:
    """TRL's conversational `prompt` and `completion`: all turns but the last, and the last."""
    turns = pl.col("messages")
    own = rows.select(prompt=turns.list.head(turns.list.len() - 1), completion=turns.list.tail(1))
    return own.hstack(rows.drop("messages", *own.columns, strict=False))


def sharegpt(rows: pl.DataFrame) -> pl.DataFrame:
    """ShareGPT's `conversations` of `from` and `value`; a first turn of the system in `system`."""
    turns = pl.col("messages")
    first = turns.list.first()
    begins = first.struct.field("role") == "system"
    rest = pl.when(begins).then(turns.list.slice(1)).otherwise(turns)
    role, text = pl.element().struct.field("role"), pl.element().struct.field("content")
    turn = pl.struct(role.replace(NAMES).alias("from"), text.alias("value"))
    own = rows.select(
        conversations=rest.list.eval(turn),
        system=pl.when(begins).then(first.struct.field("content")),
    )
    return own.hstack(rows.drop("messages", *own.columns, strict=False))


OF_ROWS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "prompt_completion": prompt_completion,
    "sharegpt": sharegpt,
}
"""What turns rows into each form."""


def written(
    folder: Path, form: str, tables: Iterable[pl.DataFrame], split: Split
) -> dict[str, int]:
    """Write a form's tables, split like the rows; returns the rows of each split.

    Where there is no row, nothing is left of the form.
    """
    with Shards(folder, ContentDigest(), split, form) as shards:
        for table in tables:
            if table.height:
                shards.add(table)
    if not shards.rows:
        (folder / form).rmdir()
    return shards.rows


def of_rows(folder: Path, form: str, split: Split) -> dict[str, int]:
    """Write a form of the rows that a version's folder has; returns the rows of each split."""
    return written(folder, form, map(OF_ROWS[form], each(folder)), split)


def each(folder: Path) -> Iterator[pl.DataFrame]:
    """The rows of a version, some at a time: one split after the other, in their order."""
    import pyarrow.parquet as pq

    for file in shards_of(folder):
        with pq.ParquetFile(file) as shard:
            for batch in shard.iter_batches(AT_ONCE):
                rows = pl.from_arrow(batch)
                assert isinstance(rows, pl.DataFrame)
                yield rows
