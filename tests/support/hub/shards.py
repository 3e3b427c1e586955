"""The shard files hf_xet leaves in its local store: which of its files has which sha256.

A shard begins with 48 bytes of header. Each file has a record of 48 bytes (its hash, flags, number
of terms), a record a term (unpacked bytes at offset 36), a record a term again where flags say that
terms are verified, and one record with the sha256 where flags say so. A hash of 64 letters is four
little-endian numbers. 32 bytes of 0xff end the list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

RECORD = 48
"""Bytes."""
VERIFIED, HAS_SHA256 = 0x8000_0000, 0x4000_0000
END = b"\xff" * 32


class Stored(NamedTuple):
    """A file in the store: the store's own hash of it, bytes, and its sha256 if that was told."""

    sha256: str | None
    hash: str
    size: int


def stored_files(shard: bytes) -> Iterator[Stored]:
    """The files of a shard."""
    at = RECORD
    while shard[at : at + 32] != END:
        name = _letters(shard, at)
        flags, terms = struct.unpack_from("<II", shard, at + 32)
        at += RECORD
        size = sum(struct.unpack_from("<I", shard, at + RECORD * n + 36)[0] for n in range(terms))
        at += RECORD * terms * (2 if flags & VERIFIED else 1)
        sha256 = _letters(shard, at) if flags & HAS_SHA256 else None
        at += RECORD if sha256 else 0
        yield Stored(sha256, name, size)


def _letters(data: bytes, at: int) -> str:
    return "".join(f"{number:016x}" for number in struct.unpack_from("<4Q", data, at))
