"""What a row tells beside its conversation: the key as text, columns kept, its teacher's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from filters import FILTERS

ROW = (
    "messages",
    "prompt_id",
    "sample_id",
    "source",
    "domain",
    "language",
    "license",
    "reference",
    "verifier",
    "answer",
    "teacher",
    "teacher_digest",
    "completion_tokens",
)
"""The columns of every row, in order; behind these come measures, then the columns kept."""
OF_PROMPTS = ("messages", "source", "domain", "language", "license", "reference", "verifier")
"""Those that are told of its prompt."""
SEVERAL = '{"any_of"'
"""How a key begins that is one of several (`filters.verifiers.accepted`)."""
TAKEN = "kept_"
"""Begins the name of a kept column where rows have a column of that name already."""


@dataclass(frozen=True)
class Told:
    """What is told of prompts and teachers in every row."""

    prompts: pl.DataFrame
    """`prompt_id`, `OF_PROMPTS`, then the columns kept of sources."""
    teachers: pl.DataFrame
    """`teacher_digest`, which draws have, and `teacher`, its name."""
    own: tuple[str, ...] = ()
    """What filters of the recipe's own measure."""

    @classmethod
    def of(cls, prompts: pl.DataFrame, fates: pl.DataFrame, own: tuple[str, ...] = ()) -> Told:
        """Gather it from the table of prompts, and that of what became of them.

        `reference` becomes text that others' verifiers read: `23`, not `"23"`; of several keys it
        is the first. A key that is no text, as a program's tests, stays JSON.
        """
        told = prompts.select("prompt_id", *OF_PROMPTS).with_columns(_as_text("reference"))
        told = told.with_columns([_called(column, own) for column in _kept(prompts["meta"])])
        return cls(told, fates.select("teacher_digest", "teacher").unique(), own)

    @property
    def kept(self) -> list[str]:
        """The columns kept of sources."""
        return [name for name in self.prompts.columns if name not in ("prompt_id", *OF_PROMPTS)]


def _as_text(column: str) -> pl.Expr:
    key = pl.col(column)
    several = pl.when(key.str.starts_with(SEVERAL)).then(key).str.json_path_match("$.any_of[0]")
    text = pl.when(key.str.starts_with('"')).then(key)
    return pl.coalesce(several, text.str.json_decode(pl.String), key).alias(column)


def _called(column: pl.Series, own: tuple[str, ...]) -> pl.Series:
    taken = {*ROW, *own, *(name for filter in FILTERS.values() for name in filter.columns)}
    return column.alias(f"{TAKEN}{column.name}") if column.name in taken else column


def _kept(metas: pl.Series) -> Iterator[pl.Series]:
    """The kept columns of all sources, in the order in which they first come."""
    rows: list[dict[str, Any]] = [json.loads(meta) if meta else {} for meta in metas]
    for name in dict.fromkeys(name for row in rows for name in row):
        yield _column(name, [row.get(name) for row in rows])


def _column(name: str, values: list[Any]) -> pl.Series:
    """One type for all: that of the values where they share one, else text, JSON where nested."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds and kinds <= {int, float} and all(map(_fits, values)):
        number = pl.Float64() if float in kinds else pl.Int64()
        return pl.Series(name, values, dtype=number, strict=False)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _fits(value: Any) -> bool:
    """Whether a number column can hold it."""
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
