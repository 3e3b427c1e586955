"""Where the bytes lie: small files by git's id, large ones by sha256 as LFS has them, or in Xet.

Xet is hf_xet's own store in a folder, which clients write to and read from themselves; the server
only tells them where it is, and looks into its shards for what has arrived.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from typing import Any

import hf_xet as compiled

from hub import git
from hub.refusals import Refused
from hub.shards import Stored, stored_files

hf_xet: Any = compiled
"""It tells nobody its types."""
SHARDS = Path("xet", "xorbs", "shards")
"""Where hf_xet puts what has arrived; clients prepare theirs beside it."""
HOUR = 3600
"""Seconds."""


class Storage:
    """Everything under one folder, which outlives the server."""

    def __init__(self, folder: Path):
        self._blobs, self._objects, self._xet = (
            folder / name for name in ("blobs", "objects", "xet")
        )
        for made in (self._blobs, self._objects, self._xet):
            made.mkdir(parents=True, exist_ok=True)
        self._seen: set[str] = set()
        self._stored: dict[str, Stored] = {}

    # --- small files --------------------------------------------------------------------------

    def add_blob(self, data: bytes) -> str:
        """Keeps them; gives git's id."""
        oid = git.blob_id(data)
        (self._blobs / oid).write_bytes(data)
        return oid

    def blob(self, oid: str) -> bytes:
        return (self._blobs / oid).read_bytes()

    # --- large files --------------------------------------------------------------------------

    def add_object(self, received: Path, sha256: str) -> None:
        """Keeps a file that LFS sent; refuses one with other bytes than announced."""
        with received.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise Refused(400, f"these bytes have the sha256 {found}, {sha256} was announced")
        received.replace(self._objects / sha256)

    def room(self) -> Path:
        """A file for what is still arriving."""
        with tempfile.NamedTemporaryFile(dir=self._objects, suffix=".half", delete=False) as file:
            return Path(file.name)

    def forget_object(self, sha256: str) -> None:
        """Loses what LFS sent; Xet's stays."""
        (self._objects / sha256).unlink(missing_ok=True)

    def size(self, sha256: str) -> int | None:
        """Bytes of a large file; None when neither store has it."""
        if stored := self.in_xet(sha256):
            return stored.size
        object = self._objects / sha256
        return object.stat().st_size if object.exists() else None

    def object(self, sha256: str) -> Path:
        """A large file, fetched from Xet when only that has it."""
        object = self._objects / sha256
        if not object.exists():
            stored = self.in_xet(sha256)
            assert stored, f"no commit refers to an object that is not stored: {sha256}"
            self.fetched(stored).replace(object)
        return object

    # --- Xet ----------------------------------------------------------------------------------

    @property
    def xet_address(self) -> str:
        """How hf_xet's clients name a store that is a folder."""
        return f"local://{self._xet}"

    def in_xet(self, name: str) -> Stored | None:
        """What Xet has by this sha256, or this hash of its own; new shards are looked through."""
        for shard in (self._xet / SHARDS).glob("*.mdb"):
            if shard.name not in self._seen:
                self._seen.add(shard.name)
                for stored in stored_files(shard.read_bytes()):
                    self._stored[stored.hash] = stored
                    if stored.sha256:
                        self._stored[stored.sha256] = stored
        return self._stored.get(name)

    def fetched(self, stored: Stored) -> Path:
        """A file of Xet's, in a room of its own."""
        half = self.room()
        with hf_xet.XetSession().new_file_download_group(**self._connection()) as group:
            group.start_download_file(hf_xet.XetFileInfo(stored.hash, stored.size), str(half))
        return half

    def put_into_xet(self, data: bytes) -> Stored:
        """Stores bytes as a client would."""
        with hf_xet.XetSession().new_upload_commit(**self._connection()) as commit:
            commit.start_upload_bytes(data, sha256=hf_xet.COMPUTE_SHA256)
        stored = self.in_xet(hashlib.sha256(data).hexdigest())
        assert stored
        return stored

    def _connection(self) -> dict[str, str | int]:
        expiry = int(time.time()) + HOUR
        return {"endpoint": self.xet_address, "token": "t", "token_expiry_unix_secs": expiry}
