"""Raising a tiny base model: tokenizer, weights, and one pass over web-like rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError
from factory.ledger import Account
from factory.models.chat import Message
from factory.progress import Report
from factory.recipe.models import Tiny
from factory.recipe.sources import ReasoningGym
from sft.rows import accounts, fitting, write_rows
from sft.train import train
from teacher import corpus, tiny

TOKENIZER_ROWS = 5000
"""Rows that the tokenizer is made from."""
BATCH = 1000
"""Rows rendered at a time."""


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
    task = _task(sources)
    held_out = prompts.filter(split="held_out")["prompt_id"]
    conversations = partial(_conversations, wanted, task, seed, set(held_out))
    report(0, 0, "steps")
    model, tokenizer = _made(wanted, conversations(), seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    order, table = pl.Series(map(str, range(wanted.rows))), checkpoints / "web-like.parquet"
    write_rows(
        _batches(conversations()),
        wanted.rows,
        tokenizer,
        tiny.TEMPLATE,
        max_length=wanted.training.longest(wanted.context),
        file=table,
        report=report,
    )
    told = accounts(table, order, "web-like rows")
    train(
        model,
        tokenizer,
        fitting(table, order, checkpoints / "rows"),
        wanted.training,
        seed=seed,
        checkpoints=checkpoints,
        report=report,
        tiny=True,
    )
    tiny.save(model, tokenizer, out)
    return told


def _made(wanted: Tiny, conversations: Iterator[list[Message]], seed: int) -> tuple[Any, Any]:
    """A model of random weights, and a tokenizer of the first conversations."""
    texts = (
        tiny.TEMPLATE.prompt(turns[:-1]) + turns[-1]["content"] + tiny.TEMPLATE.end
        for turns in islice(conversations, TOKENIZER_ROWS)
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
    return model, tokenizer


def _conversations(
    wanted: Tiny, source: ReasoningGym, seed: int, held_out: Collection[str]
) -> Iterator[list[Message]]:
    return corpus.conversations(
        source.task,
        source.options,
        wanted.rows,
        wanted.mix,
        seed,
        held_out,
        source.instruction,
    )


def _batches(conversations: Iterator[list[Message]]) -> Iterator[pl.DataFrame]:
    """Conversations by their number, a thousand at a time."""
    for first in count(step=BATCH):
        batch = list(islice(conversations, BATCH))
        if not batch:
            return
        ids = [str(first + place) for place in range(len(batch))]
        yield pl.DataFrame({"sample_id": ids, "messages": batch})


def _task(sources: Sequence[object]) -> ReasoningGym:
    tasks = [source for source in sources if isinstance(source, ReasoningGym)]
    for source in tasks:
        if source.task in corpus.CHAINS:
            return source
    raise RecipeError(
        "a tiny model can only be raised on prompts from reasoning_gym with one of the tasks "
        f"{', '.join(corpus.CHAINS)}; the recipe has {', '.join(s.task for s in tasks) or 'none'}"
    )
