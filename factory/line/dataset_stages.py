"""The stages from draws to rows: measures, the dataset version, and the control's lot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.ledger import Account, balance
from factory.line import selecting
from factory.line.context import Context, Result
from factory.line.stages import distilled, told_unverifiable
from factory.prompts.benchmarks import collect
from factory.records import digest, rows_digest
from factory.sampler import draws
from factory.sampler.policy import sure_draws_of
from factory.store import verdicts, write_table
from factory.versions import build, choose, contamination
from factory.versions.card import card
from factory.versions.choose import dataset_rows, decisions, messages, unfiltered
from factory.versions.compare import Sets, compare, homes
from factory.versions.gather import AT_ONCE, gather
from factory.versions.told import Told
from factory.versions.write import write
from filters import funnel, funnels

SPARE = "spare: "
"""Begins the reason of a draw in the account that a step of selection left out."""


def measures(context: Context) -> Result:
    """Facts about every draw, stored once."""
    rows = _light(context)
    filters, wanted = context.recipe.filters, build.versions(context.recipe.filters)
    new = build.measure(context.draws(), rows, filters, context.folder, context.report)
    sets = Sets(context.run.prompts(), context.run.benchmarks(), context.draws(), rows)
    compared = compare(sets, filters, context.folder, context.report, context.say)
    account = Account(what="draws", entered=rows.height, left=rows.height)
    note = f"{', '.join(wanted) or 'none'}: {new:,} rows measured"
    note += f", {compared} sets compared" if compared else ""
    return Result(digest(wanted, rows_digest([rows.select("sample_id")])), note, [account])


def benchmarks(context: Context) -> Result:
    """The questions that no row may have."""
    items, accounts = collect(context.recipe.benchmarks, context.home)
    write_table(items, context.run.benchmark_items)
    note = ", ".join(f"{name} {n:,}" for name, n in items["benchmark"].value_counts().iter_rows())
    return Result(rows_digest([items]), note, accounts)


def dataset(context: Context) -> Result:
    """The dataset version: rules applied to measures, rows chosen, the manifest written."""
    recipe, asked = context.recipe, context.run.prompts()
    measured = context.run.stage("measures")
    judged = build.judged(_light(context), recipe.filters, measured)
    if filter := recipe.filters.contamination:
        told = contamination.report(filter, measured, asked, context.run.benchmarks(), recipe.seed)
        context.run.contamination_report.write_text(told)
    steps, by_domain = funnel(judged, recipe.filters), funnels(judged, recipe.filters)
    found = selecting.selected(context, judged, asked)
    decided, account = found.rows, _fates(found.rows)
    _some_are_left(decided, account)
    _, manifest = write(
        context.folder,
        partial(_rows, context, decided.filter(fate="chosen"), asked),
        decisions(decided, recipe.filters.own_columns()),
        _made_by(context, asked),
        card(recipe.name, steps, by_domain, account, found),
        parent=(context.run.manifest() or {}).get("version"),
        told={
            "recipe": recipe.model_dump(mode="json"),
            "funnel": steps.to_dicts(),
            "funnel_by_domain": by_domain.to_dicts(),
            "selection": {"steps": found.steps.to_dicts(), "short": found.short},
            "account": account.model_dump(),
        },
    )
    context.run.note_version(manifest["version"])
    note = f"v{manifest['version']}, {account.left:,} rows of {decided.height:,} draws"
    if recipe.judge:
        from factory.line.judge_stage import accepted

        only = sum(accepted(decided.filter(fate="chosen")).values())
        note += f", {only:,} of them accepted by the judge alone"
    output = manifest["content_digest"]
    if recipe.dataset.order != "id":  # the digest is of rows in whatever order
        output = digest(output, context.run.rows(["sample_id"])["sample_id"].to_list())
    return Result(output, note, [account])


def _some_are_left(decided: pl.DataFrame, account: Account) -> None:
    """Refuse to make a dataset without rows.

    Raises:
        StageError: no draw passed the filters, or none of those that did was selected.
    """
    if account.left:
        return
    gone = ", ".join(f"{name} dropped {n:,}" for name, n in account.dropped.items())
    if good := decided.filter(fate="spare").height:
        raise StageError(
            f"none of {good:,} accepted draws was selected: {gone}. Loosen dataset.select"
        )
    raise StageError(
        f"none of {decided.height:,} draws passed the filters: {gone}"
        f"{told_unverifiable(decided)}. Loosen a rule, or look at the draws in samples/"
    )


def control(context: Context) -> Result:
    """The control: the same student from as many draws as nobody filtered."""
    lot = control_lot(context)
    return distilled(context, control_rows(context, lot), lot["sample_id"], "control")


def control_lot(context: Context) -> pl.DataFrame:
    """The control's draws without their texts, in the order of a dataset."""
    count = context.run.rows(["sample_id"]).height
    sure = sure_draws_of(context.recipe.sampling.policy)
    lot = unfiltered(_light(context), count, sure, context.recipe.seed)
    return selecting.ordered_lot(context, lot, context.run.prompts())


