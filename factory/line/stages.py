"""What each stage does: read its inputs' folders, call the room, write its own folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory import models, store
from factory.errors import StageError
from factory.ledger import Account, balance
from factory.progress import Report
from factory.recipe import Recipe
from factory.recipe.models import Model, Served, Tiny
from factory.recipe.sampling import Fixed, Policy, Sampling
from factory.records import digest
from factory.run_folder import RunFolder
from factory.sampler import draws
from factory.sampler.draws import Drawn
from factory.sampler.policy import sure_draws_of
from factory.sampler.teacher import Teacher
from factory.store import Store, verdicts
from factory.store.draws import Draws
from factory.versions import build
from factory.versions.card import card
from factory.versions.choose import choose, dataset_rows, decisions, messages, unfiltered
from factory.versions.write import write
from filters import Filters, funnel


@dataclass(frozen=True)
class Context:
    """What a stage is given."""

    recipe: Recipe
    home: Path
    """Folder that relative paths in the recipe start from."""
    run: RunFolder
    name: str
    report: Report
    say: Callable[[str], None] = print
    """Tells people something, in words."""

    @property
    def folder(self) -> Path:
        """The stage's own folder."""
        return self.run.stage(self.name)

    def draws(self, stage: str = "samples") -> Draws:
        """A stage's sealed draws, with the verdicts that count now."""
        return self.run.draws(stage, self.recipe.sampling.shards)

    def asked(self, stage: str) -> Teacher:
        """The model that another stage made or found, and how it is asked."""
        model, base = self.run.model(stage), self.recipe.teacher.base
        return Teacher(model, None if model.path or not isinstance(base, Served) else base)

    def teachers(self) -> list[Teacher]:
        """The teacher, and those that answer beside it."""
        others = [
            Teacher(models.located(self.run.other_teacher(number)), served)
            for number, other in enumerate(self.recipe.teacher.others)
            for served in [other if isinstance(other, Served) else None]
        ]
        return [self.asked("teacher"), *others]


@dataclass(frozen=True)
class Result:
    """What a stage hands back."""

    output: str
    """Digest of what later stages read."""
    note: str
    """In a few words, for people."""
    accounts: list[Account]


def prompts(context: Context) -> Result:
    """Collect the prompts of all sources and set the held-out ones apart."""
    from factory.prompts.collect import collect

    found = collect(context.recipe.prompts, context.recipe.seed, context.home)
    store.write_table(found.prompts, context.run.prompt_table)
    store.write_table(found.set_aside, context.run.set_aside)
    reasons = dict(found.set_aside["reason"].value_counts(sort=True).iter_rows())
    account = Account(
        what="rows read",
        entered=int(found.sources["read"].sum()),
        left=found.prompts.height,
        dropped=reasons,
    )
    held_out = found.prompts.filter(split="held_out").height
    if held_out == found.prompts.height:
        raise StageError(f"all {held_out:,} prompts are held out, and none is left to sample")
    note = f"{found.prompts.height - held_out:,} to sample and {held_out:,} held out"
    for place, reason in found.set_aside.select("place", "reason").head(1).iter_rows():
        file = context.run.set_aside
        note += f"; {found.set_aside.height:,} set aside, first {place}: {reason}; all in {file}"
    return Result(digest(found.prompts.sort("prompt_id").to_dicts()), note, [account])


def teacher_base(context: Context) -> Result:
    """The model that becomes the teacher."""
    base = context.recipe.teacher.base
    if not isinstance(base, Served):
        return _base(context, base, "teacher base")
    from factory.engines.http_client import key_of

    key_of(base)  # before anything else is done in vain
    found = models.elsewhere(base)
    found.note(context.folder)
    return Result(found.digest, f"{base.model} at {base.endpoint}", [])


def student_base(context: Context) -> Result:
    """The model that becomes the student."""
    assert context.recipe.student  # the stage is wanted only then
    return _base(context, context.recipe.student.base, "student base")


def _base(context: Context, model: Model, name: str) -> Result:
    if not isinstance(model, Tiny):
        found = models.find(model, context.home)
        found.note(context.folder)
        return Result(found.digest, f"{found.name} {(found.revision or '')[:8]}".strip(), [])
    from teacher.base import raise_tiny

    accounts = raise_tiny(
        model,
        context.run.prompts(),
        context.recipe.prompts,
        seed=_seed(context),
        out=context.run.weights(context.name),
        checkpoints=context.run.checkpoints(context.name),
        report=context.report,
    )
    made = models.made_here(context.folder, name)
    shutil.rmtree(context.run.checkpoints(context.name), ignore_errors=True)
    return Result(made.digest, f"tiny {model.tiny}, {model.rows:,} rows", accounts)


