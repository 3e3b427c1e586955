"""What a row of the dataset is, what is told of every draw, and the control's lot."""

from __future__ import annotations

import polars as pl

from factory.records import digest
from factory.versions.told import ROW, Told
from filters import FILTERS

VERSION = 4
"""Raised whenever other draws would be chosen, a row would be put together otherwise, or decisions
tell more."""
OF_DRAWS = ("opening", "text", "answer", "teacher")
"""What a row has of its draw beside what choosing went by."""
GONE_BY: dict[str, pl.DataType] = {
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "pass_rate": pl.Float64(),
    "topic": pl.String(),
    "score": pl.Float64(),
}
"""What rules and selection may go by beside measures; null where a recipe does not."""
CAME_BY: dict[str, pl.DataType] = {
    "license": pl.String(),
    "teacher": pl.String(),
    "settings": pl.String(),
    "max_tokens": pl.Int32(),
    "completion_tokens": pl.Int32(),
    "key": pl.String(),
    "judged_in": pl.String(),
}
"""How a draw came about and who judged it: what `factory diff` finds reasons by."""


def unfiltered(rows: pl.DataFrame, count: int, sure_draws: int, seed: int) -> pl.DataFrame:
    """`count` draws as they come, for the control: one of each prompt by lot, then a second, …

    Only the `sure_draws` first of a prompt are taken: whether it got further ones depends on how
    these were judged.
    """
    lot = pl.col("prompt_id").map_elements(lambda id: digest(id, seed), return_dtype=pl.String)
    return rows.filter(pl.col("draw") < sure_draws).sort("draw", lot).head(count)


def messages(rows: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Rows in the form that TRL and the Hub expect, with what is told of their prompts.

    What a template or a strategy wrote before the text is put back.

    Args:
        rows: draws with their texts.
        prompts: `prompt_id`, `messages`, and what else is told of them.
    """
    own = rows.drop([name for name in prompts.columns if name != "prompt_id"], strict=False)
    text = pl.col("opening").fill_null("") + pl.col("text")
    reply = pl.struct(role=pl.lit("assistant"), content=text)
    # The right side is hashed: of many prompts only those of these rows, for each piece of them.
    asked = prompts.join(own.select("prompt_id"), on="prompt_id", how="semi")
    return own.join(asked, on="prompt_id", how="left", maintain_order="left").with_columns(
        messages=pl.concat_list("messages", pl.concat_list(reply))
    )


def dataset_rows(chosen: pl.DataFrame, told: Told) -> pl.DataFrame:
    """The dataset's rows: conversations, where they come from, and what was measured of them.

    Args:
        chosen: judged draws with their texts.
        told: of prompts and teachers.
    """
    rows = messages(chosen, told.prompts).rename({"teacher": "teacher_digest"})
    rows = rows.join(told.teachers, on="teacher_digest", how="left", maintain_order="left")
    return rows.select(*ROW, *_measures(rows, told.own), *told.kept)


def decisions(decided: pl.DataFrame, own: tuple[str, ...] = ()) -> pl.DataFrame:
    """Every draw's fate, all reasons against it, its measures, and what else was gone by.

    Args:
        decided: from `selection.select`.
        own: what filters of the recipe's own measure.
    """
    told = ["sample_id", "prompt_id", "draw", "fate", "spare_by", "dropped_by", "reasons"]
    told += ["verdict", "verdict_reason", *_measures(decided, own)]
    others = [
        pl.col(name) if name in decided.columns else pl.lit(None, kind).alias(name)
        for name, kind in (GONE_BY | CAME_BY).items()
    ]
    return decided.select(*told, *others).sort("sample_id")


def _measures(rows: pl.DataFrame, own: tuple[str, ...]) -> list[str]:
    shipped = [
        column
        for name, filter in FILTERS.items()
        if name != "correctness"
        for column in filter.columns
    ]
    return [column for column in (*shipped, *own) if column in rows.columns]
