"""The texts of chosen draws, in order and in little memory: spread over files, sorted file by file.

Draws lie in the order in which they were finished, a dataset has an order of its own, and its texts
do not fit into memory. One pass over the shards puts each chosen draw into the bucket of its place;
then one bucket after the other is read, sorted and freed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.store.draws import Draws
from factory.versions.ahead import ahead

BUCKET_TOKENS = 4_000_000
"""Tokens of the draws in a bucket: about 16 MB of text."""
BUCKETS = 256
"""Buckets at most, since each is an open file while they are filled: larger datasets have larger
ones."""
UNKNOWN_TOKENS = 4000
"""What a draw counts as whose tokens nobody counted."""
AT_ONCE = 2000
"""Draws whose texts are in memory at once, on their way."""


def gather(
    draws: Draws, chosen: pl.DataFrame, columns: Sequence[str], scratch: Path
) -> Iterator[pl.DataFrame]:
    """The rows of `chosen`, in their order, with these columns of their draws: a bucket at a time.

    Args:
        chosen: with `sample_id` and `completion_tokens`; what it has of `columns` is replaced.
        columns: of `SAMPLE`.
        scratch: a folder for the buckets; it is gone at the end.

    Yields:
        At least one table, without rows where nothing is chosen.

    Raises:
        StageError: a draw is not there, or a shard is damaged.
    """
    bucket = _buckets(chosen["completion_tokens"])
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    places = chosen.select("sample_id", bucket.alias("bucket"), place=place)
    own = chosen.drop(columns, strict=False)
    shutil.rmtree(scratch, ignore_errors=True)  # left by a crash
    scratch.mkdir(parents=True)
    try:
        _spread(ahead(draws.beside(places, columns, AT_ONCE)), scratch)
        start = 0
        for number, count in places.group_by("bucket", maintain_order=True).len().iter_rows():
            texts = _taken(scratch / f"{number}.arrow")
            if texts is None or texts.height != count:
                raise StageError(
                    f"{draws.place}: of {count:,} chosen draws "
                    f"{texts.height if texts is not None else 0:,} were found. Run the stage "
                    "samples again: it draws what is missing"
                )
            yield own.slice(start, count).hstack(texts.sort("place").select(columns))
            start += count
        if not start:
            yield own.hstack(draws.read(columns, places))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _buckets(tokens: pl.Series) -> pl.Series:
    """The number of each row's bucket, from 0 and without gaps."""
    so_far = tokens.fill_null(UNKNOWN_TOKENS).cast(pl.Int64).cum_sum()
    total = so_far[-1] if so_far.len() else 0
    return (so_far // max(BUCKET_TOKENS, total // BUCKETS + 1)).rle_id()


def _spread(pieces: Iterator[pl.DataFrame], scratch: Path) -> None:
    import pyarrow as pa

    with ExitStack() as files:
        writers: dict[int, Any] = {}
        for rows in pieces:
            rows = rows.sort("bucket", maintain_order=True)
            table = rows.drop("bucket").to_arrow()
            for bucket, start, count in _runs(rows["bucket"]):
                if bucket not in writers:
                    file = files.enter_context((scratch / f"{bucket}.arrow").open("wb"))
                    writer = pa.ipc.new_stream(file, table.schema)
                    writers[bucket] = files.enter_context(writer)
                writers[bucket].write_table(table.slice(start, count))


def _runs(buckets: pl.Series) -> Iterator[tuple[int, int, int]]:
    """Of each bucket of sorted rows, where it starts, and how many it has."""
    start = 0
    for count, bucket in buckets.rle().struct.unnest().iter_rows():
        yield bucket, start, count
        start += count


def _taken(bucket: Path) -> pl.DataFrame | None:
    """The rows of a bucket, which is then gone."""
    if not bucket.exists():
        return None
    rows = pl.read_ipc_stream(bucket)
    bucket.unlink()
    return rows
