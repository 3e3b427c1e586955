"""Which version is meant: a version's folder, a run, or RUN@2."""

from __future__ import annotations

import re
from pathlib import Path

from factory.errors import StageError
from factory.hub.place import local, on_the_hub
from factory.run_folder import RunFolder
from factory.versions.folder import manifest_of

_NAME = re.compile(r"[0-9A-Za-z][\w.-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def version_folder(text: str) -> Path:
    """The folder of a version that a person names.

    Args:
        text: a version's folder; a run, for the version that its recipe stands for now; or a run,
            `@`, and a number.

    Raises:
        StageError: there is no such version; says which there are.
    """
    run, at, number = text.rpartition("@")
    if at and number.isdecimal() and not Path(text).exists():
        versions = RunFolder(Path(run)).versions()
        if int(number) in versions:
            return versions[int(number)]
        there = ", ".join(map(str, versions)) or "none"
        raise StageError(f"{run}: has no version {number}; it has {there}")
    folder = Path(text)
    if manifest_of(folder).exists():
        return folder
    current = RunFolder(folder).current_version()
    if current is None or not manifest_of(current).exists():
        raise StageError(
            f"{text}: no dataset version: give a version's folder, a run, or RUN@NUMBER"
        )
    return current


def version_at(text: str, cache: Path | None = None) -> Path:
    """The folder of a version that a person names, here or on the Hub.

    Args:
        text: as `version_folder` takes it, or `hf://org/name@1.2.0`.
        cache: where the Hub's files are fetched into; left out: its own cache.

    Raises:
        StageError: there is no such version, or it could not be read.
    """
    return local(text, cache=cache) if on_the_hub(text) else version_folder(text)


def published_name(wanted: str | None, number: int | None) -> str:
    """The name that a version is published under: the one wanted, or its number and two zeros.

    Raises:
        StageError: it is no name for a tag, or there is neither name nor number.

    >>> published_name(None, 2)
    '2.0.0'
    """
    if wanted is None and number is None:
        raise StageError("this version has no number: name it, as `--as 1.0.0`")
    name = wanted or f"{number}.0.0"
    if not _NAME.fullmatch(name) or _COMMIT.fullmatch(name) or name in ("main", "HEAD"):
        raise StageError(f"--as {name}: no name for a tag; write it as 1.2.0")
    return name
