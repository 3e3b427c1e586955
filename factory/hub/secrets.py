"""Keys, tokens and passwords in the files that would be published; none is shown whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from factory.hub.refusing import Refusal
from filters.text.patterns import kinds, kinds_in
from filters.text.secrets import HINTS, SECRETS

ROWS_AT_ONCE = 2_000
SHOWN = 3
"""Places that are told of each kind."""
OWN = "own_token"
"""The token that is in use now, whatever form it has."""


class Found(NamedTuple):
    """A secret, and where it stands."""

    kind: str
    """Its maker, or what it opens."""
    where: str
    """File, and row or line."""
    begins: str
    """Its first characters, and how many it has."""


def secrets(folder: Path) -> Iterator[Refusal]:
    """What a version must not tell, a refusal for each kind.

    Args:
        folder: all that would be published.
    """
    token = own_token()
    found: dict[str, list[Found]] = {}
    files: Counter[str] = Counter()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(folder))
        look = _in_table if file.suffix == ".parquet" else _in_text
        for each in look(file, name, token):
            files[each.kind] += 1
            if len(there := found.setdefault(each.kind, [])) < SHOWN:
                there.append(each)
    for kind, places in found.items():
        told = "; ".join(f"{each.where} ({each.begins})" for each in places)
        more = f" and {files[kind] - len(places):,} more" if files[kind] > len(places) else ""
        yield Refusal(f"secret:{kind}", f"{told}{more}. If it is real, withdraw it where it opens")


def own_token() -> str | None:
    """The token that the Hub's client would send."""
    from huggingface_hub import get_token

    return get_token()


def _in_text(file: Path, name: str, token: str | None) -> Iterator[Found]:
    text = file.read_bytes().decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if token and token in line:
            yield Found(OWN, f"{name}, line {number}", _begins(token))
        if any(hint in line for hint in HINTS):
            for kind in kinds(line, SECRETS):
                yield Found(kind, f"{name}, line {number}", _shown(kind, line))
    for kind in kinds(text, tuple(k for k in SECRETS if k.name == "private_key")):  # over lines
        yield Found(kind, name, _shown(kind, text))


def _in_table(file: Path, name: str, token: str | None) -> Iterator[Found]:
    import pyarrow.parquet as pq

    hints = [*HINTS, *([token] if token else [])]
    with pq.ParquetFile(file) as table:
        before = 0
        for batch in table.iter_batches(ROWS_AT_ONCE):
            rows: Any = pl.from_arrow(batch)
            numbers = pl.int_range(before, before + rows.height, dtype=pl.Int64, eager=True)
            ids = rows["sample_id"] if "sample_id" in rows.columns else numbers.cast(pl.String)
            for column in rows.columns:
                for at, texts in _texts(numbers - before, rows[column]):
                    hinted = texts.str.contains_any(hints).fill_null(False)
                    at, texts = at.filter(hinted), texts.filter(hinted)
                    for row, kind, begins in _kinds(at, texts, token):
                        yield Found(kind, f"{name}, row {ids[row]}, {column}", begins)
            before += rows.height


def _kinds(at: pl.Series, texts: pl.Series, token: str | None) -> Iterator[tuple[int, str, str]]:
    for row, text, found in zip(at, texts, kinds_in(texts, SECRETS), strict=True):
        if token and token in text:
            yield row, OWN, _begins(token)
        for kind in filter(None, found.split(",")):
            yield row, kind, _shown(kind, text)


def _texts(rows: pl.Series, values: pl.Series) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Every text in a column, however deep, and the rows it is in."""
    kind = values.dtype
    if kind == pl.String:
        yield rows, values
    elif isinstance(kind, pl.Struct):
        for field in kind.fields:
            yield from _texts(rows, values.struct.field(field.name))
    elif isinstance(kind, pl.List | pl.Array):
        each = pl.DataFrame({"row": rows, "value": values}).explode("value")
        yield from _texts(each["row"], each["value"])


def _shown(kind: str, text: str) -> str:
    known = next(each for each in SECRETS if each.name == kind)
    found = next(match for match in known.pattern.finditer(text) if known.is_one(match))
    return _begins(found[0])


def _begins(secret: str) -> str:
    return f"{secret[:4]}…, {len(secret)} characters"
