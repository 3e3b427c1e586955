"""Distilling the student: rows rendered and counted, training, a folder that any tool loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError
from factory.ledger import Account
from factory.models.chat import ChatTemplate, load_tokenizer, template_for
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
    base: Path,
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
) -> list[Account]:
    """Train the model in `base` on conversations, into the folder `out`.

    Args:
        rows: batches with columns `sample_id` and `messages`, the last message the assistant's.
        order: all their ids, in the order in which they are numbered for the seed's shuffling.
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
    _fits(base, student, wanted)
    tokenizer, template = _speaking(base, student)
    longest = student.training.longest(student.context or context_of(base))
    write_rows(rows, len(order), tokenizer, template, max_length=longest, file=table, report=report)
    told = accounts(table, order)
    fitting(table, order, checkpoints / "rows")
    for words in forecast(base, table, student.training, wanted, tiny=tiny_base(student)):
        say(words)
    place = checkpoints.absolute()
    tokenizer.save_pretrained(place / "tokenizer")
    order.to_frame("sample_id").write_parquet(place / "order.parquet")
    where = {"base": base.absolute(), "table": table.absolute(), "out": out.absolute()}
    lesson = Lesson(**where, student=student, seed=seed, checkpoints=place)
    give(lesson, wanted, report, say)
    return told


class Lesson(Strict):
    """What each process of a training is told."""

    base: Path
    table: Path
    """The rows, as `sft.rows.ROW`."""
    out: Path
    student: Student
    seed: int
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


def context_of(base: Path) -> int | None:
    """Tokens that the model in `base` is made for, if its configuration says so."""
    from transformers import AutoConfig

    return getattr(AutoConfig.from_pretrained(base), "max_position_embeddings", None)


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
    saved_as = model.dtype
    model = model.to(getattr(torch, devices.dtype(student.training)))
    model.config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    return model, saved_as


def _speaking(base: Path, student: Student) -> tuple[Any, ChatTemplate]:
    """The base's tokenizer with the student's template, whose end ends a turn; and the template."""
    tokenizer = load_tokenizer(base)
    template = template_for(tokenizer, student.template)
    tokenizer.chat_template = template.jinja()
    tokenizer.eos_token = template.end
    if tokenizer.pad_token is None:
        tokenizer.pad_token = template.end
    return tokenizer, template
