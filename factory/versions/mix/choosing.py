"""Which rows of the parts stay: each once, within quotas, and of each part as many as asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from factory.recipe import selection
from factory.recipe.mix import Mix
from factory.recipe.selection import Select
from factory.versions.mix.comparing import CONTAMINATED, NEAR, clean, drop, far
from factory.versions.mix.parts import Read, pieces
from factory.versions.selection import select

LIGHT: dict[str, Any] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "license": pl.String(),
    "teacher": pl.String(),
    "completion_tokens": pl.Int32(),
}
"""What choosing and the record of it go by."""
FATES: dict[str, Any] = {
    **LIGHT,
    "part": pl.String(),
    "place": pl.Int64(),
    "draw": pl.Int32(),
    "dropped_by": pl.String(),
    "spare_by": pl.String(),
    "fate": pl.String(),
    "of": pl.String(),
    "similarity": pl.Float64(),
    "reasons": pl.List(pl.String()),
}
"""A row of any part with what became of it. `place` is its number in its part; `of` the prompt of
an earlier part, the row, or the benchmark's question that it is the same as."""
UNREAD, NOT_ASKED, SAME_ROW, SAME_PROMPT = "unread", "not_asked_for", "same_row", "same_prompt"
DROPS = (UNREAD, NOT_ASKED, SAME_ROW, SAME_PROMPT, NEAR, CONTAMINATED)
"""Why rows are dropped, in the order in which it is looked at."""


def decided(
    told: Mix,
    parts: list[Read],
    items: pl.DataFrame,
    scratch: Path,
    say: Callable[[str], None],
) -> pl.DataFrame:
    """Every row of every part with its fate, as `FATES`, in the order of parts and rows.

    Args:
        items: the questions of benchmarks, which no row may have.
        scratch: a folder for what comparing needs.
        say: is told where there were fewer rows than asked for.
    """
    rows = pl.concat([_light(part) for part in parts]).with_row_index("at")
    rows = _once(rows)
    if told.near:
        rows = far(rows, parts, told.near, scratch)
    if items.height:
        rows = clean(rows, parts, items)
    rows = rows.with_columns(draw=pl.int_range(pl.len(), dtype=pl.Int32).over("prompt_id"))
    quotas = Select(quotas=told.quotas, take=told.take)
    first = select(rows, quotas, told.seed)
    pool = first.rows.with_columns(
        source=pl.col("part"), dropped_by=pl.coalesce("dropped_by", "spare_by")
    ).drop("fate", "spare_by")
    wanted = _wanted(told, pool.filter(pl.col("dropped_by").is_null()))
    second = select(pool, wanted, told.seed)
    for words in (*first.short, *second.short):
        say(words)
    late = second.rows.sort("at").select("at", late="spare_by")
    found = first.rows.join(late, on="at", how="left", maintain_order="left").sort("at")
    spare = pl.coalesce("spare_by", "late")
    left = pl.col("dropped_by").is_null() & spare.is_null()
    fate = pl.when(left).then(pl.lit("chosen"))
    fate = fate.when(spare.is_not_null()).then(pl.lit("spare")).otherwise(pl.lit("dropped"))
    found = found.with_columns(spare_by=spare, fate=fate)
    unread = [_unread(part) for part in parts if part.unread]
    return pl.concat([found.select(list(FATES)), *unread])


def _light(part: Read) -> pl.DataFrame:
    """The rows of a part without texts; those that were not asked for are dropped."""
    tables = [pl.DataFrame(schema=LIGHT)]
    for rows in pieces(part, list(LIGHT)):
        whole = part.named(_all(rows))
        tables.append(whole.select(pl.col(name).cast(kind) for name, kind in LIGHT.items()))
    rows = pl.concat(tables).with_columns(
        part=pl.lit(part.part.name), place=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    asked = pl.lit(True)
    for column in ("domain", "source"):
        if names := getattr(part.part, f"{column}s"):
            asked &= pl.col(column).is_in(names).fill_null(False)
    why = pl.when(~asked).then(pl.lit(NOT_ASKED))
    return rows.with_columns(
        dropped_by=why,
        of=pl.lit(None, pl.String),
        similarity=pl.lit(None, pl.Float64),
        reasons=pl.when(~asked)
        .then(pl.concat_list(pl.lit(NOT_ASKED)))
        .otherwise(pl.lit([], pl.List(pl.String))),
    )


def _all(rows: pl.DataFrame) -> pl.DataFrame:
    lacks = (pl.lit(None, kind).alias(n) for n, kind in LIGHT.items() if n not in rows.columns)
    return rows.with_columns(lacks)


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """Of a row that comes again the first stays; of a prompt the part that has it first."""
    free = pl.col("dropped_by").is_null()
    again = free & (pl.int_range(pl.len()).over("sample_id", free) > 0)
    rows = drop(rows, again, SAME_ROW, pl.col("sample_id"))
    # An id is one row's: what is left out for being the same has its place behind it.
    stays = pl.coalesce(
        pl.col("at").filter(pl.col("dropped_by").is_null()).min().over("sample_id"),
        pl.col("at").min().over("sample_id"),
    )
    twice = pl.col("at") != stays
    place = pl.concat_str("sample_id", pl.lit("#"), "part", pl.lit(":"), "place")
    rows = rows.with_columns(sample_id=pl.when(twice).then(place).otherwise("sample_id"))
    first = pl.col("part").filter(free).first().over("prompt_id")
    same = free & pl.col("prompt_id").is_not_null() & (pl.col("part") != first)
    return drop(rows, same.fill_null(False), SAME_PROMPT, pl.col("prompt_id"))


def _wanted(told: Mix, pool: pl.DataFrame) -> Select:
    """How many rows of each part, in the words of a recipe's selection."""
    there = dict(pool["part"].value_counts().iter_rows())
    if not any(part.rows or part.share for part in told.parts):
        return Select(rows=told.rows, take=told.take)
    mix = [
        selection.Part(
            name=part.name,
            sources=[part.name],
            rows=None if part.share else part.rows or max(1, there.get(part.name, 0)),
            share=part.share,
        )
        for part in told.parts
    ]
    return Select(mix=mix, rows=told.rows, take=told.take)


def _unread(part: Read) -> pl.DataFrame:
    """The rows of a part that could not be read."""
    rows = [
        {
            "sample_id": f"{part.part.name}/{place}",
            "part": part.part.name,
            "dropped_by": UNREAD,
            "fate": "dropped",
        }
        | {"reasons": [why.partition(":")[0]]}
        for place, why in (part.unread or {}).items()
    ]
    return pl.DataFrame(rows, schema=FATES)
