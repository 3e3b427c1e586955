"""Distilling the student: rows rendered and counted, training, a folder that any tool loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError
from factory.ledger import Account
from factory.models import Located
from factory.models.chat import load_tokenizer
from factory.models.context import context_of
from factory.models.student_template import Learner, learner
from factory.progress import Report
from factory.recipe.models import Tiny
from factory.recipe.strict import Strict
from factory.recipe.student import Student
from sft import devices, folder
from sft.forecast import forecast
from sft.launch import launch
from sft.rows import accounts, fitting, write_rows
from sft.train import train


def distil(
    base: Located,
    rows: Iterable[pl.DataFrame],
    order: pl.Series,
    student: Student,
    *,
    seed: int,
    out: Path,
    table: Path,
    checkpoints: Path,
    report: Report,
    say: Callable[[str], None] = print,
    in_order: bool = False,
) -> list[Account]:
    """Train the base on conversations, into the folder `out`.

    Args:
        rows: batches with columns `sample_id` and `messages`, the last message the assistant's.
        order: all their ids, in the order in which they are numbered for the seed's shuffling.
        in_order: do not shuffle: every epoch has them in this order.
        table: the file that tells of each row what it became, as `sft.rows.ROW`.
        checkpoints: folder for what is needed only until the training is done.
        say: tells people what the training will need.

    Returns:
        Two accounts, of rows and of the tokens in the loss.

    Raises:
        LedgerError: `rows` are not those of `order`.
        RecipeError: the settings do not fit the base, or the devices of this machine.
        StageError: no row can be trained on, or a process of the training crashed.
    """
    wanted = devices.devices(student.training, tiny=tiny_base(student))
    home = Path(base.path).absolute()
    _fits(home, student, wanted)
    learns = learner(base)
    longest = student.training.longest(student.context or context_of(home))
    told = _rendered(rows, order, learns, longest, table, report)
    fitting(table, order, checkpoints / "rows")
    for words in forecast(home, table, student.training, wanted, tiny=tiny_base(student)):
        say(words)
    place = checkpoints.absolute()
    learns.tokenizer.save_pretrained(place / "tokenizer")
    order.to_frame("sample_id").write_parquet(place / "order.parquet")
    where = {"base": home, "table": table.absolute(), "out": out.absolute()}
    lesson = Lesson(**where, student=student, seed=seed, in_order=in_order, checkpoints=place)
    give(lesson, wanted, report, say)
    return told


def _rendered(
    rows: Iterable[pl.DataFrame],
    order: pl.Series,
    learns: Learner,
    longest: int,
    table: Path,
    report: Report,
) -> list[Account]:
    """Write what each row becomes; the accounts of rows and tokens."""
    write_rows(
        rows,
        len(order),
        learns.tokenizer,
        learns.template,
        tags=learns.tags,
        max_length=longest,
        file=table,
        report=report,
    )
    return accounts(table, order)


class Lesson(Strict):
    """What each process of a training is told."""

    base: Path
    table: Path
    """The rows, as `sft.rows.ROW`."""
    out: Path
    student: Student
    seed: int
    in_order: bool = False
    """Whether every epoch has the rows in their order."""
    checkpoints: Path
    """Where also the student's tokenizer is, and the rows' ids in the order of their numbers."""


def give(lesson: Lesson, wanted: int, report: Report, say: Callable[[str], None]) -> None:
    """Teach here, or in a process for each of several devices."""
    settings = lesson.model_dump(mode="json")
    if wanted == 1:
        teach(settings, report)
    else:
        there = lesson.checkpoints / "processes"
        launch("sft.distil:teach", settings, wanted=wanted, folder=there, report=report, say=say)


def teach(settings: Mapping[str, Any], report: Report) -> None:
    """One process's part of a training; the first writes the student's folder."""
    lesson = Lesson.model_validate(settings)
    training, count = lesson.student.training, devices.processes()
    order = pl.read_parquet(lesson.checkpoints / "order.parquet")["sample_id"]
    tokenizer = load_tokenizer(lesson.checkpoints / "tokenizer")
    # A checkpoint is of so many processes: others could not go on from it.
    apart = lesson.checkpoints / f"of-{count}" if count > 1 else lesson.checkpoints
    devices.joined()
    model, saved_as = _model(lesson.base, tokenizer, lesson.student)
    trainer = train(
        model,
        tokenizer,
        fitting(lesson.table, order, lesson.checkpoints / "rows", again=False),
        training,
        seed=lesson.seed,
        in_order=lesson.in_order,
        checkpoints=apart,
        report=report,
        tiny=tiny_base(lesson.student),
    )
    weights = trainer.accelerator.get_state_dict(trainer.model) if devices.sharded() else None
    if trainer.is_world_process_zero():
        # Engines stop where it says, which a base model's own has elsewhere.
        model.generation_config = folder.generation(tokenizer)
        folder.write(model, tokenizer, lesson.out, dtype=saved_as, weights=weights)
    trainer.accelerator.wait_for_everyone()


def tiny_base(student: Student) -> bool:
    """Whether the student's base is one that is made on the spot."""
    return isinstance(student.base, Tiny)


def _fits(base: Path, student: Student, wanted: int) -> None:
    """Refuse in our words, and before hours of work, what the trainer would refuse or spoil.

    Raises:
        RecipeError: batches that the devices do not divide; rows longer than the student's context.
    """
    training = student.training
    devices.shares(training, training.batch_size, wanted, tiny=tiny_base(student))
    context = student.context or context_of(base)
    if context and training.max_length and training.max_length > context:
        raise RecipeError(
            f"student.training.max_length: {training.max_length:,} tokens are more than the "
            f"student's context of {context:,}; lower it, leave it out (rows up to the context are "
            "trained on then), or set student.context, with a larger student.rope_theta"
        )


def _model(base: Path, tokenizer: Any, student: Student) -> tuple[Any, Any]:
    """The base's model, which ends a turn where its tokenizer does; and its dtype on the disk."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(base)
    folder.stretch(config, context=student.context, rope_theta=student.rope_theta)
    model = AutoModelForCausalLM.from_pretrained(base, config=config, dtype="auto")
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer))  # tied weights stay tied
    saved_as = model.dtype
    model = model.to(getattr(torch, devices.dtype(student.training)))
    model.config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    return model, saved_as
