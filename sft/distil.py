"""Distilling the student: rows rendered and counted, training, a folder that any tool loads."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.errors import StageError
from factory.ledger import Account, balance
from factory.models.chat import load_tokenizer, template_for
from factory.progress import Report
from factory.recipe.student import Student
from factory.store import write_table
from sft.template import render_all
from sft.train import train


def distil(
    base: Path, rows: pl.DataFrame, student: Student, *, seed: int, folder: Path, report: Report
) -> list[Account]:
    """Train the model in `base` on conversations, into `folder / "model"`.

    Args:
        rows: columns `sample_id` and `messages`, the last message the assistant's.
        folder: gets `rows.parquet` as well: what each row became, by its id.

    Returns:
        Two accounts, of rows and of the tokens in the loss.
    """
    from datasets import Dataset
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(base)
    template = template_for(tokenizer, student.template)
    tokenizer.chat_template = template.jinja()
    tokenizer.eos_token = template.end
    if tokenizer.pad_token is None:
        tokenizer.pad_token = template.end
    report(0, 0, "steps")
    rendered = render_all(tokenizer, template, rows["messages"].to_list())
    table = pl.DataFrame(
        {
            "sample_id": rows["sample_id"],
            "input_ids": [row.input_ids for row in rendered],
            "labels": [row.labels for row in rendered],
            "tokens": [len(row.input_ids) for row in rendered],
            "trained_tokens": [row.trained_tokens for row in rendered],
        }
    ).with_columns(
        fate=pl.when(pl.col("tokens") > student.training.max_length)
        .then(pl.lit("too_long"))
        # A draw that spells the end token out would teach to end there.
        .when(pl.col("labels").list.count_matches(tokenizer.eos_token_id) != 1)
        .then(pl.lit("end_token_inside"))
        .otherwise(pl.lit("trained"))
    )
    write_table(table, folder / "rows.parquet")
    fitting = table.filter(fate="trained")
    if fitting.is_empty():
        raise StageError(
            f"none of {table.height:,} rows can be trained on: "
            f"{dict(table['fate'].value_counts().iter_rows())}"
        )
    model = AutoModelForCausalLM.from_pretrained(base, dtype="float32")
    # Engines stop where the generation config says, which a base model's own has elsewhere.
    for config in (model.config, model.generation_config):
        config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id
    train(
        model,
        tokenizer,
        Dataset.from_polars(fitting.select("input_ids", "labels")),
        student.training,
        seed=seed,
        checkpoints=folder / "checkpoints",
        report=report,
    )
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return _accounts(table)


def _accounts(table: pl.DataFrame) -> list[Account]:
    dropped = table.filter(pl.col("fate") != "trained")
    by_row = balance(
        "rows",
        table["sample_id"],
        left=table.filter(fate="trained")["sample_id"],
        dropped=dict(dropped.select("sample_id", "fate").iter_rows()),
    )
    by_token = Account(
        what="trained tokens",
        entered=int(table["trained_tokens"].sum()),
        left=int(table.filter(fate="trained")["trained_tokens"].sum()),
        dropped=dict(dropped.group_by("fate").agg(pl.col("trained_tokens").sum()).iter_rows()),
    )
    return [by_row, by_token]