def other_teachers(context: Context) -> Result:
    """The models that answer beside the teacher."""
    from factory.engines.http_client import key_of

    found = []
    for number, other in enumerate(context.recipe.teacher.others):
        if isinstance(other, Served):
            key_of(other)
            model = models.elsewhere(other)
        else:
            model = models.find(other, context.home)
        context.run.other_teacher(number).mkdir(exist_ok=True)
        model.note(context.run.other_teacher(number))
        found.append(model)
    return Result(digest([m.digest for m in found]), ", ".join(m.name for m in found), [])


def teacher(context: Context) -> Result:
    """The teacher: its base after GRPO, or as it is."""
    base, grpo = context.run.model("teacher-base"), context.recipe.teacher.grpo
    if grpo is None:
        base.note(context.folder)
        return Result(base.digest, f"{base.name} as it is", [])
    from teacher.grpo import improve

    log = improve(
        Path(base.path),
        context.run.prompts(),
        grpo,
        seed=_seed(context),
        out=context.run.weights(context.name),
        checkpoints=context.run.checkpoints(context.name),
        report=context.report,
    )
    context.run.grpo_log.write_text(json.dumps(log, indent=1))
    made = models.made_here(context.folder, "teacher")
    shutil.rmtree(context.run.checkpoints(context.name), ignore_errors=True)
    there = context.run.prompts().filter(split="train").height
    reached = min(there, grpo.steps * grpo.prompts_per_step)
    unreached = {"not_reached": there - reached} if there > reached else {}
    account = Account(what="prompts", entered=there, left=reached, dropped=unreached)
    return Result(made.digest, f"{grpo.steps} steps of GRPO", [account])


def samples(context: Context) -> Result:
    """Draws of the teacher for the train prompts, each judged as it comes."""
    asked = context.run.prompts().filter(split="train")
    drawn = _drawn(context, context.teachers(), asked, context.recipe.sampling)
    store.write_table(drawn.samples.select("sample_id"), context.run.current_draws)
    store.write_table(drawn.prompts, context.run.prompt_fates)
    met = set(drawn.samples["prompt_id"])
    pending = set(drawn.prompts.filter(state="pending")["prompt_id"]) - met
    lost = {id: "no draw" for id in asked["prompt_id"] if id not in met and id not in pending}
    left = [id for id in asked["prompt_id"] if id in met]
    prompts = balance("prompts", asked["prompt_id"], left=left, failed=lost, pending=pending)
    digest_of = draws.draws_digest(context.draws(), drawn.samples)
    return Result(digest_of, _summary(context, drawn), [prompts, _draws(drawn)])


def _summary(context: Context, drawn: Drawn) -> str:
    """In a line: draws, what was accepted at what price, how good the teacher is, what ended it."""
    kept = context.draws().read(("sample_id", "verdict", "completion_tokens"), drawn.samples)
    correct, tokens = kept.filter(verdict="correct").height, int(kept["completion_tokens"].sum())
    rate = drawn.prompts["pass_rate"].mean()
    note = (
        f"{kept.height:,} draws, {correct:,} correct, {tokens:,} tokens "
        f"({tokens / max(correct, 1):,.0f} a correct draw)"
    )
    if isinstance(rate, float):
        note += f", pass@1 {rate:.1%}"
    hopeless = drawn.prompts.filter(state="hopeless").height
    note += f", {hopeless:,} prompts hopeless" if hopeless else ""
    return f"{note}; ended: {', '.join(dict.fromkeys(drawn.ended_by))}"


def _draws(drawn: Drawn) -> Account:
    """The account of draws: done, or failed by reason."""
    ids = drawn.samples["sample_id"].to_list()
    return balance("draws", [*ids, *drawn.failed], left=ids, failed=drawn.failed)


def _drawn(
    context: Context, teachers: list[Teacher], asked: pl.DataFrame, sampling: Sampling
) -> Drawn:
    return draws.draw(
        teachers,
        asked,
        sampling,
        seed=context.recipe.seed,
        home=context.home,
        kept=Store(
            context.run.journal(context.name),
            context.run.shards(context.name, context.recipe.sampling.shards),
            context.run.rounds(context.name),
        ),
        report=context.report,
        say=context.say,
    )


def measures_wanted(filters: Filters) -> dict[str, int]:
    """What of the recipe the measures depend on: the filters used, and their versions."""
    return build.versions(filters)


def measures(context: Context) -> Result:
    """Facts about every draw, stored once."""
    rows = build.context(context.draws().in_order(context.run.current()), context.run.prompts())
    wanted = build.versions(context.recipe.filters)
    new = build.measure(rows, wanted, context.folder, context.report)
    account = Account(what="draws", entered=rows.height, left=rows.height)
    note = f"{', '.join(wanted) or 'none'}: {new:,} rows measured"
    return Result(digest(wanted, rows["sample_id"].to_list()), note, [account])


