"""What each stage does: read its inputs' folders, call the room, write its own folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable

import polars as pl

from factory import models, store
from factory.errors import StageError
from factory.ledger import Account, balance
from factory.line import other_runs
from factory.line.context import Context, Result
from factory.line.examining import examination, tried
from factory.models import Located
from factory.models.context import context_of
from factory.models.student_template import learner
from factory.models.tokenizers import must_speak
from factory.recipe import own_code
from factory.recipe.models import Model, OfRun, Tiny
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.recipe.teacher import Grpo
from factory.records import digest, rows_digest
from factory.sampler import draws, failures
from factory.sampler.admission import Admitted, admitted
from factory.sampler.asker import Asker
from factory.sampler.draws import Drawn
from factory.sampler.teacher import Teacher
from factory.store import Store

SHOWN = 3
"""Reasons that a note tells."""


def prompts(context: Context) -> Result:
    """Collect the prompts of all sources and set the held-out ones apart."""
    from factory.prompts.collect import collect
    from factory.prompts.origins import origins

    own_code.check(context.recipe.own_code)
    found = collect(context.recipe.prompts, context.recipe.seed, context.home)
    store.write_table(found.prompts, context.run.prompt_table)
    store.write_table(found.set_aside, context.run.set_aside)
    told = origins(context.recipe.prompts, context.home)
    context.run.origins(context.name).write_text(told.model_dump_json(indent=1))
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
    return Result(rows_digest([found.prompts]), note, [account])


def teacher_base(context: Context) -> Result:
    """The model that becomes the teacher."""
    base = context.recipe.teacher.base
    if not isinstance(base, Served):
        return _base(context, base, "teacher base")
    from factory.engines.credentials import key_of

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
        if isinstance(model, OfRun):
            found = other_runs.model(model, context.home)
        else:
            found = models.find(model, context.home)
        note = f"{found.name} {(found.revision or '')[:8]}".strip()
        if context.name == "student-base":
            note += f"; it learns {learner(found).why}"
        else:
            must_speak(found)
        found.note(context.folder, context.run.moved_with)
        return Result(found.identity(), note, [])
    from teacher.base import raise_tiny

    accounts = raise_tiny(
        model,
        context.run.prompts(),
        context.recipe.prompts,
        seed=seed_of(context),
        out=context.run.weights(context.name),
        checkpoints=context.run.checkpoints(context.name),
        report=context.report,
    )
    made = made_in(context, name)
    return Result(made.digest, f"tiny {model.tiny}, {model.rows:,} rows", accounts)


def other_teachers(context: Context) -> Result:
    """The models that answer beside the teacher."""
    from factory.engines.credentials import key_of

    found = []
    for number, other in enumerate(context.recipe.teacher.others):
        if isinstance(other, Served):
            key_of(other)
            model = models.elsewhere(other)
        else:
            model = models.find(other, context.home)
            must_speak(model)
        context.run.other_teacher(number).mkdir(exist_ok=True)
        model.note(context.run.other_teacher(number))
        found.append(model)
    return Result(digest([m.identity() for m in found]), ", ".join(m.name for m in found), [])


def teacher(context: Context) -> Result:
    """The teacher: its base after GRPO, or as it is."""
    base, grpo = context.run.model("teacher-base"), context.recipe.teacher.grpo
    if grpo is None:
        base.note(context.folder)
        return Result(base.identity(), f"{base.name} as it is", [])
    return improved(context, base, grpo)


def improved(context: Context, base: Located, grpo: Grpo) -> Result:
    """A model after GRPO."""
    from teacher.grpo import improve

    there, asker = context.run.prompts(), Asker("", Sampling(), context.recipe.seed)
    door = admitted(base, there, asker, context_of(base.path))
    log = improve(
        base,
        door.prompts,
        grpo,
        seed=seed_of(context),
        out=context.run.weights(context.name),
        checkpoints=context.run.checkpoints(context.name),
        report=context.report,
        say=context.say,
        tiny=isinstance(other_runs.origin(context.recipe.teacher.base, context.home), Tiny),
    )
    context.run.training_log(context.name).write_text(json.dumps(log, indent=1))
    made = made_in(context, context.name, base.thinking_tags)
    return Result(made.digest, f"{grpo.steps} steps of GRPO", [_practised(there, door, grpo)])


def _practised(there: pl.DataFrame, door: Admitted, grpo: Grpo) -> Account:
    """The account of the prompts that a teacher was trained on."""
    train = there.filter(split="train").select("prompt_id")
    aside = door.set_aside.join(train, on="prompt_id", how="semi")["reason"].value_counts()
    dropped: dict[str, int] = dict(aside.iter_rows())
    able = train.height - sum(dropped.values())
    reached = min(able, grpo.steps * grpo.prompts_per_step)
    if able > reached:
        dropped["not_reached"] = able - reached
    return Account(what="prompts", entered=train.height, left=reached, dropped=dropped)


def judge(context: Context) -> Result:
    """The model that judges, asked about a few answers whose verdicts are known."""
    from factory.line.judge_stage import judge

    return judge(context)


def samples(context: Context) -> Result:
    """Draws of the teacher for the train prompts, each judged as it comes."""
    asked = context.run.prompts().filter(split="train")
    drawn = _drawn(context, context.teachers(), asked, context.recipe.sampling)
    store.write_table(drawn.samples.select("sample_id"), context.run.current_draws)
    store.write_table(drawn.prompts, context.run.prompt_fates)
    digest_of, copies = draws.digest_and_copies(context.draws(), drawn.samples)
    note = _summary(context, drawn, copies) + _left_out(context, drawn, asked)
    return Result(digest_of, note, [_prompts(drawn, asked), _draws(drawn)], drawn.missing)


def _prompts(drawn: Drawn, asked: pl.DataFrame) -> Account:
    """The account of prompts: with a draw, set aside, without one, or still to be asked."""
    met = set(drawn.samples["prompt_id"])
    pending = set(drawn.prompts.filter(state="pending")["prompt_id"]) - met
    aside = {
        id: reason
        for id, reason in drawn.set_aside.select("prompt_id", "reason").iter_rows()
        if id not in met and id not in pending
    }
    gone = met | pending | aside.keys()
    return balance(
        "prompts",
        asked["prompt_id"],
        left=[id for id in asked["prompt_id"] if id in met],
        dropped=aside,
        failed={id: "no draw" for id in asked["prompt_id"] if id not in gone},
        pending=pending,
    )


def _summary(context: Context, drawn: Drawn, copies: int) -> str:
    """In a line: draws, what was accepted at what price, how good the teacher is, what ended it."""
    told = ("sample_id", "verdict", "verdict_reason", "completion_tokens", "attempt")
    kept = context.draws().read(told, drawn.samples)
    correct, tokens = kept.filter(verdict="correct").height, int(kept["completion_tokens"].sum())
    rate = drawn.prompts["pass_rate"].mean()
    note = f"{kept.height:,} draws, {correct:,} correct, {tokens:,} tokens"
    note += f" ({tokens / correct:,.0f} a correct draw)" if correct else ""
    if isinstance(rate, float):
        note += f", pass@1 {rate:.1%}"
    note += told_unverifiable(kept)
    hopeless = drawn.prompts.filter(state="hopeless").height
    note += f", {hopeless:,} prompts hopeless" if hopeless else ""
    if drawn.judged:
        from factory.line.judge_stage import told_of

        note += told_of(kept, drawn.judged)
    retried = int(kept["attempt"].sum()) - kept.height
    note += f", {retried:,} attempts were retried" if retried else ""
    unknown = kept["completion_tokens"].null_count()
    note += f", {unknown:,} draws of unknown length, not among the tokens" if unknown else ""
    if copies and context.recipe.sampling.temperature:
        note += f", {copies:,} draws are copies of another of their prompt: are seeds ignored?"
    return f"{note}; ended: {', '.join(dict.fromkeys(drawn.ended_by))}"


def told_unverifiable(rows: pl.DataFrame) -> str:
    """What a note says of draws that nobody could judge: how many, and the commonest reasons."""
    open_ = rows.filter(verdict="unverifiable")
    if open_.is_empty():
        return ""
    counts = open_["verdict_reason"].value_counts(sort=True).head(SHOWN).iter_rows()
    return f", {open_.height:,} unverifiable ({', '.join(f'{why} {n:,}' for why, n in counts)})"


def _left_out(context: Context, drawn: Drawn, asked: pl.DataFrame) -> str:
    """Write down the prompts that could not be asked and the draws that could not be had; what to
    say of them, if there are any."""
    aside, file = failures.with_questions(drawn.set_aside, asked), context.run.unasked(context.name)
    store.write_table(aside, file)
    said = "" if aside.is_empty() else f"; {told_aside(aside)}; all in {file}"
    lost = drawn.failed | drawn.unjudged
    rows, file = failures.table(lost, asked), context.run.failed_draws(context.name)
    store.write_table(rows, file)
    return said if rows.is_empty() else f"{said}; {failures.told(rows)}; all in {file}"


def told_aside(aside: pl.DataFrame) -> str:
    """In a line: prompts that a model cannot be asked, and why."""
    return f"{failures.told(aside, 'prompt', 'set aside')}; the first: {aside['words'][0]}"


def _draws(drawn: Drawn) -> Account:
    """The account of draws: done, or failed by reason."""
    ids = drawn.samples["sample_id"].to_list()
    failed = {id: lost.reason for id, lost in drawn.failed.items()}
    return balance("draws", [*ids, *failed], left=ids, failed=failed)


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
        judging=context.judging(),
        judged=context.run.judged(context.name) if context.recipe.judge else None,
    )


def student(context: Context) -> Result:
    """The student, distilled from the dataset."""
    ids = context.run.rows(["prompt_id", "sample_id"])
    if context.recipe.dataset.order == "id":  # however they lie
        ids = ids.sort("prompt_id", "sample_id")
    order = ids["sample_id"]
    rows = context.run.each_rows(["sample_id", "messages"])
    return distilled(context, rows, order, "student")


def distilled(
    context: Context, rows: Iterable[pl.DataFrame], order: pl.Series, name: str
) -> Result:
    """A student of these conversations, under that name; `order` has their ids as trained on."""
    from sft.distil import distil

    student = context.recipe.student
    assert student  # the stage is wanted only then
    base = context.run.model("student-base")
    accounts = distil(
        base,
        rows,
        order,
        student,
        seed=context.recipe.seed,
        in_order=context.recipe.dataset.order != "id",
        out=context.run.weights(context.name),
        table=context.run.training_rows(context.name),
        checkpoints=context.run.checkpoints(context.name),
        report=context.report,
        say=context.say,
    )
    made = made_in(context, name, learner(base).named_tags)
    note = f"{accounts[0].left:,} rows, {accounts[1].left:,} trained tokens an epoch"
    return Result(made.digest, note, accounts)


def made_in(context: Context, name: str, tags: tuple[str, str] | None = None) -> Located:
    """The model that the stage has made, noted; what only its making needed is gone."""
    made = models.made_here(context.run.weights(context.name), name, tags)
    shutil.rmtree(context.run.checkpoints(context.name), ignore_errors=True)
    return made


def difficulty(context: Context) -> Result:
    """The pass rate of the student's base on each prompt, before it learns."""
    band = context.recipe.dataset.select.difficulty
    assert band  # the stage is wanted only then
    asked, sampling = context.run.prompts().filter(split="train"), tried(context.recipe)
    drawn = _drawn(context, [context.asked("student-base")], asked, sampling)
    store.write_table(drawn.prompts, context.run.student_fates)
    rates = drawn.prompts["pass_rate"].drop_nulls()
    note = f"{band.draws} draws of each of {rates.len():,} prompts"
    note += f", pass@1 {rates.mean():.1%}" if rates.len() else ""
    note += _left_out(context, drawn, asked)
    accounts = [_prompts(drawn, asked), _draws(drawn)]
    return Result(rows_digest([drawn.prompts]), note, accounts, drawn.missing)


