"""A version's files against its manifest, and its manifest against the statement over all files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

from factory.errors import StageError
from factory.records import sha256
from factory.versions import manifest as manifests
from factory.versions.folder import manifest_of, provenance_of
from factory.versions.manifest import Manifest
from factory.versions.provenance import STATEMENT, statement
from factory.versions.verify.fault import Fault
from factory.versions.write import software

OTHERS = (".gitattributes", ".cache", ".huggingface")
"""What the Hub and its client put beside a version's files."""


class Read(NamedTuple):
    """A manifest, as far as it can be read, and what is wrong with it."""

    manifest: Manifest | None
    faults: list[Fault]


def manifest_faults(folder: Path) -> Read:
    """The manifest, checked against its model and the statement.

    Raises:
        StageError: there is no manifest, or it is one of another format.
    """
    place = manifest_of(folder)
    if not place.exists():
        raise StageError(f"{folder}: no dataset version, it has no {place.name}")
    told, faults = _statement(folder)
    digest = sha256(place)
    known = told.get(place.name)
    if told and known != digest:  # nobody can say which of the two was changed
        faults.append(Fault(place.name, "", _sha(known), _sha(digest)))
        faults.append(Fault(provenance_of(folder).name, place.name, _sha(digest), _sha(known)))
    try:
        manifest = manifests.read(folder)
    except StageError as error:
        if not faults:
            raise
        return Read(None, [*faults, Fault(place.name, "", "a manifest", str(error))])
    faults += _of_statement(folder, manifest, told)
    return Read(manifest, faults)


def _statement(folder: Path) -> tuple[dict[str, str], list[Fault]]:
    """The sha256 of each file by the statement, and what is wrong with its form."""
    place = provenance_of(folder)
    if not place.exists():
        return {}, [Fault(place.name, "", "a statement over all files", "no such file")]
    try:
        told: Any = json.loads(place.read_bytes())
        digests = {one["name"]: one["digest"].get("sha256") for one in told["subject"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        return {}, [Fault(place.name, "", "an in-toto statement with its subjects", found)]
    if told.get("_type") != STATEMENT:
        return digests, [Fault(place.name, "_type", STATEMENT, str(told.get("_type")))]
    return digests, []


def _of_statement(folder: Path, manifest: Manifest, told: dict[str, str]) -> Iterator[Fault]:
    """Files whose digest the statement has otherwise than the manifest; and, where this program is
    the one that wrote it, any other byte of the statement."""
    place, before = provenance_of(folder), False
    if not told:
        return
    for name, file in manifest.files.items():
        if told.get(name) != file.sha256:
            before = True
            yield Fault(place.name, name, _sha(file.sha256), _sha(told.get(name)))
    own = software()["reasoning-factory"] == manifest.software.get("reasoning-factory")
    if before or not own or told.get(manifest_of(folder).name) != sha256(manifest_of(folder)):
        return
    wanted, found = statement(folder, manifest), place.read_text("utf-8", errors="replace")
    if found != wanted:
        yield Fault(place.name, *_difference(wanted, found))


def _difference(wanted: str, found: str) -> tuple[str, str, str]:
    """The first line that differs, and both forms of it."""
    ours, theirs = wanted.split("\n"), found.split("\n")
    pairs = zip(ours, theirs, strict=False)
    number = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
    one = ours[number] if number < len(ours) else "the end of the file"
    other = theirs[number] if number < len(theirs) else "the end of the file"
    return f"line {number + 1}", repr(one.strip()), repr(other.strip())


def file_faults(folder: Path, manifest: Manifest, workers: Executor) -> dict[str, Fault]:
    """Files that are missing, extra or of another content, by path."""
    apart = {manifest_of(folder), provenance_of(folder)}
    there = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in apart and path.relative_to(folder).parts[0] not in OTHERS
    }
    found = {
        name: Fault(name, "", "no such file", f"{place.stat().st_size:,} bytes")
        for name, place in there.items()
        if name not in manifest.files
    }
    for name in manifest.files:
        if name not in there:
            found[name] = Fault(name, "", "a file", "no such file")
    wanted = [name for name in manifest.files if name in there]
    for name, digest in zip(
        wanted, workers.map(sha256, map(there.__getitem__, wanted)), strict=True
    ):
        said, size = manifest.files[name], there[name].stat().st_size
        if size != said.bytes:
            found[name] = Fault(name, "", f"{said.bytes:,} bytes", f"{size:,} bytes")
        elif digest != said.sha256:
            found[name] = Fault(name, "", _sha(said.sha256), _sha(digest))
    return found


def _sha(digest: str | None) -> str:
    return f"sha256 {digest}" if digest else "no sha256"
