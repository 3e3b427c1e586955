"""Distilling the student: rows rendered and counted, training, a folder that any tool loads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from factory.ledger import Account
from factory.models.chat import ChatTemplate, load_tokenizer, template_for
from factory.progress import Report
from factory.recipe.student import Student
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
) -> list[Account]:
    """Train the model in `base` on conversations, into the folder `out`.

    Args:
        rows: batches with columns `sample_id` and `messages`, the last message the assistant's.
        order: all their ids, in the order in which they are numbered for the seed's shuffling.
        table: the file that tells of each row what it became, as `sft.rows.ROW`.
        checkpoints: folder for what is needed only until the training is done.

    Returns:
        Two accounts, of rows and of the tokens in the loss.

    Raises:
        LedgerError: `rows` are not those of `order`.
        StageError: no row can be trained on.
    """
    tokenizer, template = _speaking(base, student)
    longest = student.training.max_length
    write_rows(rows, len(order), tokenizer, template, max_length=longest, file=table, report=report)
    told = accounts(table, order)
    trained = fitting(table, order, checkpoints / "rows")
    model = _model(base, tokenizer)
    train(
        model,
        tokenizer,
        trained,
        student.training,
        seed=seed,
        checkpoints=checkpoints,
        report=report,
    )
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return told


def _model(base: Path, tokenizer: Any) -> Any:
    """The base's model, which ends a turn where its tokenizer does."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype="float32")
    # Engines stop where the generation config says, which a base model's own has elsewhere.
    for config in (model.config, model.generation_config):
        config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id
    return model


def _speaking(base: Path, student: Student) -> tuple[Any, ChatTemplate]:
    """The base's tokenizer with the student's template, whose end ends a turn; and the template."""
    tokenizer = load_tokenizer(base)
    template = template_for(tokenizer, student.template)
    tokenizer.chat_template = template.jinja()
    tokenizer.eos_token = template.end
    if tokenizer.pad_token is None:
        tokenizer.pad_token = template.end
    return tokenizer, template
