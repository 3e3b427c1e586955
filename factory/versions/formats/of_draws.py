"""Forms that tell of draws: all of them with their texts, pairs of them, and some as sessions.

A text with secrets or people's data in it, as `filters.safety` found, is in none of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory.records import digest
from factory.store.draws import Draws
from factory.versions.gather import gather
from factory.versions.splits import Split
from factory.versions.told import Told
from filters import Filters
from filters.filter import SetFilter

RAW = (
    "opening",
    "text",
    "reasoning",
    "response",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "seed",
    "max_tokens",
    "strategy",
    "settings",
    "logprob",
    "verdict",
    "answer",
    "teacher",
)
"""What the form `raw` has of draws beside the record of decisions."""
WRITTEN = ("opening", "text", "reasoning", "response")
"""Those that the model wrote."""
TURN = ("opening", "text", "teacher")
"""What a reply is made of."""
PRIVATE = ("personal_data", "secret")
"""Reasons of `filters.safety` for which a text is not shown."""
SESSIONS = 50
"""Examples at most: half of them accepted, half not, where there are so many."""


@dataclass(frozen=True)
class Drawn:
    """What there is to tell of draws."""

    decided: pl.DataFrame
    """Every draw with its fate, without texts."""
    draws: Draws
    told: Told
    filters: Filters
    scratch: Path
    """A folder that may be used; it is gone at the end."""

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Draws with the name of their teacher; its digest is `teacher_digest`."""
        rows = rows.rename({"teacher": "teacher_digest"})
        return rows.join(self.told.teachers, on="teacher_digest", how="left", maintain_order="left")

    def safe(self) -> pl.Expr:
        """Whether a draw's text may be shown: no rule found in it what is nobody's business."""
        private = pl.col("reasons").list.eval(pl.element().is_in(PRIVATE))
        return ~private.list.any().fill_null(False)

    def unlike_rows(self) -> pl.Expr:
        """Whether a draw was dropped for what it is like itself, not for what others are like."""
        of_sets = [
            name
            for name, rules in self.filters.active().items()
            if issubclass(rules.filter, SetFilter)
        ]
        return (pl.col("fate") == "dropped") & ~pl.col("dropped_by").is_in(of_sets) & self.safe()


