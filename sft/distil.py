"""Distilling the student: rows rendered and counted, training, a folder that any tool loads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from factory.ledger import Account
from factory.models import Located
from factory.models.student_template import Learner, learner
from factory.progress import Report
from factory.recipe.student import Student
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
) -> list[Account]:
    """Train the base on conversations, into the folder `out`.

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
    learns = learner(base)
    told = _rendered(rows, order, learns, student.training.max_length, table, report)
    trained = fitting(table, order, checkpoints / "rows")
    model = _model(base, learns)
    train(
        model,
        learns.tokenizer,
        trained,
        student.training,
        seed=seed,
        checkpoints=checkpoints,
        report=report,
    )
    model.save_pretrained(out)
    learns.tokenizer.save_pretrained(out)
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


def _model(base: Located, learns: Learner) -> Any:
    """The base's model, which ends a turn where its tokenizer does, with room for new tokens."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base.path, dtype="float32")
    tokenizer: Any = learns.tokenizer
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer))  # tied weights stay tied
    # Engines stop where the generation config says, which a base model's own has elsewhere.
    for config in (model.config, model.generation_config):
        config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id
    return model
