"""Choosing rows in a run: whose pass rates, which draws, in which order."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.line.context import Context
from factory.records import rows_digest
from factory.versions import build
from factory.versions.manifest import read, readable
from factory.versions.placement import Placement, arranged
from factory.versions.selection import Selected, select
from factory.versions.selection.facts import (
    rates_of_column,
    rates_of_fates,
    with_facts,
    with_variety,
)
from factory.versions.selection.order import in_order


def selected(context: Context, judged: pl.DataFrame, asked: pl.DataFrame) -> Selected:
    """What becomes of judged draws; where fewer rows were there than asked for is said."""
    wanted = context.recipe.dataset.select
    rows = _facts(context, judged, asked)
    if wanted.prefer == "diverse" and wanted.per_prompt:
        rows = with_variety(rows, context.draws(), wanted.per_prompt)
    found = select(rows, wanted, context.recipe.seed)
    for words in found.short:
        context.say(words)
    return found


def rates(context: Context, asked: pl.DataFrame) -> pl.DataFrame | None:
    """`prompt_id` and `pass_rate` of whom the recipe goes by; None where it goes by nobody's."""
    whose = context.recipe.dataset.rated_by
    if whose is None:
        return None
    if whose == "teacher":
        return rates_of_fates(pl.read_parquet(context.run.prompt_fates))
    if whose == "student":
        return rates_of_fates(pl.read_parquet(context.run.student_fates))
    return rates_of_column(asked, whose)


def made_by(context: Context, asked: pl.DataFrame) -> dict[str, object]:
    """What selection and order depend on beside draws, filters and prompts."""
    dataset = context.recipe.dataset
    plain = dataset.select.model_dump(mode="json", exclude={"way"}, exclude_defaults=True)
    told: dict[str, object] = {"select": plain}
    if dataset.order != "id":
        told["order"] = dataset.order
    if dataset.by_lot:
        told["seed"] = context.recipe.seed
    if (known := rates(context, asked)) is not None:
        told["pass_rates"] = rows_digest([known])
    return told


def ordered(context: Context, rows: pl.DataFrame) -> pl.DataFrame:
    """Chosen draws, with their facts, in the recipe's order."""
    return in_order(rows, context.recipe.dataset.order, context.recipe.seed)


def laid_out(
    context: Context, chosen: pl.DataFrame, asked: pl.DataFrame, parent: Path | None
) -> tuple[pl.DataFrame, Placement | None]:
    """Chosen draws, with their facts, as they lie in a version.

    Where the recipe asks for no order, rows of the parent stay where they are; the student's order
    does not depend on it.
    """
    if context.recipe.dataset.order != "id":
        return ordered(context, chosen), None
    if parent and readable(parent) and "order" in read(parent).made_by:
        parent = None
    sources = asked.select("prompt_id", "source")
    own = chosen.drop("source", strict=False)
    return arranged(own.join(sources, on="prompt_id", how="left", maintain_order="left"), parent)


def ordered_lot(context: Context, lot: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The control's draws in the recipe's order, so that it is trained as the student is."""
    if context.recipe.dataset.order == "interleaved":
        measures = context.run.stage("measures")
        lot = build.judged(lot, context.recipe.filters, measures)
    return ordered(context, _facts(context, lot, asked, ordering=True))


def _facts(
    context: Context, rows: pl.DataFrame, asked: pl.DataFrame, *, ordering: bool = False
) -> pl.DataFrame:
    recipe, known = context.recipe, rates(context, asked)
    if ordering:
        return rows if known is None else rows.join(known, on="prompt_id", how="left")
    return with_facts(rows, recipe.dataset, recipe.filters, asked, known, recipe.seed)
