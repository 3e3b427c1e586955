"""Ids and columns of a row: an id is made of what the row came from, so it is always the same."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
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
    "finish_word": pl.String(),
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

`finish_word` is a server's own word for how the draw ended, where it is another than ours.
`completion_tokens` is null where nobody knows.
`opening` is what the assistant's turn began with before `text`: the tag that a chat template or a
strategy writes. `forced_tokens` of the ids were put there by us (thinking control), the rest were
drawn. `begun_tokens` of them were drawn before, under a smaller `max_tokens`; `key` is the digest
of verifier, reference and perhaps a judge that the verdict is by. `logprob` is the sum of the
drawn ids' log-probabilities, where the engine gives it.
"""


TURNS = pl.List(pl.Struct({"role": pl.String(), "content": pl.String()}))
"""A conversation."""
SHORT = partial(hashlib.blake2b, digest_size=16)
"""The hash of ids and of digests that stay in a run."""
ROWS_AT_ONCE = 10_000


def digest(*parts: Any) -> str:
    """32 hexadecimal digits over JSON-able parts; key order in mappings does not matter."""
    content = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return SHORT(content).hexdigest()


def file_digest(*paths: Path) -> str:
    """32 hexadecimal digits over names and contents of files and folders, in order of name."""
    files = sorted(f for path in paths for f in (path.rglob("*") if path.is_dir() else [path]))
    total = SHORT()
    for file in files:
        if file.is_file():
            with file.open("rb") as handle:
                content = hashlib.file_digest(handle, SHORT)
            total.update(f"{file.name}\0{content.hexdigest()}\0".encode())
    return total.hexdigest()


def sha256(file: Path) -> str:
    """The digest by which others know a file's content: 64 hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def now() -> str:
    """The time, UTC, in seconds, as all records have it: 2026-11-26T18:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def rows_digest(tables: Iterable[pl.DataFrame]) -> str:
    """32 hexadecimal digits over rows, whatever their order and in however many tables.

    A row counts as its canonical JSON. Hashed in Arrow's buffers: no row becomes an object.
    """
    each: list[bytes] = []
    for table in tables:
        for rows in table.iter_slices(ROWS_AT_ONCE):
            each += text_digests(canonical(rows))
    return SHORT(b"".join(sorted(each))).hexdigest()


def canonical(rows: pl.DataFrame) -> pl.Series:
    """Each row as canonical JSON, the same on every machine and for every writer of the row.

    It is what `json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))` writes:
    keys in order, nested ones too, no spaces, nulls written out, characters beyond ASCII as they
    are, floats with the fewest digits that give them back. NaN and infinity become null.
    """
    texts = _json(rows, rows.columns)
    # Python writes 1e-05 and 1e-07 where polars writes 0.00001 and 1e-7: few rows, so by Python.
    if (odd := _with_small(rows)).any():
        told = rows.filter(odd).iter_rows(named=True)
        texts = texts.scatter(odd.arg_true(), [_as_json(row) for row in told])
    return texts


SMALL = 1e-4
"""Below it Python writes a float with an exponent."""


def _json(rows: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """These columns of each row as one object, its keys in order."""
    columns = [_ordered(pl.col(name), rows.schema[name]).alias(name) for name in sorted(names)]
    return rows.select(pl.struct(columns).struct.json_encode()).to_series()


def _with_small(rows: pl.DataFrame) -> pl.Series:
    """Whether each row has a float that Python writes otherwise."""
    found = pl.repeat(False, rows.height, eager=True)
    for column in rows.get_columns():
        if column.dtype.is_nested() and "Float" in str(column.dtype):
            found |= pl.Series([_small_inside(value) for value in column], dtype=pl.Boolean)
        elif column.dtype.is_float():
            found |= ((column.abs() < SMALL) & (column != 0)).fill_null(False)
    return found


def _small_inside(value: Any) -> bool:
    """Whether such a float is anywhere in it."""
    if isinstance(value, Mapping | list | pl.Series):
        return any(map(_small_inside, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, float) and 0 < abs(value) < SMALL


def _as_json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _ordered(value: pl.Expr, dtype: Any) -> pl.Expr:
    """The same value, with the fields of all structs in it in order of their names."""
    if isinstance(dtype, pl.List):
        return value.list.eval(_ordered(pl.element(), dtype.inner))
    if isinstance(dtype, pl.Struct):
        fields = sorted(dtype.fields, key=lambda field: field.name)
        parts = (_ordered(value.struct.field(f.name), f.dtype).alias(f.name) for f in fields)
        return pl.when(value.is_not_null()).then(pl.struct(parts))
    return value.fill_nan(None) if dtype.is_float() else value


def text_digests(texts: pl.Series, hashing: Callable[..., Any] = SHORT) -> list[bytes]:
    """The digest of the UTF-8 of each text of a column without nulls: by `hashing`, 16 bytes."""
    import numpy as np

    # In large_string's buffers; pyarrow's cast to it would load all of its functions first.
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    bounds = np.frombuffer(ends, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    view = memoryview(data or b"")
    pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    return [hashing(view[start:end]).digest() for start, end in pairs]


def sample_id(prompt_id: str, teacher: str, settings: str, draw: int, max_tokens: int) -> str:
    """Id of one draw: the same prompt, teacher, settings, number and length give the same id."""
    return digest(prompt_id, teacher, settings, draw, max_tokens)


def key_digest(verifier: str, reference: str | None, judge: str | None = None) -> str:
    """Digest of how a prompt is judged; `reference` is JSON text, `judge` whoever may have the last
    word after the verifier."""
    return digest(verifier, reference, *([judge] if judge else []))


def seed_of(sample: str, run_seed: int) -> int:
    """A seed that differs by prompt and draw: 0 to 2**31 - 1."""
    return int(digest(sample, run_seed)[:8], 16) & 0x7FFFFFFF
