"""Which accepted draws become rows, and what a row of the dataset is."""

from __future__ import annotations

import polars as pl

from factory.records import digest
from factory.versions.told import ROW, Told
from filters import FILTERS

VERSION = 2
"""Raised whenever other draws would be chosen, or a row would be put together otherwise."""
UNKNOWN = 2**31 - 1
"""What a draw is taken for that nobody has counted the tokens of: longer than any other."""
OF_DRAWS = ("opening", "text", "answer", "teacher")
"""What a row has of its draw beside what choosing went by."""


def choose(rows: pl.DataFrame, per_prompt: int | None) -> pl.DataFrame:
    """Judged draws with their `fate`: chosen, spare (its prompt has enough others), or dropped.

    The shortest accepted draws of a prompt are chosen first, then those of lower number.
    """
    accepted = pl.col("dropped_by").is_null()
    rank = (
        pl.struct(pl.col("completion_tokens").fill_null(UNKNOWN), "draw")
        .rank("ordinal")
        .over(pl.col("prompt_id"), accepted)
    )
    within = rank <= per_prompt if per_prompt else pl.lit(True)
    fate = (
        pl.when(~accepted)
        .then(pl.lit("dropped"))
        .when(within)
        .then(pl.lit("chosen"))
        .otherwise(pl.lit("spare"))
    )
    return rows.with_columns(fate=fate)


def unfiltered(rows: pl.DataFrame, count: int, sure_draws: int, seed: int) -> pl.DataFrame:
    """`count` draws as they come, for the control: one of each prompt by lot, then a second, …

    Only the `sure_draws` first of a prompt are taken: whether it got further ones depends on how
    these were judged.
    """
    lot = pl.col("prompt_id").map_elements(lambda id: digest(id, seed), return_dtype=pl.String)
    return rows.filter(pl.col("draw") < sure_draws).sort("draw", lot).head(count)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order that a dataset has: by prompt and draw."""
    return rows.sort("prompt_id", "draw", "sample_id")


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
    return own.join(prompts, on="prompt_id", how="left", maintain_order="left").with_columns(
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
    """Every draw's fate, all reasons against it, its measures, and what else the rules went by.

    Args:
        decided: from `choose`.
        own: what filters of the recipe's own measure.
    """
    told = ["sample_id", "prompt_id", "draw", "fate", "dropped_by", "reasons", "verdict_reason"]
    others = [column for column in ("domain", "language") if column in decided.columns]
    return decided.select(*told, *_measures(decided, own), *others).sort("sample_id")


def _measures(rows: pl.DataFrame, own: tuple[str, ...]) -> list[str]:
    shipped = [
        column
        for name, filter in FILTERS.items()
        if name != "correctness"
        for column in filter.columns
    ]
    return [column for column in (*shipped, *own) if column in rows.columns]