def dataset(context: Context) -> Result:
    """The dataset version: rules applied to measures, rows chosen, the manifest written."""
    recipe, asked = context.recipe, context.run.prompts()
    rows = build.context(context.draws().in_order(context.run.current()), asked)
    judged = build.judged(rows, recipe.filters, context.run.stage("measures"))
    decided = choose(judged, recipe.dataset.select.per_prompt)
    steps = funnel(judged, recipe.filters)
    account = _fates(decided)
    if not account.left:
        dropped = ", ".join(f"{name} dropped {n:,}" for name, n in account.dropped.items())
        raise StageError(
            f"none of {rows.height:,} draws passed the filters: {dropped}. "
            "Loosen a rule, or look at the draws in samples/"
        )
    chosen = dataset_rows(decided.filter(fate="chosen"), asked)
    teacher = context.run.model("teacher")
    made_by: dict[str, Any] = {
        "recipe": recipe.model_dump(mode="json"),
        "prompts": digest(asked.sort("prompt_id").to_dicts()),
        "teacher": {"name": teacher.name, "revision": teacher.revision, "digest": teacher.digest},
        "draws": draws.draws_digest(context.draws(), rows),
        "measures": build.versions(recipe.filters),
        "funnel": steps.to_dicts(),
        "account": account.model_dump(),
    }
    if judged_again := verdicts.applied(context.run.rounds("samples")):
        made_by["verdicts"] = judged_again
    text = card(recipe.name, steps, account)
    _, manifest = write(context.folder, chosen, decisions(decided), made_by, text)
    context.run.note_version(manifest["version"])
    note = f"v{manifest['version']}, {chosen.height:,} rows of {rows.height:,} draws"
    return Result(manifest["content_digest"], note, [account])


def _fates(decided: pl.DataFrame) -> Account:
    """The account of draws: chosen, or dropped by a filter, or spare."""
    reason = pl.when(fate="spare").then(pl.lit("spare")).otherwise("dropped_by").alias("reason")
    others = decided.filter(pl.col("fate") != "chosen").select("sample_id", reason)
    return balance(
        "draws",
        decided["sample_id"],
        left=decided.filter(fate="chosen")["sample_id"],
        dropped=dict(others.iter_rows()),
    )


def student(context: Context) -> Result:
    """The student, distilled from the dataset."""
    return _distil(context, context.run.rows(), "student")


def control(context: Context) -> Result:
    """The control: the same student from as many draws as nobody filtered."""
    count = context.run.rows(["sample_id"]).height
    asked = context.run.prompts()
    rows = build.context(context.draws().in_order(context.run.current()), asked)
    sure = sure_draws_of(context.recipe.sampling.policy)
    lot = unfiltered(rows, count, sure, context.recipe.seed)
    return _distil(context, messages(lot, asked), "control")


def _distil(context: Context, rows: pl.DataFrame, name: str) -> Result:
    from sft.distil import distil

    student = context.recipe.student
    assert student  # the stage is wanted only then
    accounts = distil(
        Path(context.run.model("student-base").path),
        rows.select("sample_id", "messages"),
        student,
        seed=context.recipe.seed,
        folder=context.folder,
        report=context.report,
    )
    made = models.made_here(context.folder, name)
    shutil.rmtree(context.run.checkpoints(context.name), ignore_errors=True)
    note = f"{accounts[0].left:,} rows, {accounts[1].left:,} trained tokens an epoch"
    return Result(made.digest, note, accounts)


def scores(context: Context, model: str) -> Result:
    """A model's answers to the held-out prompts, and its pass@1."""
    from sft.score import score

    evaluate = context.recipe.evaluate
    assert evaluate  # the stage is wanted only then
    sampling = examination(context.recipe)
    asked = context.run.prompts().filter(split="held_out")
    drawn = _drawn(context, [context.asked(model)], asked, sampling)
    account = _draws(drawn)
    answers = context.draws(context.name).in_order(drawn.samples)
    result = score(answers, context.recipe.seed)
    context.run.score(model).write_text(result.model_dump_json(indent=1))
    note = f"pass@1 {result.pass_at_1:.1%} ({result.low:.1%} to {result.high:.1%})"
    if account.failed:
        note += f", without {sum(account.failed.values()):,} draws that failed"
    told = draws.draws_digest(context.draws(context.name), drawn.samples)
    return Result(digest(result.model_dump(), told), note, [account])


def examination(recipe: Recipe) -> Sampling:
    """How models are examined: as the teacher is asked, but plainly, and each prompt alike."""
    evaluate = recipe.evaluate
    assert evaluate  # asked only then
    own = evaluate.model_dump(include={"temperature", "top_p", "max_tokens"}, exclude_none=True)
    plain = recipe.sampling.model_dump(
        include={"engine_arguments", "engine_process", "temperature", "top_p"}
        | {"max_tokens", "concurrency", "grace"}
    )
    return Sampling(**(plain | own), policy=Policy(fixed=Fixed(draws=evaluate.draws)))


def _seed(context: Context) -> int:
    """The recipe's seed, another for each stage that makes a model."""
    return int(digest(context.recipe.seed, context.name)[:8], 16) & 0x7FFFFFFF