def raw(drawn: Drawn, decisions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Every draw, accepted or not, with its text, verdict, measures and fate, and its question.

    Args:
        decisions: the record of all draws, from `choose.decisions`.
    """
    told = drawn.told.prompts.rename({"messages": "prompt"})
    told = told.drop([n for n in decisions.columns if n != "prompt_id"], strict=False)
    rows = decisions.sort("prompt_id", "draw", "sample_id").join(
        drawn.decided.select("sample_id", safe=drawn.safe()),
        on="sample_id",
        how="left",
        maintain_order="left",
    )
    for piece in gather(drawn.draws, rows, RAW, drawn.scratch):
        shown = [pl.when("safe").then(name).alias(name) for name in WRITTEN]
        own = drawn.named(piece.with_columns(shown).drop("safe"))
        yield own.join(told, on="prompt_id", how="left", maintain_order="left")


def preference(drawn: Drawn) -> Iterator[pl.DataFrame]:
    """Pairs of one prompt in TRL's form: `prompt`, `chosen`, a row, and `rejected`, a dropped draw.

    Each row has a pair while there are dropped draws of its prompt that no other row has. Wrong
    answers come first, the finished ones before those that were cut off; then right ones that a
    filter dropped for what they are like themselves: not as copies, nor as contaminated. A draw
    that nobody could judge is in no pair.
    """
    of_prompts = ("prompt_id", "messages", "source", "domain", "language", "license")
    told = drawn.told.prompts.select(of_prompts).rename({"messages": "prompt"})
    columns = ("side", "pair", "dropped_by", "verdict_reason", "verdict", "completion_tokens")
    rows = pairs(drawn).select("sample_id", "prompt_id", *columns)
    waiting: pl.DataFrame | None = None
    for piece in gather(drawn.draws, rows, TURN, drawn.scratch):
        piece = piece if waiting is None else pl.concat([waiting, piece])
        whole = piece.height // 2 * 2  # a pair may end in the next bucket
        waiting = piece.slice(whole)
        yield _side_by_side(drawn.named(piece.head(whole)), told)


def pairs(drawn: Drawn) -> pl.DataFrame:
    """The draws of pairs, without texts: `side` chosen or rejected, `pair` a number for each pair,
    the two of a pair one after the other."""
    judged = drawn.decided.filter(pl.col("verdict").is_in(["correct", "incorrect"]))
    cut = (pl.col("verdict_reason") == "unfinished").fill_null(False)
    worse = judged.filter(drawn.unlike_rows())
    worse = worse.sort("prompt_id", pl.col("verdict") == "correct", cut, "draw", "sample_id")
    better = judged.filter(fate="chosen").sort("prompt_id", "draw", "sample_id")
    turn = pl.int_range(pl.len()).over("prompt_id")
    both = [
        rows.with_columns(turn=turn, side=pl.lit(side))
        for side, rows in (("chosen", better), ("rejected", worse))
    ]
    rows = pl.concat(both).filter(pl.len().over("prompt_id", "turn") == 2)
    rows = rows.sort("prompt_id", "turn", "side")
    return rows.with_columns(pair=pl.int_range(pl.len()) // 2)


def _side_by_side(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    content = pl.col("opening").fill_null("") + pl.col("text")
    reply = pl.concat_list(pl.struct(role=pl.lit("assistant"), content=content))
    rows = rows.with_columns(reply=reply)
    own = {side: rows.filter(side=side) for side in ("chosen", "rejected")}
    names = ("sample_id", "teacher", "teacher_digest", "completion_tokens")
    worse = own["rejected"].select(
        "pair",
        rejected="reply",
        rejected_by="dropped_by",
        rejected_verdict="verdict",
        rejected_reason="verdict_reason",
        **{f"rejected_{name}": name for name in names},
    )
    both = own["chosen"].select("pair", "sample_id", "prompt_id", *names[1:], chosen="reply")
    both = both.join(worse, on="pair", how="left", maintain_order="left").drop("pair")
    both = both.join(told, on="prompt_id", how="left", maintain_order="left")
    first = ("prompt", "chosen", "rejected")
    return both.select(*first, pl.exclude(first))


def sessions(drawn: Drawn, split: Split, seed: int) -> Iterator[tuple[str, str]]:
    """Some draws as sessions in the Hub's trace format: the name of each file, and its lines.

    By lot, half of them rows and half of them dropped, of prompts in `train`.
    """
    shown = drawn.decided.filter(drawn.unlike_rows() | (pl.col("fate") == "chosen"))
    shown = shown.filter(split(shown) == "train")
    lot = pl.col("sample_id").map_elements(lambda id: digest(id, seed), return_dtype=pl.String)
    good, bad = (
        shown.filter((pl.col("fate") == "chosen") == own).sort(lot) for own in (True, False)
    )
    few = SESSIONS - min(SESSIONS // 2, bad.height)
    chosen = pl.concat([good.head(few), bad.head(SESSIONS - min(few, good.height))])
    columns = ("opening", "text", "teacher", "reasoning", "response", "verdict", "verdict_reason")
    texts = drawn.draws.in_order(chosen, columns)
    rows = chosen.select("sample_id", "prompt_id", "fate", "dropped_by").join(
        texts, on="sample_id", how="left", maintain_order="left"
    )
    rows = drawn.named(rows).join(
        drawn.told.prompts.select("prompt_id", "messages", "source"), on="prompt_id", how="left"
    )
    for row in rows.sort("sample_id").iter_rows(named=True):
        word = "row" if row["fate"] == "chosen" else "dropped"
        yield f"{word}-{row['sample_id']}.jsonl", session(row)


def session(row: dict[str, Any]) -> str:
    """A draw as JSON lines: https://github.com/huggingface/hub-docs/pull/2613, "STS"."""
    why = "" if row["fate"] == "chosen" else f", dropped by {row['dropped_by']}"
    words = [row["verdict"], row["verdict_reason"]]
    name = f"{row['source']}: {': '.join(word for word in words if word)}{why}"
    head = {"type": "session", "harness": "reasoning-factory", "id": row["sample_id"], "name": name}
    reply = {"role": "assistant", "content": row["response"] or "", "model": row["teacher"]}
    if row["reasoning"]:
        reply["reasoningContent"] = row["reasoning"]
    turns = [*row["messages"], reply]
    lines = [head, *({"type": "message", "message": turn} for turn in turns)]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
