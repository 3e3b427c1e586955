"""Finished draws, each kept exactly once: a journal, sealed into Parquet shards."""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from factory.records import SAMPLE

FRAME = struct.Struct("<II")
"""Before each row in the journal: length and CRC-32 of its JSON."""


class Store:
    """A folder of draws. Rows are appended to `journal-N`; a full journal becomes `part-N.parquet`.

    A row is safe from `kill -9` when `append` returns and from power loss a second later. Appends,
    syncs and renames only, so that it works on network file systems.
    """

    def __init__(self, folder: Path, seal_rows: int = 5000):
        self.folder, self.seal_rows = folder, seal_rows
        folder.mkdir(parents=True, exist_ok=True)
        self.number = len(list(folder.glob("part-*.parquet")))
        # A journal whose shard stands was sealed; the crash came before it was removed.
        for journal in folder.glob("journal-*"):
            if int(journal.name.rsplit("-", 1)[1]) < self.number:
                journal.unlink()
        self.rows = list(self._recover())
        self._file = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        _sync_folder(folder)
        self._synced = time.monotonic()

    @property
    def _journal(self) -> Path:
        return self.folder / f"journal-{self.number:05}"

    def _recover(self) -> Iterator[dict[str, Any]]:
        """The rows of the journal; a torn tail, which a crash leaves, is cut off."""
        if not self._journal.exists():
            return
        content = self._journal.read_bytes()
        position = 0
        while position + FRAME.size <= len(content):
            length, checksum = FRAME.unpack_from(content, position)
            body = content[position + FRAME.size : position + FRAME.size + length]
            # A power failure may leave zeros, whose checksum is that of an empty row.
            if not length or len(body) < length or zlib.crc32(body) != checksum:
                break
            yield orjson.loads(body)
            position += FRAME.size + length
        if position < len(content):
            os.truncate(self._journal, position)

    def append(self, row: Mapping[str, Any]) -> None:
        """Keep one finished draw."""
        body = orjson.dumps(row)
        frame = FRAME.pack(len(body), zlib.crc32(body)) + body
        written = os.write(self._file, frame)
        if written < len(frame):
            # The disk is full: cut the torn frame off, so that nothing half-written is ever read.
            os.truncate(self._journal, os.fstat(self._file).st_size - written)
            raise OSError(f"{self._journal}: only {written} of {len(frame)} bytes could be written")
        self.rows.append(dict(row))
        if time.monotonic() - self._synced > 1:
            self.sync()
        if len(self.rows) >= self.seal_rows:
            self.seal()

    def sync(self) -> None:
        """Put on disk what was appended."""
        os.fdatasync(self._file)
        self._synced = time.monotonic()

    def seal(self) -> None:
        """Turn the journal into a Parquet shard."""
        if not self.rows:
            return
        rows = pl.DataFrame(self.rows, schema=SAMPLE)
        write_table(rows, self.folder / f"part-{self.number:05}.parquet")
        os.close(self._file)
        self._journal.unlink()
        self.number += 1
        self.rows = []
        self._file = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        _sync_folder(self.folder)

    def close(self) -> None:
        """Seal what is left and let go of the folder."""
        self.seal()
        os.close(self._file)
        self._journal.unlink()

    def table(self) -> pl.DataFrame:
        """All draws kept, sealed or not."""
        return pl.concat([read(self.folder), pl.DataFrame(self.rows, schema=SAMPLE)])


def read(folder: Path) -> pl.DataFrame:
    """The sealed draws of a folder, read without touching it."""
    shards = sorted(folder.glob("part-*.parquet"))
    empty = pl.DataFrame(schema=SAMPLE)
    return pl.concat([empty, *(pl.read_parquet(shard) for shard in shards)])


def write_table(table: pl.DataFrame, file: Path) -> None:
    """Write a Parquet file that after a crash is there whole, or not at all."""
    temporary = file.with_name(file.name + ".tmp")
    table.write_parquet(temporary, compression="zstd")
    write_through(temporary, file)


def write_through(temporary: Path, final: Path) -> None:
    """Give a written file its name so that after a crash it is there whole, or not at all."""
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    temporary.rename(final)
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
