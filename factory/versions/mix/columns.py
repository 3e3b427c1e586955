"""One schema for rows of several parts: what a part lacks is null, and clashing types are text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from factory.versions.mix.others import TURN
from factory.versions.told import ROW

OWN = {"part": pl.String(), "origin": pl.String()}
"""Columns of a mix: which part a row is of, and the digest of the version that it came from."""


@dataclass(frozen=True)
class Columns:
    """The columns of a mix."""

    schema: dict[str, Any]
    clashes: list[str]
    """Columns that became text, a sentence each."""

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of some part with these columns, in this order."""
        return rows.select(_as(rows, name, kind) for name, kind in self.schema.items())


def common(parts: Sequence[dict[str, Any]]) -> Columns:
    """The columns of all parts: those of every row first, then the others as they come."""
    names = dict.fromkeys([*ROW, *OWN, *(name for part in parts for name in part)])
    schema: dict[str, Any] = {}
    clashes = []
    for name in names:
        kinds = {part[name] for part in parts if name in part}
        if name == "messages":
            schema[name] = TURN
        elif name in OWN or not kinds:
            schema[name] = pl.String()
        else:
            schema[name] = _one(kinds)
            if len(kinds) > 1 and schema[name] == pl.String():
                told = ", ".join(sorted(map(str, kinds)))
                clashes.append(f"column {name}: parts have it as {told}: it becomes text")
    return Columns(schema, clashes)


def _one(kinds: set[Any]) -> Any:
    if len(kinds) == 1:
        return next(iter(kinds))
    if all(kind.is_integer() for kind in kinds):
        return pl.Int64()
    return pl.Float64() if all(kind.is_numeric() for kind in kinds) else pl.String()


def _as(rows: pl.DataFrame, name: str, kind: Any) -> pl.Expr:
    there = rows.schema.get(name)
    if there is None:
        return pl.lit(None, kind).alias(name)
    value = pl.col(name)
    if name == "messages" and there != kind:
        field = pl.element().struct.field
        return value.list.eval(pl.struct(field("role"), field("content")))
    if there == kind:
        return value
    if kind == pl.String() and there.is_nested():
        nested = pl.struct(value).struct.json_encode().str.json_path_match(f"$['{name}']")
        return nested.alias(name)
    return value.cast(kind)
