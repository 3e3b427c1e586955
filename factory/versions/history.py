"""The line of versions: who came from whom, how many rows came and went, and by which change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import Field

from factory.errors import StageError
from factory.recipe.strict import Strict
from factory.versions import manifest as manifests
from factory.versions.folder import index_of, manifest_of, published_of, versions_in
from factory.versions.manifest import Manifest


class Known(NamedTuple):
    """A version of the line."""

    folder: Path
    manifest: Manifest
    published: tuple[str, ...] = ()
    """Where it was published, as org/name@1.2.0."""
    current: bool = False


class Step(Strict):
    """A version in the line, and how it came from its parent."""

    number: int | None
    version: str | None
    """The name that it was published under."""
    created: str
    rows: int
    digest: str
    parent: str | None = None
    """The version that it took the place of, as v2 or 1.1.0."""
    added: int | None = None
    """Rows that its parent lacks; null where that is not at hand."""
    removed: int | None = None
    changed: int | None = None
    """Rows with the same id and another content."""
    by: list[str] = Field(default_factory=list)
    """What of `made_by` differs from its parent's."""
    published: list[str] = Field(default_factory=list)
    current: bool = False
    tests_failed: int = 0

    @property
    def name(self) -> str:
        """What people call it."""
        return called(self.number, self.version)


def called(number: int | None, version: str | None) -> str:
    """A version's name: the published one, else its number in the run."""
    return version or (f"v{number}" if number is not None else "?")


def in_folder(home: Path, current: Path | None = None) -> list[Known]:
    """The versions in a folder of versions.

    Args:
        current: the one that the recipe stands for now.
    """
    published = _published(home)
    found = []
    for number, folder in versions_in(home).items():
        if manifests.readable(folder):
            places = tuple(place for own, place in published if own == number)
            known = Known(folder, manifests.read(folder), places, folder == current)
            found.append(known)
    if not found:
        raise StageError(f"{home}: there is no dataset version in it")
    return found


def _published(home: Path) -> list[tuple[int | None, str]]:
    """The number of each published version, and where it is."""
    file = published_of(home)
    told: list[Mapping[str, Any]] = json.loads(file.read_bytes()) if file.exists() else []
    return [(one.get("number"), f"{one['repo']}@{one['version']}") for one in told]


def line(versions: Sequence[Known]) -> list[Step]:
    """The versions, newest first, each with what came and went since its parent."""
    newest = sorted(versions, key=lambda one: (one.manifest.created, one.manifest.number or 0))
    return [_step(one, _parent(one.manifest, newest)) for one in reversed(newest)]


def _parent(manifest: Manifest, versions: Sequence[Known]) -> Known | None:
    """The version that this one names as the one it took the place of, if it is at hand."""
    if (told := manifest.parent) is None:
        return None
    named = [
        one
        for one in versions
        if one.manifest.digest == told.digest and one.manifest is not manifest
    ]
    exact = [one for one in named if one.manifest.number == told.number]
    return (exact or named or [None])[-1]


def _step(known: Known, parent: Known | None) -> Step:
    manifest = known.manifest
    told = manifest.parent
    plain = {name: getattr(manifest, name) for name in ("number", "created", "rows", "digest")}
    names = [place.rpartition("@")[2] for place in known.published]
    version = manifest.version or (names[-1] if names else None)
    counts = _counts(known.folder, parent.folder) if parent else {}
    made_by = parent.manifest.made_by if parent else manifest.made_by
    return Step.model_validate(
        plain
        | counts
        | {
            "version": version,
            "parent": called(told.number, told.version) if told else None,
            "by": sorted(_differs(made_by, manifest.made_by)),
            "published": list(known.published),
            "current": known.current,
            "tests_failed": sum(not test.holds for test in manifest.tests),
        }
    )


def _counts(new: Path, old: Path) -> dict[str, int]:
    """Rows added, removed and changed; nothing where an index is not there."""
    if not (index_of(new).exists() and index_of(old).exists()):
        return {}
    ours, theirs = (
        pl.read_parquet(index_of(version), columns=["sample_id", "digest"])
        for version in (new, old)
    )
    both = ours.join(theirs, on="sample_id", suffix="_before")
    return {
        "added": ours.height - both.height,
        "removed": theirs.height - both.height,
        "changed": both.filter(pl.col("digest") != pl.col("digest_before")).height,
    }


def _differs(old: Any, new: Any, key: str = "") -> Iterator[str]:
    """The keys whose values differ: of filters each by itself."""
    for name in {**old, **new}:
        before, after, path = old.get(name), new.get(name), f"{key}{name}"
        if before == after:
            continue
        if path == "filters" and isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differs(before, after, "filters.")
        else:
            yield path


def home_of(place: Path) -> Path | None:
    """The folder of versions that a version's folder, or such a folder, stands for."""
    if manifest_of(place).exists():
        return place.parent if versions_in(place.parent) else place
    return place if versions_in(place) else None
