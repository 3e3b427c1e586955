"""What a commit will do: which files come, which go, which are there already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from factory.hub.remote import OWN, RemoteFile
from factory.records import sha256


@dataclass(frozen=True)
class LocalFile:
    """A file that is to be on the Hub."""

    path: Path
    """Where it lies."""
    size: int
    """In bytes."""
    sha256: str
    """Digest of its content."""

    @cached_property
    def blob(self) -> str:
        """The id that git gives its content."""
        content = self.path.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def is_at(self, there: RemoteFile | None) -> bool:
        """Whether a file of the Hub has this content."""
        if there is None:
            return False
        if there.sha256:
            return there.sha256 == self.sha256
        return there.size == self.size and there.blob == self.blob


def local_files(folder: Path) -> dict[str, LocalFile]:
    """Every file of a folder, by its path in it."""
    return {
        str(path.relative_to(folder)): LocalFile(path, path.stat().st_size, sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class Plan:
    """One commit: on which head, and what is in the repository after it."""

    files: Mapping[str, LocalFile]
    """All that will be there, beside the Hub's own file."""
    head: str | None
    """The commit it is made on; None: there is no repository yet."""
    there: Mapping[str, RemoteFile]
    """Files of that commit."""

    @property
    def coming(self) -> dict[str, LocalFile]:
        """Files that are not there, or have another content."""
        return {n: f for n, f in self.files.items() if not f.is_at(self.there.get(n))}

    @property
    def going(self) -> list[str]:
        """Files of the head that are not in this version."""
        return sorted(self.there.keys() - self.files.keys() - {OWN})

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files.values())

    def is_at(self, there: Mapping[str, RemoteFile]) -> bool:
        """Whether files of a commit are exactly these."""
        return there.keys() - {OWN} == self.files.keys() and not self.others(there)

    def others(self, there: Mapping[str, RemoteFile]) -> list[str]:
        """Files that have another content there, are there alone, or are missing there."""
        own = [name for name, file in self.files.items() if not file.is_at(there.get(name))]
        return sorted({*own, *(there.keys() - self.files.keys() - {OWN})})

    def operations(self) -> list[Any]:
        """The same for the Hub's client, made anew: it notes in them what it has done."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        adds = [CommitOperationAdd(name, str(file.path)) for name, file in self.coming.items()]
        return [*adds, *(CommitOperationDelete(name, is_folder=False) for name in self.going)]
