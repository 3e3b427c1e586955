"""The stages that raise a teacher: conversations learnt, rewards followed, samples rejected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.ledger import Account
from factory.line import stages
from factory.line.context import Context, Result
from factory.line.inside import Inside
from factory.line.other_runs import origin
from factory.models import chat
from factory.models.student_template import learner
from factory.recipe import Recipe, inner
from factory.recipe.mix import Mix
from factory.recipe.raising import Rejection, Sft, mixed
from factory.recipe.served import Served
from factory.recipe.student import Student
from factory.recipe.teacher import Grpo, Step
from factory.run_folder import RunFolder, each_row_of, rows_of
from factory.versions.manifest import read

LAST_OF_INNER = "dataset"
"""The stage of an inner run whose rows are learnt from."""


def reads_to_sample(recipe: Recipe, step: Step) -> list[Any]:
    """The part of a recipe that a rejection's rows depend on."""
    plan = inner(recipe, step, "").model_copy(update={"name": step.name})
    return [plan, chat.VERSION, *_mixing(step)]


def reads_to_learn(recipe: Recipe, step: Step) -> list[Any]:
    """The part of a recipe that fine-tuning depends on."""
    assert not isinstance(step.told, Grpo)
    mixing = [*_mixing(step), recipe.benchmarks] if step.data else []
    return [step.told.training, recipe.seed, *stages.rendering(), *mixing]


def _mixing(step: Step) -> list[Any]:
    if not step.data:
        return []
    from factory.versions.mix.describing import VERSION

    return [step.data, VERSION]


def grpo(context: Context) -> Result:
    """The model so far after GRPO."""
    step = _step(context)
    assert isinstance(step.told, Grpo)
    return stages.improved(context, context.run.model(step.starts), step.told)


def sft(context: Context) -> Result:
    """A model that has learnt from given rows, or from those that the stage before has chosen."""
    step = _step(context)
    told = step.told
    assert isinstance(told, Sft | Rejection)
    if isinstance(told, Sft):
        plan = mixed(told.data, step.name, context.recipe.seed, context.recipe.benchmarks)
        version, given = _mixed(context, plan, context.run.mixes(step.name))
    else:
        version, given = _chosen(context, step), []
    return _learnt(context, step, version, given)


def rejection(context: Context) -> Result:
    """Rows of the model so far: an inner run up to its dataset, mixed with others if asked."""
    step = _step(context)
    told = step.told
    assert isinstance(told, Rejection)
    run = RunFolder(context.folder)
    plan = inner(context.recipe, step, os.path.relpath(context.run.path, context.home))
    assert context.line  # the line has given it
    done = context.line(plan, context.home, run.path, Inside(context.report, context.say))
    accounts = [
        account.model_copy(update={"what": f"{stage}: {account.what}"})
        for stage, record in done.items()
        for account in record.accounts
    ]
    note, missing = done[LAST_OF_INNER].note, sum(record.missing for record in done.values())
    own = run.current_version()
    assert own  # its dataset is done
    if not told.mix:
        return Result(read(own).digest, note, accounts, missing, _files(own))
    place, others = str(own.resolve()), context.recipe.benchmarks
    plan = mixed(told.mix, step.name, context.recipe.seed, others, place)
    version, given = _mixed(context, plan, context.run.mixes(step.name))
    context.run.note_mixed(step.name, version)
    manifest = read(version)
    note += f"; with others {manifest.rows:,} rows"
    return Result(manifest.digest, note, [*accounts, *given], missing, _files(version))


def last(context: Context) -> Result:
    """The teacher: the model of the last of its stages."""
    step = context.recipe.teacher.steps[-1]
    model = context.run.model(step.name).model_copy(update={"name": "teacher"})
    model.note(context.folder)
    return Result(model.identity(), f"the model of {step.name}", [])


def _files(version: Path) -> list[Path]:
    return [file for file in sorted(version.rglob("*")) if file.is_file()]


def _step(context: Context) -> Step:
    return next(step for step in context.recipe.teacher.steps if step.name == context.name)


def _mixed(context: Context, plan: Mix, into: Path) -> tuple[Path, list[Account]]:
    """The version of several parts, made or found, and the account of each part's rows."""
    from factory.versions.mix import mix

    version, manifest = mix(plan, context.home, into, context.say)
    return version, [_account(part) for part in manifest.mix]


def _account(part: dict[str, Any]) -> Account:
    """The account of a part of a mix."""
    gone = {**part["dropped"], **{f"over {reason}": n for reason, n in part["spare"].items()}}
    what = f"rows of {part['part']}"
    return Account(what=what, entered=part["rows"], left=part["taken"], dropped=gone)


def _chosen(context: Context, step: Step) -> Path:
    """The version that the rejection before this stage has made."""
    assert isinstance(step.told, Rejection)
    (rows,) = step.rows
    inside = RunFolder(context.run.stage(rows))
    found = context.run.mixed(rows) if step.told.mix else inside.current_version()
    assert found  # the stage before is done
    return found


def _learnt(context: Context, step: Step, version: Path, given: list[Account]) -> Result:
    """Train on a version's rows, but for those on held-out prompts."""
    from sft.distil import distil

    assert isinstance(step.told, Sft | Rejection)
    base, recipe = context.run.model(step.starts), context.recipe
    began = origin(recipe.teacher.base, context.home)
    assert not isinstance(began, Served)  # as the recipe is checked
    rows = rows_of(version, ["sample_id", "prompt_id"])
    held_out = context.run.prompts().filter(split="held_out").select("prompt_id")
    kept = rows.join(held_out, on="prompt_id", how="anti")["sample_id"].sort()
    if kept.is_empty():
        raise StageError(f"{version}: all of its {rows.height:,} rows are on held-out prompts")
    apart = Account(
        what="rows given",
        entered=rows.height,
        left=len(kept),
        dropped={"held_out": rows.height - len(kept)} if rows.height > len(kept) else {},
    )
    accounts = distil(
        base,
        _batches(context, version, kept),
        kept,
        Student(base=began, training=step.told.training, control=False),
        seed=stages.seed_of(context),
        out=context.run.weights(step.name),
        table=context.run.training_rows(step.name),
        checkpoints=context.run.checkpoints(step.name),
        report=context.report,
        say=context.say,
    )
    made = stages.made_in(context, step.name, learner(base).named_tags)
    note = f"{accounts[0].left:,} rows, {accounts[1].left:,} trained tokens an epoch"
    return Result(made.digest, note, [*given, apart, *accounts])


def _batches(context: Context, version: Path, kept: pl.Series) -> Iterator[pl.DataFrame]:
    ids = kept.to_frame("sample_id")
    for rows in each_row_of(version, ["sample_id", "messages"]):
        some = rows.join(ids, on="sample_id", how="semi")
        if some.height:
            yield some
