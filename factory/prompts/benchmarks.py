"""Benchmarks that a dataset must not contain: their questions, keys and worked solutions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import RecipeError
from factory.ledger import Account
from factory.prompts.drafts import R1, BadRow, Draft
from factory.prompts.readers import read
from factory.recipe.sources import Files, Hub

ITEM = dict.fromkeys(["benchmark", "place", "question", "key", "solution"], pl.String())
"""A question of a benchmark: `place` is where it stands, `key` its answer as text, `solution` the
texts of the columns kept: a worked solution."""


def collect(sources: Sequence[Files | Hub], base: Path) -> tuple[pl.DataFrame, list[Account]]:
    """The questions of all benchmarks, rows of `ITEM`, and an account of each.

    Raises:
        RecipeError: a file, column or dataset is not there, or has no question.
        StageError: the Hub cannot be read.
    """
    tables, accounts = [], []
    for source in sources:
        rows, dropped, entered = [], dict[str, int](), 0
        for place, draft in read(source, 0, base):
            entered += 1
            if isinstance(draft, BadRow):
                dropped[draft.reason] = dropped.get(draft.reason, 0) + 1
            else:
                rows.append(_item(source.label, place, draft))
            if len(rows) == source.rows:
                break
        if not rows:
            raise RecipeError(f"benchmark {source.label}: none of its {entered} rows is a question")
        tables.append(pl.DataFrame(rows, ITEM))
        what = f"questions of {source.label}"
        accounts.append(Account(what=what, entered=entered, left=len(rows), dropped=dropped))
    return pl.concat(tables), accounts


def of_prompts(prompts: pl.DataFrame) -> pl.DataFrame:
    """Prompts as questions of a benchmark: those that a run holds out of training."""
    told = prompts.with_columns(question=questions(prompts), key=keys(prompts))
    benchmark = pl.concat_str("source", pl.lit(", held out"))
    items = told.select(
        "question", "key", benchmark=benchmark, place="prompt_id", solution=pl.lit(None, pl.String)
    )
    return items.select(list(ITEM))


def questions(prompts: pl.DataFrame) -> pl.Series:
    """What is asked in each prompt: all turns, without the instruction behind the last."""
    content = pl.element().struct.field("content")
    text = pl.col("messages").list.eval(content).list.join("\n")
    bare = text.str.strip_suffix(pl.col("instruction").fill_null("")).str.strip_chars()
    return prompts.select(question=bare.str.strip_suffix(R1).str.strip_chars()).to_series()


def keys(prompts: pl.DataFrame) -> pl.Series:
    """The key of each prompt where it is a text, else null: tests are no short answer."""
    key = pl.col("reference")
    text = pl.when(key.str.starts_with('"')).then(key)
    return prompts.select(key=text.str.json_decode(pl.String)).to_series()


def _item(benchmark: str, place: str, draft: Draft) -> dict[str, Any]:
    kept = [text for text in draft.meta.values() if isinstance(text, str)]
    key = draft.reference if isinstance(draft.reference, str) else json.dumps(draft.reference)
    return {
        "benchmark": benchmark,
        "place": place,
        "question": "\n".join(turn["content"] for turn in draft.messages),
        "key": None if draft.reference is None else key,
        "solution": "\n\n".join(kept) or None,
    }
