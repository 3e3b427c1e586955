"""Which of the accepted draws become rows: steps one after another, each with what it left out.

Nothing here reads a file or a text: `facts.py` puts beside the draws what the steps go by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from factory.recipe.selection import Select
from factory.versions.selection.ranking import HELPS, ranked, within
from factory.versions.selection.room import parted, quota

STEP: dict[str, pl.DataType] = {
    "step": pl.String(),
    "entering": pl.Int64(),
    "spare": pl.Int64(),
    "left": pl.Int64(),
}
"""What a step of the selection did, counted in draws."""
UNKNOWN = "difficulty_unknown"
"""What leaves out a draw whose prompt has no pass rate."""
Step = Callable[[pl.DataFrame, Select, int], tuple[pl.DataFrame, list[str]]]
"""Accepted draws -> the same with `spare_by`, null where they stay; and what could not be had."""


class Selected(NamedTuple):
    """What became of judged draws."""

    rows: pl.DataFrame
    """All of them, in their order, with `fate` (chosen, spare or dropped) and `spare_by`, the step
    of the selection that left a spare one out."""
    steps: pl.DataFrame
    """The funnel of the selection, as `STEP`."""
    short: list[str]
    """Where there were fewer rows than were asked for, in words with the numbers."""


def select(rows: pl.DataFrame, wanted: Select, seed: int) -> Selected:
    """Choose among judged draws.

    Args:
        rows: from `filters.judge`, with what `facts.py` puts beside them.
        wanted: the recipe's `dataset.select`.
        seed: the recipe's, for what is chosen by lot. The order of the draws does not matter, but
            where two of a prompt have the same length and number.
    """
    rows = rows.with_row_index("row")
    pool = rows.filter(pl.col("dropped_by").is_null())
    pool = pool.select([name for name in ("row", *HELPS) if name in rows.columns])
    spare, steps, short = [pool.select("row", spare_by=pl.lit(None, pl.String)).clear()], [], []
    for name, step in _asked(wanted).items():
        entering = pool.height
        told, missing = step(pool, wanted, seed)
        spare.append(told.filter(pl.col("spare_by").is_not_null()).select("row", "spare_by"))
        pool = told.filter(pl.col("spare_by").is_null()).drop("spare_by")
        steps.append((name, entering, spare[-1].height, pool.height))
        short += missing
    fates = rows.join(pl.concat(spare), on="row", how="left", maintain_order="left").drop("row")
    fate = (
        pl.when(pl.col("dropped_by").is_not_null())
        .then(pl.lit("dropped"))
        .when(pl.col("spare_by").is_null())
        .then(pl.lit("chosen"))
        .otherwise(pl.lit("spare"))
    )
    return Selected(fates.with_columns(fate=fate), pl.DataFrame(steps, STEP, orient="row"), short)


def _asked(wanted: Select) -> dict[str, Step]:
    """The steps that are asked for, in their order.

    Quotas come from the narrowest to the widest: each source is of one domain, and each domain of
    one part, so none takes rows that another would have needed.
    """
    table: dict[str, tuple[Any, Step]] = {
        "difficulty": (wanted.difficulty, _difficulty),
        "per_cluster": (wanted.per_cluster, _per_cluster),
        "per_prompt": (wanted.per_prompt, _per_prompt),
        "quota_source": (wanted.quotas.source, quota("source")),
        "quota_domain": (wanted.quotas.domain, quota("domain")),
        "mix": (wanted.mix, parted),
        "rows": (wanted.rows and not wanted.mix, parted),
    }
    return {name: step for name, (asked, step) in table.items() if asked}


def _difficulty(pool: pl.DataFrame, wanted: Select, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """Draws of prompts whose pass rate is in the band; one that is not known is in none."""
    band = wanted.difficulty
    assert band  # the step is asked for
    rate, own = pl.col("pass_rate"), pl.lit(True)
    if band.domains:
        own = pl.col("domain").is_in(band.domains).fill_null(False)
    told = pool.with_columns(
        spare_by=pl.when(~own)
        .then(None)
        .when(rate.is_null())
        .then(pl.lit(UNKNOWN))
        .when(~rate.is_between(band.min, band.max))
        .then(pl.lit("difficulty"))
    )
    unknown = told.filter(spare_by=UNKNOWN).height
    said = f"difficulty: of {unknown:,} of {pool.height:,} accepted draws no pass rate is known"
    return told, [said] if unknown else []


def _per_cluster(pool: pl.DataFrame, wanted: Select, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """Of each near-duplicate cluster the prompts, or draws, with the preferred draws."""
    order = ranked(pool, wanted.prefer, seed, "prefer")
    first = order.drop_nulls("duplicate_cluster").unique("unit", keep="first", maintain_order=True)
    turn = pl.int_range(pl.len()).over("duplicate_cluster")
    late = first.filter(turn >= wanted.per_cluster).select("unit", spare_by=pl.lit("per_cluster"))
    return order.join(late, on="unit", how="left", maintain_order="left"), []


def _per_prompt(pool: pl.DataFrame, wanted: Select, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """The preferred draws of each prompt."""
    order = ranked(pool, wanted.prefer, seed, "prefer")
    late = within(["prompt_id"]) >= wanted.per_prompt
    return order.with_columns(spare_by=pl.when(late).then(pl.lit("per_prompt"))), []
