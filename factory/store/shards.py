"""Shards: sealed draws as Parquet files with checksums, in a folder or at any fsspec address."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError, StageError
from factory.records import SAMPLE
from factory.store.journal import sync_folder

ALL = tuple(SAMPLE)
NAME = re.compile(r"part-(\d+)\.parquet")


class Shards:
    """The files `part-N.parquet` of a place, as `runs/mine/samples/draws` or `s3://bucket/draws`.

    In a folder a shard gets its name when it is whole. Elsewhere it is put under its name in one
    go: renaming would copy it, and object stores show no half of what is put.
    """

    def __init__(self, place: Path | str):
        """Raises RecipeError for an address of a kind that fsspec, as installed, does not know."""
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem

        self.place = str(place)
        try:
            self._files, self._root = url_to_fs(self.place)
        except (ImportError, ValueError) as error:
            raise RecipeError(
                f"{place}: no place for draws that is known here ({error})"
            ) from error
        self._local = isinstance(self._files, LocalFileSystem)
        self._files.makedirs(self._root, exist_ok=True)

    def numbers(self) -> list[int]:
        """The numbers of the shards there are, in order."""
        self._files.invalidate_cache()
        try:  # listed, not globbed: a folder may be called `run[1]`
            there = self._files.ls(self._root, detail=False)
        except FileNotFoundError:  # an object store has no empty folders
            return []
        names = (str(path).rsplit("/", 1)[-1] for path in there)
        return sorted(int(found[1]) for name in names if (found := NAME.fullmatch(name)))

    def write(self, number: int, rows: pl.DataFrame) -> None:
        """Write a shard with a checksum for each page; after a crash it is whole, or not there.

        Raises:
            OSError: when it cannot be written; nothing of it is left then.
        """
        if self._local:
            _write(rows, Path(self._name(number)))
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "shard.parquet"
            _write(rows, file)
            self._files.put_file(str(file), self._name(number))

    def each(
        self, columns: Sequence[str] = ALL, ids: Container[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """The draws of one shard after the other; checksums are checked on the way.

        Args:
            columns: only these are read.
            ids: only these draws, and of a shard without any of them nothing but its ids is read.
                None: all.

        Raises:
            StageError: when a shard is damaged, naming it.
        """
        for number in self.numbers():
            rows = self._read(self._name(number), columns, ids)
            if rows is not None:
                yield rows

    def _name(self, number: int) -> str:
        return f"{self._root}/part-{number:05}.parquet"

    def _read(
        self, name: str, columns: Sequence[str], ids: Container[str] | None
    ) -> pl.DataFrame | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted: list[bool] | None = None
        try:
            with (
                self._files.open(name, "rb") as content,
                pq.ParquetFile(content, page_checksum_verification=True) as file,
            ):
                there = [column for column in columns if column in file.schema_arrow.names]
                if ids is not None:
                    there_are = file.read(columns=["sample_id"])["sample_id"].to_pylist()
                    wanted = [id in ids for id in there_are]
                    if not any(wanted):
                        return None
                table: Any = pl.from_arrow(file.read(columns=there))
        except (pa.ArrowException, OSError) as error:
            raise StageError(
                f"{name}: the shard is damaged ({str(error).splitlines()[0]}). Restore it from a "
                "copy, or move it away: its draws are then made again"
            ) from error
        table = table.cast({column: SAMPLE[column] for column in there})
        return table if wanted is None or all(wanted) else table.filter(wanted)


def among(table: pl.DataFrame, rows: Any) -> pl.DataFrame:
    """The rows of a large table whose `sample_id` is among those of a few rows."""
    # The few are on the right: that side is hashed, for each shard anew.
    return table.join(rows.select("sample_id"), on="sample_id", how="semi", maintain_order="left")


def _write(rows: pl.DataFrame, file: Path) -> None:
    import pyarrow.parquet as pq

    temporary = file.with_name(file.name + ".tmp")
    try:
        pq.write_table(
            rows.to_arrow(),
            temporary,
            compression="zstd",
            write_page_checksum=True,
            store_schema=False,  # polars' large lists, which `datasets` would not join with others
        )
        write_through(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(text: str, file: Path) -> None:
    """Write a small file that after a crash is there whole, or not at all."""
    temporary = file.with_name(file.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    write_through(temporary, file)


def write_through(temporary: Path, final: Path) -> None:
    """Give a written file its name so that after a crash it is there whole, or not at all."""
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    temporary.rename(final)
    sync_folder(final.parent)


def sync(folder: Path) -> None:
    """Put a folder on disk, with all files and folders in it, and its own name."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
    sync_folder(folder)
    sync_folder(folder.parent)
