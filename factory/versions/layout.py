"""How rows lie in Parquet files: one schema for all, small changes of content, small changes of
bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import polars as pl

from factory.records import ROWS_AT_ONCE, TURNS, canonical, text_digests
from factory.versions.columns import as_stored, repeating, schema_of
from factory.versions.content import ContentDigest
from factory.versions.folder import DEFAULT, shard_of
from factory.versions.placement import Placement

SHARD_ROWS = 1_000_000
SHARD_BYTES = 500 * 10**6
"""Rows, and about so many bytes of text, in a file at most."""
GROUP_BYTES = 64 * 10**6
"""Bytes of text in a row group: the Hub's viewer takes no more than 300 MB, and a small one costs
more when a column is added."""
CHUNKS = {"min_chunk_size": 1024, "max_chunk_size": 2 * 1024, "norm_level": 0}
"""Bytes of a page, before it is encoded: pages end where the content says so, so that what stays
the same keeps its bytes. So few that a trace is a page of its own: pages of several traces fall out
of step behind a row that is gone (`benchmarks/reupload.py`)."""
INDEX = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "split": pl.String(),
    "shard": pl.Int32(),
    "digest": pl.Binary(),
    "text": pl.Binary(),
}
"""A row of the index: `shard` is the number of its file in its split, `digest` that of the row,
`text` that of its conversation alone, so that whoever compares versions need not read texts."""


@dataclass(frozen=True)
class Digested:
    """Rows that are ready to be written."""

    rows: pl.DataFrame
    """As they are stored."""
    index: pl.DataFrame
    """As `INDEX`, but for the shard."""
    size: int
    """Bytes of all as JSON."""


class Shards:
    """Writes a version's rows, in the order in which they come; a context."""

    def __init__(
        self,
        folder: Path,
        content: ContentDigest,
        split: Callable[[pl.DataFrame], pl.Series] | None = None,
        form: str = DEFAULT,
        placement: Placement | None = None,
    ) -> None:
        self._folder, self._content, self._split, self._form = folder, content, split, form
        self._placement = placement or Placement()
        self._schema: pl.Schema | None = None
        self._open: dict[str, _Split] = {}
        self._index: list[pl.DataFrame] = []

    def __enter__(self) -> Self:
        (self._folder / self._form).mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        for split in self._open.values():
            split.close()

    def add(self, table: pl.DataFrame) -> None:
        """Write rows behind those that came before."""
        self.write(self.digested(table))

    def digested(self, table: pl.DataFrame) -> Digested:
        """Take rows into the digest, in the types of those that came before."""
        self._schema = self._schema or schema_of(table)
        table = as_stored(table, self._schema)
        digests, size = self._content.add(table)
        names = self._split(table) if self._split else pl.repeat("train", table.height, eager=True)
        told = table.select("sample_id", prompt_id=_or_null(table, "prompt_id"))
        index = told.with_columns(split=names, digest=digests, text=conversations(table))
        return Digested(table, index, size)

    def write(self, told: Digested) -> None:
        """Write what was digested; one thread may do so while another digests."""
        table, index, names = told.rows, told.index, told.index["split"]
        stays = self._placement.taken(index["sample_id"], names)
        each = told.size / max(1, table.height)
        for name in names.unique(maintain_order=True) if table.height else ["train"]:
            own = names == name
            if name not in self._open:
                self._open[name] = _Split(self._folder, name, self._form)
            if not table.height:
                self._open[name].add(table, stays, each)
                continue
            numbers = self._open[name].add(table.filter(own), stays.filter(own), each)
            self._index.append(index.filter(own).with_columns(shard=numbers))

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each split."""
        return {name: split.rows for name, split in self._open.items()}

    def index(self) -> pl.DataFrame:
        """A row for each row, as `INDEX`."""
        parts = (part.select(list(INDEX)) for part in self._index)
        return pl.concat([pl.DataFrame(schema=INDEX), *parts])


class _Split:
    """The files of one split."""

    def __init__(self, folder: Path, name: str, form: str) -> None:
        self._folder, self._name, self._form = folder, name, form
        self._writer: Any = None
        self._stay: int | None = None
        self._shard_rows, self._shard_bytes, self._shards = 0, 0.0, 0
        self._group: list[pl.DataFrame] = []
        self._group_bytes = 0.0
        self.rows = 0

    def add(self, table: pl.DataFrame, stays: pl.Series, each: float) -> pl.Series:
        """Write rows of about so many bytes each; returns the number of each row's file."""
        numbers: list[int] = []
        if not table.height and self._writer is None:
            self._next(table)
        for part, stay in _runs(table, stays):
            if self._writer is None or (stay is not None and stay != self._stay):
                self._next(part)
                self._stay = stay
            numbers += self._take(part, each)
        self.rows += table.height
        return pl.Series(numbers, dtype=pl.Int32)

    def _take(self, rows: pl.DataFrame, each: float) -> Iterator[int]:
        """Write rows of one run, into further files where they do not fit into this one."""
        each = max(1.0, each)
        while rows.height:
            room = int((SHARD_BYTES - self._shard_bytes) / each)
            room = min(room, SHARD_ROWS - self._shard_rows)
            if room < 1 and self._shard_rows:
                self._next(rows)
                continue
            room = min(max(1, room), max(1, int((GROUP_BYTES - self._group_bytes) / each)))
            part, rows = rows[:room], rows[room:]
            self._group.append(part)
            self._group_bytes += each * part.height
            self._shard_rows += part.height
            self._shard_bytes += each * part.height
            if self._group_bytes + each > GROUP_BYTES:
                self._flush()
            yield from [self._shards - 1] * part.height

    def _flush(self) -> None:
        """Write the row group that was collected."""
        if self._group:
            self._writer.write_table(_arrow(pl.concat(self._group)))
        self._group, self._group_bytes = [], 0.0

    def _next(self, rows: pl.DataFrame) -> None:
        """Begin another file."""
        self._end()
        self._writer = writer_of(rows, self._unnumbered(self._shards))
        self._shard_rows, self._shard_bytes = 0, 0.0
        self._shards += 1

    def _end(self) -> None:
        if self._writer:
            self._flush()
            self._writer.close()

    def _unnumbered(self, number: int) -> Path:
        return self._folder / self._form / f"{self._name}-{number:05}.parquet"

    def close(self) -> None:
        """End the files and give them their names, which tell how many there are."""
        self._end()
        for number in range(self._shards):
            named = shard_of(self._folder, self._name, number, self._shards, self._form)
            self._unnumbered(number).rename(named)


