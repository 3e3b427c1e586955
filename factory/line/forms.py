"""Splits of a run's version, and the further forms of its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from factory.line.context import Context
from factory.line.describing import Made, describe
from factory.store.shards import write_text
from factory.versions.choose import decisions
from factory.versions.folder import examples_of
from factory.versions.formats.of_draws import Drawn, preference, raw, sessions
from factory.versions.formats.of_rows import OF_ROWS, of_rows, written
from factory.versions.formats.rates import pass_rates, write_rates
from factory.versions.manifest import Manifest
from factory.versions.splits import by_prompt, near_train, some_to_train_on
from factory.versions.told import Told
from factory.versions.write import Draft


def told(context: Context, asked: pl.DataFrame) -> Told:
    """What rows tell of prompts and teachers."""
    fates, own = pl.read_parquet(context.run.prompt_fates), context.recipe.filters.own_columns()
    return Told.of(asked, fates, own)


def made_by(context: Context) -> dict[str, Any]:
    """What splits and forms depend on beside the rows; nothing where none is asked for."""
    dataset = context.recipe.dataset
    found: dict[str, Any] = {}
    if dataset.splits.asked:
        found["splits"] = dataset.splits.model_dump()
    if dataset.formats:
        found["formats"] = sorted(dataset.formats)
    return found


def described(context: Context, made: Made, draft: Draft) -> Manifest:
    """Write what a version tells beside its rows, its further forms among it; its manifest."""
    manifest, forms = describe(context, made, draft), context.recipe.dataset.formats
    found = {form: _written(context, made, draft.folder, form) for form in dict.fromkeys(forms)}
    for form in [form for form, rows in found.items() if not rows]:
        context.say(f"dataset.formats: there is nothing to write as {form}: it is left out")
    near = _near(context, made.decided.filter(fate="chosen"))
    update = {"formats": {form: rows for form, rows in found.items() if rows}}
    return manifest.model_copy(
        update=update | {"near_train": near and {name: n for name, (_, n) in near.items()}}
    )


def check_splits(context: Context, chosen: pl.DataFrame) -> None:
    """Say how many rows of other splits have a prompt that is near one of `train`.

    Raises:
        StageError: no row is left to train on.
    """
    some_to_train_on(chosen, by_prompt(context.recipe.dataset.splits))
    for name, (rows, near) in (_near(context, chosen) or {}).items():
        if near:
            context.say(
                f"splits: {near:,} of {rows:,} rows of {name} have a prompt that is near one of "
                "train. `duplicates` without `drop: false`, or select.per_cluster: 1, leaves one "
                "of each cluster"
            )


def _near(context: Context, chosen: pl.DataFrame) -> dict[str, tuple[int, int]] | None:
    """Rows of other splits, and those near `train`; None where prompts were not compared."""
    splits, filter = context.recipe.dataset.splits, context.recipe.filters.duplicates
    if not splits.asked or filter is None or filter.of_draws():
        return None
    return near_train(chosen, by_prompt(splits))


def _written(context: Context, made: Made, folder: Path, form: str) -> dict[str, int]:
    """Write one form; returns the rows of each split."""
    recipe = context.recipe
    split = by_prompt(recipe.dataset.splits)
    if form in OF_ROWS:
        return of_rows(folder, form, split)
    known = told(context, made.asked)
    if form == "pass_rates":
        fates = pl.read_parquet(context.run.prompt_fates)
        return write_rates(folder, form, pass_rates(fates, known.prompts), split)
    scratch = folder.with_name(f"{folder.name}-{form}")
    drawn = Drawn(made.decided, context.draws(), known, recipe.filters, scratch)
    if form == "raw":
        record = decisions(made.decided, recipe.filters.own_columns())
        return written(folder, form, raw(drawn, record), split)
    if form == "preference":
        return written(folder, form, preference(drawn), split)
    files = dict(sessions(drawn, split, recipe.seed))
    examples_of(folder).mkdir()
    for name, lines in files.items():
        write_text(lines, examples_of(folder) / name)
    return {"train": len(files)} if files else {}
