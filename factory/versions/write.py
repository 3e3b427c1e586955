"""Dataset versions: folders that say what is in them and everything that made them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from factory.records import now, sha256
from factory.store.shards import sync, sync_folder, write_text
from factory.versions import manifest as manifests
from factory.versions.ahead import ahead
from factory.versions.content import ContentDigest
from factory.versions.folder import (
    UNFINISHED,
    index_of,
    manifest_of,
    provenance_of,
    version_in,
    versions_in,
)
from factory.versions.layout import Shards, write_plain
from factory.versions.manifest import File, Manifest, Parent
from factory.versions.pages import PAGES, write_pages
from factory.versions.placement import Placement
from factory.versions.provenance import statement
from factory.versions.software import software

NOTHING: Mapping[str, File] = MappingProxyType({})


@dataclass(frozen=True)
class Draft:
    """A version whose rows are written; the rest of its folder is not."""

    folder: Path
    """Where its files lie until it is finished."""
    number: int
    """In its run."""
    digest: str
    """Of its rows."""
    splits: dict[str, int]
    """Rows of each split."""
    made_by: dict[str, Any]
    """All that the rows depend on."""
    parent: Parent | None
    """The version that it takes the place of."""

    @property
    def rows(self) -> int:
        """Rows in all splits."""
        return sum(self.splits.values())

    def manifest(self, **told: Any) -> Manifest:
        """The manifest, of what the draft knows and what else is told; without software and files,
        which come at the end."""
        known = {name: getattr(self, name) for name in ("number", "digest", "splits", "made_by")}
        known |= {"rows": self.rows, "parent": self.parent, "created": now()}
        return Manifest(**known, software={}, files={}, **told)


def write(
    home: Path,
    rows: Callable[[Path], Iterable[pl.DataFrame]],
    made_by: dict[str, Any],
    describe: Callable[[Draft], Manifest],
    *,
    parent: Path | None = None,
    split: Callable[[pl.DataFrame], pl.Series] | None = None,
    placement: Placement | None = None,
) -> tuple[Path, Manifest]:
    """Write the next version into `home`, or find the one that has the same rows and makers.

    It is written under another name and renamed at the end, so nobody ever sees half of one.

    Args:
        home: folder of all versions, v1, v2, …
        rows: gives what the dataset consists of, in tables, at least one; they are written as they
            come. It may use the folder that it is given, which is gone at the end.
        made_by: all that the rows depend on, and nothing else. A version with the same rows and
            another `made_by` is another version.
        describe: writes further files into the draft's folder and says what its manifest says, but
            for software and files.
        parent: the version that this one takes the place of.
        split: names the split of each row; left out: all are `train`.
        placement: where rows of the parent stay, for rows in the order that it was made for
            (`factory/versions/placement.py`); left out: rows lie as they come.

    Returns:
        The version's folder and its manifest.
    """
    there = versions_in(home)
    number = max(there, default=0) + 1
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f"{UNFINISHED}-*"):  # by a crash
        shutil.rmtree(left)
    (folder := home / f"{UNFINISHED}-{number}").mkdir()
    digest, shards = _lay(folder, rows, split, placement)
    if same := _same(there.values(), digest, made_by):
        shutil.rmtree(folder)
        return same
    write_plain(shards.index(), index_of(folder))
    draft = Draft(folder, number, digest, shards.rows, made_by, _parent(parent))
    manifest = finish(folder, describe(draft))
    version = version_in(home, number)
    folder.rename(version)
    sync_folder(home)
    return version, manifest


def _lay(
    folder: Path,
    rows: Callable[[Path], Iterable[pl.DataFrame]],
    split: Callable[[pl.DataFrame], pl.Series] | None,
    placement: Placement | None,
) -> tuple[str, Shards]:
    """Write the rows; returns their digest, and where they lie."""
    content, scratch = ContentDigest(), folder.with_name(f"{UNFINISHED}-scratch")
    try:
        with Shards(folder, content, split, placement=placement) as shards:
            for told in ahead(map(shards.digested, ahead(rows(scratch)))):
                shards.write(told)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return content.hexdigest(), shards


def finish(folder: Path, manifest: Manifest) -> Manifest:
    """Write the pages of a version, then its manifest with all files in it, then its statement.

    A folder without a manifest is no version, so all else is on disk before. A version that is
    published keeps the software it was built with.
    """
    built_with = manifest.software or software()
    manifest = manifest.model_copy(update={"software": built_with, "files": files(folder)})
    write_pages(folder, manifest)
    pages = {str(of(folder).relative_to(folder)) for of in PAGES}
    rest = {name: file for name, file in manifest.files.items() if name not in pages}
    manifest = manifest.model_copy(update={"files": files(folder, rest)})
    sync(folder)
    write_text(manifest.model_dump_json(indent=1), manifest_of(folder))
    write_text(statement(folder, manifest), provenance_of(folder))
    return manifest


def files(folder: Path, known: Mapping[str, File] = NOTHING) -> dict[str, File]:
    """Every file of a version beside its manifest and the statement over it; those that are known
    are not read."""
    apart = {manifest_of(folder), provenance_of(folder)}
    there = {
        str(file.relative_to(folder)): file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file not in apart and file.suffix != ".tmp"
    }
    with ThreadPoolExecutor() as threads:  # hashing lets other threads run
        read = threads.map(_file, (file for name, file in there.items() if name not in known))
        return {name: known.get(name) or next(read) for name in there}


def _file(file: Path) -> File:
    rows = None
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows = pq.read_metadata(file).num_rows
    return File(bytes=file.stat().st_size, sha256=sha256(file), rows=rows)


def _same(
    there: Iterable[Path], digest: str, made_by: dict[str, Any]
) -> tuple[Path, Manifest] | None:
    """The version with these rows and makers, and its manifest; None where there is none."""
    for version in there:
        if not manifests.readable(version):
            continue
        manifest = manifests.read(version)
        if (manifest.digest, manifest.made_by) == (digest, made_by):
            return version, manifest
    return None


def _parent(version: Path | None) -> Parent | None:
    if version is None or not manifests.readable(version):
        return None
    told = manifests.read(version)
    return Parent(number=told.number, version=told.version, digest=told.digest)
