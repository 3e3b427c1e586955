"""Raising a tiny base model: tokenizer, weights, and one pass over web-like rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from factory.errors import RecipeError
from factory.ledger import Account
from factory.models.chat import Message
from factory.progress import Report
from factory.recipe.models import Tiny
from factory.recipe.sources import ReasoningGym
from sft.template import render_all
from sft.train import train
from teacher import corpus, tiny

TOKENIZER_ROWS = 5000
"""Rows that the tokenizer is made from."""


def raise_tiny(
    wanted: Tiny,
    prompts: pl.DataFrame,
    sources: Sequence[object],
    *,
    seed: int,
    out: Path,
    checkpoints: Path,
    report: Report,
) -> list[Account]:
    """Make the model and its tokenizer in `out`; returns the accounts of rows and trained tokens.

    Its rows are on the task of the recipe's reasoning-gym source, none on a held-out question.

    Raises:
        RecipeError: when the recipe has no task that a tiny model can be raised on.
    """
    from datasets import Dataset

    conversations = _conversations(wanted, prompts, _task(sources), seed)
    report(0, 0, "steps")
    texts = (
        tiny.TEMPLATE.prompt(turns[:-1]) + turns[-1]["content"] + tiny.TEMPLATE.end
        for turns in conversations[:TOKENIZER_ROWS]
    )
    tokenizer = tiny.make_tokenizer(texts, wanted.vocabulary)
    model = tiny.make_model(
        wanted.tiny,
        tokenizer,
        hidden=wanted.hidden,
        layers=wanted.layers,
        heads=wanted.heads,
        max_length=wanted.context,
        seed=seed,
    )
    rows = render_all(tokenizer, tiny.TEMPLATE, conversations)
    fitting = [row for row in rows if len(row.input_ids) <= wanted.training.max_length]
    table = {
        "input_ids": [row.input_ids for row in fitting],
        "labels": [row.labels for row in fitting],
    }
    train(
        model,
        tokenizer,
        Dataset.from_dict(table),
        wanted.training,
        seed=seed,
        checkpoints=checkpoints,
        report=report,
    )
    tiny.save(model, tokenizer, out)
    return [
        _account("web-like rows", len(rows), len(fitting)),
        _account(
            "trained tokens",
            sum(row.trained_tokens for row in rows),
            sum(row.trained_tokens for row in fitting),
        ),
    ]


def _conversations(
    wanted: Tiny, prompts: pl.DataFrame, source: ReasoningGym, seed: int
) -> list[list[Message]]:
    held_out = prompts.filter(split="held_out")["prompt_id"]
    made = corpus.conversations(
        source.task,
        source.options,
        wanted.rows,
        wanted.mix,
        seed,
        set(held_out),
        source.instruction,
    )
    return list(made)


def _account(what: str, entered: int, left: int) -> Account:
    dropped = {"too_long": entered - left} if entered > left else {}
    return Account(what=what, entered=entered, left=left, dropped=dropped)


def _task(sources: Sequence[object]) -> ReasoningGym:
    tasks = [source for source in sources if isinstance(source, ReasoningGym)]
    for source in tasks:
        if source.task in corpus.CHAINS:
            return source
    raise RecipeError(
        "a tiny model can only be raised on prompts from reasoning_gym with one of the tasks "
        f"{', '.join(corpus.CHAINS)}; the recipe has {', '.join(s.task for s in tasks) or 'none'}"
    )
