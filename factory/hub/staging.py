"""A version under its published name: a copy beside it, its rows linked, its pages written anew."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.errors import RunInUse
from factory.versions.folder import (
    card_of,
    croissant_of,
    manifest_of,
    provenance_of,
    publishing_in,
    recipe_of,
)
from factory.versions.manifest import Manifest, Marked, Parent
from factory.versions.write import finish


@contextmanager
def room_of(home: Path) -> Iterator[Path]:
    """An empty folder beside the versions, of one process at a time; gone at the end.

    Raises:
        RunInUse: another process publishes from here.
    """
    handle = os.open(home, os.O_RDONLY)
    room = publishing_in(home)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunInUse(
                f"{home}: another process publishes from here; wait for it, or end it"
            ) from None
        shutil.rmtree(room, ignore_errors=True)  # left by a crash
        room.mkdir()
        yield room
        shutil.rmtree(room)
    finally:
        if room.exists():
            shutil.rmtree(room, ignore_errors=True)
        os.close(handle)


def staged(
    version: Path,
    manifest: Manifest,
    room: Path,
    *,
    name: str,
    repo: str,
    forced: Sequence[str] = (),
    students: Sequence[dict[str, Any]] = (),
    marked: Sequence[Marked] = (),
    parent: Parent | None = None,
    changes: str | None = None,
) -> tuple[Path, Manifest]:
    """The version as it will be on the Hub; its own folder stays as it is.

    The same arguments give the same bytes.

    Args:
        version: its folder.
        manifest: of the version.
        room: where the copy may lie.
        name: that it is published under.
        repo: where, as org/name.
        forced: what was refused and is published all the same.
        students: what each student sees of the rows.
        marked: what people said of its draws.
        parent: the version that was published there before.
        changes: what is different from that one, as Markdown.

    Returns:
        The copy's folder, and its manifest.
    """
    folder = room / name
    _copy_all(version, folder)
    named = {
        "version": name,
        "repo": repo,
        "forced": list(forced),
        "students": list(students) or manifest.students,
        "marked": list(marked) or manifest.marked,
        "parent": parent or manifest.parent,
        "changes": changes,
        "files": {},
    }
    return folder, finish(folder, manifest.model_copy(update=named))


def _copy_all(version: Path, folder: Path) -> None:
    """Copy what is not written anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    anew = {of(version) for of in (card_of, croissant_of, manifest_of, provenance_of, recipe_of)}
    for file in sorted(version.rglob("*")):
        copy = folder / file.relative_to(version)
        if file.is_dir():
            copy.mkdir(exist_ok=True)
        elif file not in anew:
            _copy(file, copy)


def _copy(file: Path, copy: Path) -> None:
    """Link a table, which nothing writes again; copy what a page may be written over."""
    if file.suffix == ".parquet":
        try:
            copy.hardlink_to(file)
            return
        except OSError:  # another file system, or one without links
            pass
    shutil.copyfile(file, copy)
