"""The parts of a mix, read: a version's own files, or anybody's table in our columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.hub.place import local, on_the_hub
from factory.recipe.mix import HUB, MixPart
from factory.records import sha256
from factory.run_folder import RunFolder
from factory.versions import manifest as manifests
from factory.versions.folder import MANIFEST, manifest_of, shards_of
from factory.versions.manifest import Manifest
from factory.versions.mix.others import Taken, table_of

AT_ONCE = 1000
"""Rows in memory at once."""
VERSION_FILES = [MANIFEST, "data/*"]
"""What is fetched of a version on the Hub."""


@dataclass(frozen=True)
class Read:
    """A part whose rows can be read, from the top each time."""

    part: MixPart
    files: list[Path]
    """Parquet, in our columns."""
    schema: dict[str, Any]
    """Columns of its rows as the mix has them."""
    digest: str
    """Of the version, or of the rows that were read."""
    rows: int
    manifest: Manifest | None = None
    """Of a version; others have none."""
    unread: dict[str, str] | None = None
    """Place of each row that could not be read, and why."""
    revision: str | None = None
    """Commit, tag or branch on the Hub, as it was named."""

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows that say which part they are of, where that came from, and under what licence."""
        part = self.part
        known = {"generator": "teacher", "domain": "domain", "language": "language"}
        own = {
            column: pl.col(column).fill_null(pl.lit(value))
            for key, column in known.items()
            if (value := getattr(part, key)) is not None
        }
        if part.license:
            own["license"] = pl.lit(part.license)
        if "origin" not in rows.columns:
            own["origin"] = pl.lit(self.digest)
        return rows.with_columns(part=pl.lit(part.name), **own)


def read(part: MixPart, home: Path, scratch: Path, say: Callable[[str], None]) -> Read:
    """Find a part's rows.

    Args:
        part: as the mix file names it.
        home: folder that its relative paths start from.
        scratch: a folder for its rows, where they are not in our columns.
        say: is told which columns were taken for what, and what could not be read.

    Raises:
        RecipeError: it is not there, or its columns are not known.
        StageError: it is no longer what its manifest says.
    """
    revision = None
    if named := on_the_hub(part.place):
        revision, folder = named.revision, local(part.place, [MANIFEST])
        if manifest_of(folder).exists():
            return _version(part, local(part.place, VERSION_FILES), revision)
    elif (folder := _version_in(home / part.place)) is not None:
        return _version(part, folder, None)
    taken: Taken = table_of(part, home, scratch, say)
    if taken.unread:
        place, why = next(iter(taken.unread.items()))
        say(f"{part.name}: {len(taken.unread):,} rows could not be read; the first: {place}: {why}")
    schema = _schema(taken.files, part.name)
    return Read(part, taken.files, schema, taken.digest, taken.rows, None, taken.unread, revision)


def pieces(part: Read, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a part in their order, some at a time; columns that it lacks are left out."""
    import pyarrow.parquet as pq

    for file in part.files:
        with pq.ParquetFile(file) as shard:
            there = shard.schema_arrow.names
            wanted = None if columns is None else [name for name in columns if name in there]
            for batch in shard.iter_batches(AT_ONCE, columns=wanted):
                rows = pl.from_arrow(batch)
                assert isinstance(rows, pl.DataFrame)
                yield rows


def shown(place: str) -> str:
    """A place as a published version may name it: no folders of this machine."""
    return place if place.startswith(HUB) else Path(place).name


def _version_in(path: Path) -> Path | None:
    """The version that a folder is, or the current one of the run that it is; None for neither."""
    if not path.is_dir():
        return None
    if manifest_of(path).exists():
        return path
    run = RunFolder(path)
    return run.current_version() if run.noted_recipe.exists() else None


def _version(part: MixPart, folder: Path, revision: str | None) -> Read:
    told = manifests.read(folder)
    files = shards_of(folder, part.split)
    for file in files:
        _is_as_told(file, folder, told)
    if not files:
        raise StageError(f"{part.name}: {shown(part.place)} has no rows of the split {part.split}")
    rows = told.splits.get(part.split, 0)
    return Read(part, files, _schema(files, part.name), told.digest, rows, told, revision=revision)


def _is_as_told(file: Path, folder: Path, told: Manifest) -> None:
    name = str(file.relative_to(folder))
    if name not in told.files or told.files[name].sha256 != sha256(file):
        raise StageError(
            f"{folder.name}: {name} is not what its manifest says; `factory verify` says where. "
            "Take the version from where it came"
        )


def _schema(files: list[Path], name: str) -> dict[str, Any]:
    if not files:
        raise StageError(f"{name}: none of its rows could be read")
    return dict(pl.read_parquet_schema(files[0]))
