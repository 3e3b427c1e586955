"""A version's folder, as it is in a run and as it is published: its names stand here alone."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "manifest.json"


def version_in(home: Path, number: int) -> Path:
    """The folder of a version, in the folder of all versions."""
    return home / f"v{number}"


def versions_in(home: Path) -> dict[int, Path]:
    """The folders of all finished versions by number, in order; what has no manifest is none."""
    there = {int(file.parent.name[1:]): file.parent for file in home.glob(f"v*/{MANIFEST}")}
    return dict(sorted(there.items()))


def manifest_of(version: Path) -> Path:
    """What made the version, and all its files with their digests; written last."""
    return version / MANIFEST


def card_of(version: Path) -> Path:
    """The dataset card."""
    return version / "README.md"


def decisions_of(version: Path) -> Path:
    """Every draw with its fate, all its reasons and measures."""
    return version / "decisions.parquet"


def data_of(version: Path) -> Path:
    """The folder of the rows."""
    return version / "data"


def shard_of(version: Path, number: int, shards: int) -> Path:
    """One of so many files of rows."""
    return data_of(version) / f"train-{number:05}-of-{shards:05}.parquet"


def shards_of(version: Path) -> list[Path]:
    """The files of rows, in their order."""
    return sorted(data_of(version).glob("*.parquet"))