def _runs(table: pl.DataFrame, stays: pl.Series) -> Iterator[tuple[pl.DataFrame, int | None]]:
    """Pieces of a table whose rows stay in the same file; None: in whatever one is open."""
    start = 0
    for count, stay in stays.rle().struct.unnest().iter_rows():
        yield table[start : start + count], stay
        start += count


def write_plain(rows: pl.DataFrame, file: Path) -> None:
    """Write a table with types that others have."""
    with writer_of(rows, file) as writer:
        writer.write_table(_arrow(rows))


def writer_of(rows: pl.DataFrame, file: Path) -> Any:
    """A writer of such rows. Polars' own Arrow types are not noted in the file: `datasets` would
    read large lists, and join them with nobody else's lists. The chunks are: the Hub goes by that.
    """
    import pyarrow.parquet as pq

    short = repeating(rows.schema)
    writer = pq.ParquetWriter(
        file,
        _arrow(rows[:0]).schema,
        compression="zstd",
        store_schema=False,
        use_dictionary=short,
        write_statistics=short,
        use_content_defined_chunking=CHUNKS,
        write_page_index=True,
        write_page_checksum=True,
    )
    writer.add_key_value_metadata({"content_defined_chunking": json.dumps(CHUNKS)})
    return writer


def _arrow(rows: pl.DataFrame) -> Any:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def conversations(table: pl.DataFrame) -> pl.Series:
    """16 bytes of digest of each row's `messages`; null where rows have none."""
    if "messages" not in table.columns:
        return pl.Series("text", [None] * table.height, dtype=pl.Binary)
    turn = pl.element().struct
    said = pl.concat_str(turn.field("role"), turn.field("content"), separator="\n")
    whole = pl.col("messages").list.eval(said).list.join("\0").fill_null("")
    plain = table.schema["messages"] == TURNS
    found = [pl.Series("text", [], dtype=pl.Binary)]
    for rows in table.select("messages").iter_slices(ROWS_AT_ONCE):
        texts = rows.select(whole).to_series() if plain else canonical(rows)
        found.append(pl.Series("text", text_digests(texts), dtype=pl.Binary))
    return pl.concat(found)


def _or_null(table: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in table.columns else pl.lit(None, pl.String)
