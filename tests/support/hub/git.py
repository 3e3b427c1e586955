"""The ids that git gives: of a file, of each folder, of a commit. Also the pointer LFS commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

FILE, FOLDER = b"100644", b"40000"
"""How git writes the two kinds of entries of a folder."""


def object_id(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def blob_id(data: bytes) -> str:
    """The id of a file with these bytes."""
    return object_id("blob", data)


def pointer(sha256: str, size: int) -> bytes:
    """What git holds in place of a file that LFS or Xet store."""
    lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{sha256}", f"size {size}")
    return "".join(f"{line}\n" for line in lines).encode()


def folder_ids(files: Mapping[str, str]) -> dict[str, str]:
    """The id of every folder, the top one by the name ``""``.

    Args:
        files: the id of every file, by its path.
    """
    entries: dict[str, dict[str, tuple[bytes, str]]] = {"": {}}
    for path, file_id in files.items():
        folder, _, name = path.rpartition("/")
        entries.setdefault(folder, {})[name] = (FILE, file_id)
        while folder:
            above = folder.rpartition("/")[0]
            entries.setdefault(above, {})
            folder = above
    ids = {}
    for folder in sorted(
        entries, key=lambda folder: folder.count("/") + bool(folder), reverse=True
    ):
        ids[folder] = object_id("tree", _listing(entries[folder]))
        if folder:
            above, _, name = folder.rpartition("/")
            entries[above][name] = (FOLDER, ids[folder])
    return ids


def _listing(entries: Mapping[str, tuple[bytes, str]]) -> bytes:
    """A folder as git stores it: sorted as if the names of folders ended in a slash."""
    ordered = sorted(entries, key=lambda name: name + "/" * (entries[name][0] == FOLDER))
    return b"".join(
        kind + b" " + name.encode() + b"\0" + bytes.fromhex(entry)
        for name in ordered
        for kind, entry in (entries[name],)
    )


def commit_id(tree: str, parent: str | None, author: str, seconds: int, text: str) -> str:
    """The id of a commit.

    Args:
        tree: the id of the top folder.
        author: their name; it also makes their address.
        seconds: since 1970, UTC.
        text: title and description.
    """
    who = f"{author} <{author}@users.noreply.localhost> {seconds} +0000"
    parents = f"parent {parent}\n" if parent else ""
    head = f"tree {tree}\n{parents}author {who}\ncommitter {who}\n"
    return object_id("commit", f"{head}\n{text}\n".encode())
