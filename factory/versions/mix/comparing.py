"""Questions of parts compared: with those of earlier parts, and with those of benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from factory.recipe.mix import Near
from factory.versions.mix.parts import Read, pieces
from filters.contamination import Contamination

NEAR, CONTAMINATED = "near_prompt", "contaminated"
"""Why rows are dropped here."""


def drop(rows: pl.DataFrame, which: pl.Expr, why: str, of: pl.Expr) -> pl.DataFrame:
    """Rows of which some are dropped, for this reason and as duplicates of that."""
    reason = pl.concat_list(pl.lit(why))
    return rows.with_columns(
        dropped_by=pl.when(which).then(pl.lit(why)).otherwise("dropped_by"),
        of=pl.when(which).then(of).otherwise("of"),
        reasons=pl.when(which).then(reason).otherwise("reasons"),
    )


def far(rows: pl.DataFrame, parts: list[Read], wanted: Near, scratch: Path) -> pl.DataFrame:
    """Drop rows whose question is near one of an earlier part."""
    from filters.text import near

    prompts = _prompts(rows)
    step = max(1, prompts.height // near.SAMPLE)
    some = prompts.gather_every(step)
    sample = pl.concat(
        [pl.Series("text", [], pl.String), *(t["text"] for t in _texts(some, parts))]
    )
    order = [prompts.select("part", "prompt_id").clear()]
    with tempfile.NamedTemporaryFile(dir=scratch) as file:
        found = near.Near(near.phrases(sample), Path(file.name))
        for texts in _texts(prompts, parts):
            found.add(texts["text"], None, texts["reference"])
            order.append(texts.select("part", "prompt_id"))
        clusters = found.clusters(wanted.min_similarity)
    told = pl.concat(order).with_columns(
        similarity=pl.Series(clusters.similarity, dtype=pl.Float64)
    )
    first = told[clusters.representative]
    told = told.with_columns(of=first["prompt_id"], first_part=first["part"])
    told = told.filter(pl.col("first_part") != pl.col("part"))
    told = told.select("prompt_id", near="of", alike="similarity")
    rows = rows.join(told, on="prompt_id", how="left", maintain_order="left")
    which = pl.col("dropped_by").is_null() & pl.col("near").is_not_null()
    rows = rows.with_columns(similarity=pl.when(which).then("alike").otherwise("similarity"))
    return drop(rows, which, NEAR, pl.col("near")).drop("near", "alike")


def clean(rows: pl.DataFrame, parts: list[Read], items: pl.DataFrame) -> pl.DataFrame:
    """Drop rows whose question stands in a benchmark, by the filter `contamination` as it is.

    Questions are compared, not replies; their texts are all in memory.
    """
    from filters.text import leaks

    prompts = _prompts(rows)
    texts = pl.concat(list(_texts(prompts, parts)))
    texts = texts.select("prompt_id", "text", key="reference")
    hits = leaks.in_prompts(texts.select("text", "key"), items).hits
    known = Contamination.facts(leaks.measures(hits, texts, items))
    why = [pl.when(holds).then(pl.lit(name)) for name, holds in Contamination().reasons().items()]
    found = texts.select("prompt_id").hstack(
        known.select(item="contamination_item", why=pl.concat_list(why).list.drop_nulls())
    )
    found = found.filter(pl.col("why").list.len() > 0)
    rows = rows.join(found, on="prompt_id", how="left", maintain_order="left")
    which = pl.col("dropped_by").is_null() & pl.col("why").is_not_null()
    rows = drop(rows, which, CONTAMINATED, pl.col("item"))
    reasons = pl.when(dropped_by=CONTAMINATED).then("why").otherwise("reasons")
    return rows.with_columns(reasons=reasons).drop("item", "why")


def _prompts(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of each prompt that was not dropped."""
    prompts = rows.filter(pl.col("dropped_by").is_null()).drop_nulls("prompt_id")
    return prompts.unique("prompt_id", keep="first", maintain_order=True)


def _texts(prompts: pl.DataFrame, parts: list[Read]) -> Iterator[pl.DataFrame]:
    """What is asked in these prompts: `part`, `prompt_id`, `text`, `reference`, in their order."""
    content = pl.element().struct.field("content")
    asked = pl.col("messages").list.head(pl.col("messages").list.len() - 1)
    for part in parts:
        own = prompts.filter(part=part.part.name)["place"].to_numpy()
        start: Any = 0
        for rows in pieces(part, ["prompt_id", "messages", "reference"]):
            first, last = own.searchsorted([start, start + rows.height])
            taken = rows[own[first:last] - start]
            start += rows.height
            yield taken.select(
                "prompt_id",
                part=pl.lit(part.part.name),
                text=asked.list.eval(content).list.join("\n"),
                reference=pl.col("reference").cast(pl.String),
            )
