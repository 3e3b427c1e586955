"""Ids and columns of a row: an id is made of what the row came from, so it is always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import polars as pl

SAMPLE: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "draw": pl.Int32(),
    "seed": pl.Int64(),
    "max_tokens": pl.Int32(),
    "attempt": pl.Int32(),
    "teacher": pl.String(),
    "settings": pl.String(),
    "strategy": pl.String(),
    "opening": pl.String(),
    "text": pl.String(),
    "token_ids": pl.List(pl.Int32()),
    "finish_reason": pl.String(),
    "prompt_tokens": pl.Int32(),
    "completion_tokens": pl.Int32(),
    "forced_tokens": pl.Int32(),
    "begun_tokens": pl.Int32(),
    "has_token_ids": pl.Boolean(),
    "logprob": pl.Float64(),
    "reasoning": pl.String(),
    "response": pl.String(),
    "verdict": pl.String(),
    "key": pl.String(),
    "verdict_reason": pl.String(),
    "answer": pl.String(),
    "verdict_seconds": pl.Float64(),
}
"""A draw as it is kept: what was asked, what came back, how we split it, how it was judged.

`opening` is what the assistant's turn began with before `text`: the tag that a chat template or a
strategy writes. `forced_tokens` of the ids were put there by us (thinking control), the rest were
drawn. `begun_tokens` of them were drawn before, under a smaller `max_tokens`; `key` is the digest
of verifier and reference that the verdict is by. `logprob` is the sum of the drawn ids'
log-probabilities, where the engine gives it.
"""


def digest(*parts: Any) -> str:
    """32 hexadecimal digits over JSON-able parts; key order in mappings does not matter."""
    content = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def file_digest(*paths: Path) -> str:
    """32 hexadecimal digits over names and contents of files and folders, in order of name."""
    files = sorted(f for path in paths for f in (path.rglob("*") if path.is_dir() else [path]))
    total = hashlib.blake2b(digest_size=16)
    for file in files:
        if file.is_file():
            with file.open("rb") as handle:
                content = hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16))
            total.update(f"{file.name}\0{content.hexdigest()}\0".encode())
    return total.hexdigest()


def rows_digest(tables: Iterable[pl.DataFrame]) -> str:
    """32 hexadecimal digits over rows, whatever their order and in however many tables.

    A row counts as its JSON, keys in order. Hashed in Arrow's buffers: no row becomes an object.
    """
    each: list[bytes] = []
    for table in tables:
        texts = table.select(pl.struct(sorted(table.columns)).struct.json_encode()).to_series()
        each += text_digests(texts)
    return hashlib.blake2b(b"".join(sorted(each)), digest_size=16).hexdigest()


def text_digests(texts: pl.Series) -> list[bytes]:
    """16 bytes for each text of a column without nulls."""
    import numpy as np
    import pyarrow as pa

    array = texts.to_arrow().cast(pa.large_string())
    _, ends, data = array.buffers()
    bounds = np.frombuffer(ends, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    view = memoryview(data or b"")
    pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    return [hashlib.blake2b(view[start:end], digest_size=16).digest() for start, end in pairs]


def sample_id(prompt_id: str, teacher: str, settings: str, draw: int, max_tokens: int) -> str:
    """Id of one draw: the same prompt, teacher, settings, number and length give the same id."""
    return digest(prompt_id, teacher, settings, draw, max_tokens)


def key_digest(verifier: str, reference: str | None) -> str:
    """Digest of how a prompt is judged; `reference` is JSON text."""
    return digest(verifier, reference)


def seed_of(sample: str, run_seed: int) -> int:
    """A seed that differs by prompt and draw: 0 to 2**31 - 1."""
    return int(digest(sample, run_seed)[:8], 16) & 0x7FFFFFFF
