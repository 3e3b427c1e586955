"""The stages from draws to rows: measures, the dataset version, and the control's lot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.ledger import Account, balance
from factory.line import forms, promises, selecting
from factory.line.context import Context, Result
from factory.line.describing import Made
from factory.line.stages import distilled, told_unverifiable
from factory.prompts.benchmarks import collect
from factory.prompts.origins import origins
from factory.records import digest, rows_digest
from factory.sampler import draws
from factory.sampler.policy import sure_draws_of
from factory.store import write_table
from factory.versions import build, choose, contamination
from factory.versions.choose import dataset_rows, messages, unfiltered
from factory.versions.compare import Sets, compare, homes
from factory.versions.gather import AT_ONCE, gather
from factory.versions.publishable import publishable
from factory.versions.splits import by_prompt
from factory.versions.statistics import Seen
from factory.versions.write import write
from filters import funnel, funnels

SPARE = "spare: "
"""Begins the reason of a draw in the account that a step of selection left out."""
OF_RECORDS = ("teacher", "prompt_tokens")
"""What a manifest tells of draws beside what choosing went by."""


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
    told = origins(context.recipe.benchmarks, context.home)
    context.run.origins(context.name).write_text(told.model_dump_json(indent=1))
    note = ", ".join(f"{name} {n:,}" for name, n in items["benchmark"].value_counts().iter_rows())
    return Result(rows_digest([items]), note, accounts)


def dataset(context: Context) -> Result:
    """The dataset version: rules applied to measures, rows chosen, the manifest written."""
    recipe, asked = context.recipe, context.run.prompts()
    if filter := recipe.filters.contamination:
        measured, items = context.run.stage("measures"), context.run.benchmarks()
        told = contamination.report(filter, measured, asked, items, recipe.seed)
        context.run.contamination_report.write_text(told)
    made = decide(context, asked)
    decided, account = made.decided, made.account
    forms.check_splits(context, decided.filter(fate="chosen"))
    parent = context.run.current_version()
    laid, placement = selecting.laid_out(context, decided.filter(fate="chosen"), asked, parent)
    version, manifest = write(
        context.folder,
        lambda scratch: made.seen.watch(rows_of(context, laid, asked, scratch)),
        made_by(context, asked),
        partial(promises.described, context, made),
        parent=parent,
        split=by_prompt(recipe.dataset.splits),
        placement=placement,
    )
    context.run.note_version(version)
    promises.say(context, manifest)
    note = f"{version.name}, {account.left:,} rows of {decided.height:,} draws"
    if recipe.judge:
        from factory.line.judge_stage import accepted

        only = sum(accepted(decided.filter(fate="chosen")).values())
        note += f", {only:,} of them accepted by the judge alone"
    output = manifest.digest
    if recipe.dataset.order != "id":  # the digest is of rows in whatever order
        output = digest(output, context.run.rows(["sample_id"])["sample_id"].to_list())
    if recipe.dataset.splits.asked:  # it is of rows in all splits, and one is trained on
        output = digest(output, recipe.dataset.splits.model_dump())
    return Result(output, note, [account])


def decide(context: Context, asked: pl.DataFrame) -> Made:
    """The fate of every draw, by the recipe's rules and selection.

    Raises:
        StageError: no row would be left.
    """
    filters = context.recipe.filters
    judged = build.judged(_light(context), filters, context.run.stage("measures"))
    found = selecting.selected(context, judged, asked)
    account = _fates(found.rows)
    _some_are_left(found.rows, account)
    steps, by_domain = funnel(judged, filters), funnels(judged, filters)
    fates = pl.read_parquet(context.run.prompt_fates)
    decided = _with_teachers(context, found.rows)
    return Made(asked, fates, decided, steps, by_domain, found, account, Seen())


def _with_teachers(context: Context, decided: pl.DataFrame) -> pl.DataFrame:
    """Draws with who wrote each, and how long its question was in tokens."""
    told = context.draws().in_order(decided.select("sample_id"), OF_RECORDS)
    return decided.drop(OF_RECORDS, strict=False).hstack(told.select(OF_RECORDS))


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
    rows, split = _light(context), by_prompt(context.recipe.dataset.splits)
    train = rows.filter(split(rows) == "train")
    lot = unfiltered(train, count, sure, context.recipe.seed)
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


def rows_of(
    context: Context, laid: pl.DataFrame, asked: pl.DataFrame, scratch: Path
) -> Iterator[pl.DataFrame]:
    """The rows of these draws, in their order, as they are written."""
    told, written = forms.told(context, asked), 0
    context.report(written, laid.height, "rows")
    for rows in gather(context.draws(), laid, choose.OF_DRAWS, scratch):
        yield dataset_rows(rows, told)
        written += rows.height
        context.report(written, laid.height, "rows")


def made_by(context: Context, asked: pl.DataFrame) -> dict[str, Any]:
    """All that the rows of a version depend on, and nothing else."""
    recipe, teacher = context.recipe, context.run.model("teacher")
    told: dict[str, Any] = {
        "filters": recipe.filters.model_dump(mode="json", exclude_none=True),
        "measures": build.versions(recipe.filters),
        "choice": choose.VERSION,
        "prompts": rows_digest([asked]),
        "teacher": {"name": teacher.name, "revision": teacher.revision, "digest": teacher.digest},
        "draws": context.run.draws_noted() or _draws_digest(context),
        **selecting.made_by(context, asked),
        **forms.made_by(context),
        **promises.made_by(context),
    }
    if recipe.judge:
        judge = context.run.model("judge")
        told["judge"] = {"name": judge.name, "revision": judge.revision, "digest": judge.digest}
    if compared := homes(context.run.stage("measures")):
        active = recipe.filters.active()
        told["compared"] = {name: home.name for name, home in compared.items() if name in active}
    if judged_again := context.run.applied("samples"):
        told["verdicts"] = judged_again
    return publishable(told, context.home)


def _draws_digest(context: Context) -> str:
    return draws.draws_digest(context.draws(), context.run.current())


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