def control_rows(context: Context, lot: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The control's conversations, in whatever order, in tables that fit into memory."""
    asked = context.run.prompts().select("prompt_id", "messages")
    for rows in context.draws().beside(lot, ("opening", "text"), AT_ONCE):
        yield messages(rows, asked).select("sample_id", "messages")


def _light(context: Context) -> pl.DataFrame:
    """The draws that the recipe stands for, without their texts."""
    run = context.run
    return build.light(context.draws(), run.current(), run.prompts(), context.recipe.filters)


def _rows(
    context: Context, chosen: pl.DataFrame, asked: pl.DataFrame, scratch: Path
) -> Iterator[pl.DataFrame]:
    fates, own = pl.read_parquet(context.run.prompt_fates), context.recipe.filters.own_columns()
    told = Told.of(asked, fates, own)
    for rows in gather(
        context.draws(), selecting.ordered(context, chosen), choose.OF_DRAWS, scratch
    ):
        yield dataset_rows(rows, told)


def _made_by(context: Context, asked: pl.DataFrame) -> dict[str, Any]:
    """All that the rows of a version depend on, and nothing else."""
    recipe, teacher = context.recipe, context.run.model("teacher")
    made_by: dict[str, Any] = {
        "filters": recipe.filters.model_dump(mode="json", exclude_none=True),
        "measures": build.versions(recipe.filters),
        "choice": choose.VERSION,
        "prompts": rows_digest([asked]),
        "teacher": {"name": teacher.name, "revision": teacher.revision, "digest": teacher.digest},
        "draws": draws.draws_digest(context.draws(), context.run.current()),
        **selecting.made_by(context, asked),
    }
    if recipe.judge:
        judge = context.run.model("judge")
        made_by["judge"] = {"name": judge.name, "revision": judge.revision, "digest": judge.digest}
    if compared := homes(context.run.stage("measures")):
        active = recipe.filters.active()
        made_by["compared"] = {name: home.name for name, home in compared.items() if name in active}
    if judged_again := verdicts.applied(context.run.rounds("samples")):
        made_by["verdicts"] = judged_again
    return made_by


def _fates(decided: pl.DataFrame) -> Account:
    """The account of draws: chosen, or dropped by a filter, or spare by a step of selection."""
    spare = pl.concat_str(pl.lit(SPARE), "spare_by")
    reason = pl.when(fate="spare").then(spare).otherwise("dropped_by").alias("reason")
    others = decided.filter(pl.col("fate") != "chosen").select("sample_id", reason)
    return balance(
        "draws",
        decided["sample_id"],
        left=decided.filter(fate="chosen")["sample_id"],
        dropped=dict(others.iter_rows()),
    )