def scores(context: Context, model: str) -> Result:
    """A model's answers to the held-out prompts, and its pass@1."""
    from sft.score import score

    evaluate = context.recipe.evaluate
    assert evaluate  # the stage is wanted only then
    sampling = examination(context.recipe, model)
    asked = context.run.prompts().filter(split="held_out")
    drawn = _drawn(context, [context.asked(model)], asked, sampling)
    account = _draws(drawn)
    answers = context.draws(context.name).in_order(drawn.samples)
    result = score(answers, context.recipe.seed)
    context.run.score(model).write_text(result.model_dump_json(indent=1))
    note = f"pass@1 {result.pass_at_1:.1%} ({result.low:.1%} to {result.high:.1%})"
    note += _left_out(context, drawn, asked)
    told = draws.draws_digest(context.draws(context.name), drawn.samples)
    return Result(digest(result.model_dump(), told), note, [account], drawn.missing)


def rendering() -> list[int]:
    """The versions of what turns a conversation into the ids that are trained on."""
    from factory.models import chat
    from sft import template

    return [chat.VERSION, template.VERSION]


def seed_of(context: Context) -> int:
    """The recipe's seed, another for each stage that makes a model."""
    return int(digest(context.recipe.seed, context.name)[:8], 16) & 0x7FFFFFFF
