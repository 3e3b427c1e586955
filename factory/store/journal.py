"""A journal: rows appended one by one, each whole or not there, whatever dies when."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

FRAME = struct.Struct("<II")
"""Before each row: length and CRC-32 of its JSON."""


class Journal:
    """A file of rows. A row is safe from `kill -9` when `append` returns, and from power loss after
    the next `sync`. Appends and syncs only, so that it works on network file systems."""

    def __init__(self, file: Path):
        self.file = file
        self.rows, self.bytes = 0, 0
        for row_end in _ends(file):
            self.rows, self.bytes = self.rows + 1, row_end
        if file.exists() and file.stat().st_size > self.bytes:
            os.truncate(file, self.bytes)  # a torn tail, which a crash leaves
        self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        sync_folder(file.parent)
        self._closing = Lock()
        self.unsynced = self.rows > 0

    def append(self, row: Mapping[str, Any]) -> None:
        """Keep one row.

        Raises:
            OSError: when it cannot be written in full, as on a full disk; nothing of it is left.
        """
        body = orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)
        frame = FRAME.pack(len(body), zlib.crc32(body)) + body
        try:
            written = os.write(self._handle, frame)
        except OSError:
            os.ftruncate(self._handle, self.bytes)
            raise
        if written < len(frame):
            os.ftruncate(self._handle, self.bytes)
            raise OSError(f"{self.file}: only {written} of {len(frame)} bytes could be written")
        self.rows += 1
        self.bytes += written
        self.unsynced = True

    def sync(self) -> None:
        """Put on disk what was appended; from any thread."""
        with self._closing:
            if self._handle >= 0 and self.unsynced:
                self.unsynced = False
                try:
                    os.fdatasync(self._handle)
                except OSError:
                    self.unsynced = True
                    raise

    def close(self) -> None:
        """Sync, and close the file."""
        self.sync()
        with self._closing:
            os.close(self._handle)
            self._handle = -1


def read(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a journal up to its end or its torn tail; the file is not touched."""
    for body in _bodies(file):
        yield orjson.loads(body)


def in_pieces(file: Path, size: int) -> Iterator[list[dict[str, Any]]]:
    """The same rows, in lists of about so many bytes of JSON."""
    rows, so_far = [], 0
    for body in _bodies(file):
        rows.append(orjson.loads(body))
        so_far += len(body)
        if so_far >= size:
            yield rows
            rows, so_far = [], 0
    if rows:
        yield rows


def _ends(file: Path) -> Iterator[int]:
    end = 0
    for body in _bodies(file):
        end += FRAME.size + len(body)
        yield end


def _bodies(file: Path) -> Iterator[bytes]:
    if not file.exists():
        return
    with file.open("rb") as content:
        left = file.stat().st_size
        while (head := content.read(FRAME.size)) and len(head) == FRAME.size:
            length, checksum = FRAME.unpack(head)
            left -= FRAME.size
            # A power failure may leave zeros, whose checksum is that of an empty row.
            if not 0 < length <= left:
                return
            body = content.read(length)
            left -= length
            if zlib.crc32(body) != checksum:
                return
            yield body


def sync_folder(folder: Path) -> None:
    """Make new, renamed and removed names of a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
