"""Finished draws, each kept exactly once: a journal, sealed into Parquet shards."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import orjson
import polars as pl

from factory.errors import StageError
from factory.records import SAMPLE, now
from factory.store import journal
from factory.store.draws import Draws
from factory.store.journal import Journal, sync_folder
from factory.store.shards import ALL, Shards, write_text, write_through

SEAL_ROWS = 5000
SEAL_BYTES = 64 * 2**20
"""A journal of so many rows, or of so many bytes, becomes a shard."""
PIECE_BYTES = 2**20
"""Bytes of rows that become a table in one go: about 10 ms of work."""
UNSYNCED_SECONDS = 1.0
"""Longest time that a finished draw may be lost to a power failure."""


class Store:
    """A folder of draws. Rows are appended to `journal-N`; a full one becomes `part-N.parquet`.

    A row is safe from `kill -9` when `append` returns, and from power loss within
    `UNSYNCED_SECONDS` if `sync` is called that often. Appends, syncs and renames only, so that it
    works on network file systems. No row stays in memory, and shards are written beside the
    appending, by a thread. What failed goes to `failures.jsonl`, for people.
    """

    def __init__(
        self,
        folder: Path,
        shards: Path | str | None = None,
        rounds: Path | Sequence[pl.DataFrame] = (),
        seal_rows: int = SEAL_ROWS,
        seal_bytes: int = SEAL_BYTES,
    ):
        """Open the folder, and take up what a crash left.

        Args:
            folder: of journals.
            shards: where sealed draws go, any fsspec address; left out: into `folder`.
            rounds: folder of later verdicts, which `table` lays over the draws' own.
            seal_rows, seal_bytes: of a journal that becomes a shard.
        """
        import pyarrow.parquet  # noqa: F401 (if a seal were the first to, it would hold up sampling)

        self.folder, self.seal_rows, self.seal_bytes = folder, seal_rows, seal_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self.shards = Shards(shards or folder)
        self.draws = Draws(shards or folder, rounds)
        self._sealing: Thread | None = None
        self._trouble: BaseException | None = None
        self._noting = Lock()
        try:
            number = self._taken_up()
            self._journal = Journal(folder / f"journal-{number:05}")
        except OSError as error:
            raise self._full(error) from error
        self._synced = time.monotonic()

    def _taken_up(self) -> int:
        """Finish what a crash left; the number of the journal that is to be written on."""
        for scrap in self.folder.glob("*.tmp"):
            scrap.unlink()
        shards = set(self.shards.numbers())
        journals = sorted(_number(path) for path in self.folder.glob("journal-*"))
        newest = max([*shards, *journals], default=-1)
        goes_on = newest in journals and newest not in shards
        for number in journals:
            # A newer one was begun, and the crash came before this was sealed; or before it was
            # removed. Then its shard is written anew: not every file system puts one in one go.
            if number != newest or not goes_on:
                self._shard(self.folder / f"journal-{number:05}")
        return newest if goes_on else newest + 1

    def append(self, row: Mapping[str, Any]) -> None:
        """Keep one finished draw.

        Raises:
            StageError: when the disk is full or broken. What was kept before stays kept.
        """
        self._stop_if_broken()
        try:
            self._journal.append(row)
        except OSError as error:
            raise self._full(error) from error
        if time.monotonic() - self._synced > UNSYNCED_SECONDS:
            self.sync()
        if self._journal.rows >= self.seal_rows or self._journal.bytes >= self.seal_bytes:
            self.seal()

    def failed(self, sample_id: str, attempt: int, reason: str, message: str) -> None:
        """Note an attempt that brought no draw.

        Raises:
            StageError: when the disk is full or broken.
        """
        told = {"at": now(), "sample_id": sample_id}
        line = orjson.dumps(told | {"attempt": attempt, "reason": reason, "message": message})
        try:
            with (self.folder / "failures.jsonl").open("ab", buffering=0) as file:
                file.write(line + b"\n")
        except OSError as error:
            raise self._full(error) from error

    def note_seconds(self, account: str, seconds: float) -> None:
        """Note how long a teacher's draws have taken, over all sittings; from any thread.

        Raises:
            StageError: when the disk is full or broken; then no draw is kept any more either.
        """
        try:
            with self._noting:
                told = {**self._seconds(), account: round(seconds, 1)}
                write_text(orjson.dumps(told).decode(), self._seconds_file)
        except OSError as error:
            self._trouble = error
            raise self._full(error) from error

    def seconds(self, account: str) -> float:
        """How long a teacher's draws have taken, over all sittings."""
        return self._seconds().get(account, 0.0)

    @property
    def _seconds_file(self) -> Path:
        return self.folder / "seconds.json"

    def _seconds(self) -> dict[str, float]:
        file = self._seconds_file
        return orjson.loads(file.read_bytes()) if file.exists() else {}

    def sync(self) -> None:
        """Put on disk what was appended; from any thread.

        Raises:
            StageError: when the disk is full or broken. The system tells of that once, and may have
                dropped what it could not write, so no draw is kept any more either.
        """
        try:
            self._journal.sync()
        except OSError as error:
            self._trouble = error
            raise self._full(error) from error
        self._synced = time.monotonic()

    @property
    def unsynced(self) -> bool:
        """Whether a row would be lost to a power failure now."""
        return self._journal.unsynced

    def seal(self, wait: bool = False) -> None:
        """Begin another journal and turn this one into a shard; `wait` until that is done."""
        full = self._journal
        if full.rows:
            self._wait()
            try:
                self._journal = Journal(self.folder / f"journal-{_number(full.file) + 1:05}")
            except OSError as error:
                raise self._full(error) from error
            self._sealing = Thread(target=self._seal, args=(full,), name="seal")
            self._sealing.start()
        if wait:
            self._wait()

    def close(self) -> None:
        """Seal what is left; the folder is free again."""
        self.seal(wait=True)
        self._journal.close()
        self._journal.file.unlink()

    def table(self, columns: Sequence[str] = ALL) -> pl.DataFrame:
        """All draws kept, sealed or not, with the verdicts that count now."""
        self._wait()
        rows = ({c: row.get(c) for c in columns} for row in journal.read(self._journal.file))
        schema = {column: SAMPLE[column] for column in columns}
        fresh = pl.DataFrame(list(rows), schema=schema)
        return pl.concat([self.draws.read(columns), fresh])

    def _seal(self, full: Journal) -> None:
        try:
            full.close()
            self._shard(full.file)
        except BaseException as error:
            self._trouble = error

    def _shard(self, file: Path) -> None:
        # In small pieces: making a table of rows is one call, which no other thread gets through.
        pieces = (pl.DataFrame(rows, SAMPLE) for rows in journal.in_pieces(file, PIECE_BYTES))
        whole = pl.concat([pl.DataFrame(schema=SAMPLE), *pieces])
        self.shards.write(_number(file), whole)
        file.unlink()
        sync_folder(self.folder)

    def _wait(self) -> None:
        if self._sealing:
            self._sealing.join()
            self._sealing = None
        self._stop_if_broken()

    def _stop_if_broken(self) -> None:
        if self._trouble:
            trouble, self._trouble = self._trouble, None
            raise self._full(trouble) from trouble

    def _full(self, error: BaseException) -> StageError:
        return StageError(
            f"{self.folder}: draws cannot be kept any more ({error}). Those so far are safe; make "
            "room on the disk and run the same command again."
        )


def _number(journal: Path) -> int:
    return int(journal.name.removeprefix("journal-"))


def write_table(table: pl.DataFrame, file: Path) -> None:
    """Write a Parquet file that after a crash is there whole, or not at all."""
    temporary = file.with_name(file.name + ".tmp")
    table.write_parquet(temporary, compression="zstd")
    write_through(temporary, file)
