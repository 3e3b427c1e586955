"""A page of a training: its curves, and what the same held-out prompts were answered as it went."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from factory.store.shards import write_text
from teacher import curves
from teacher.rollouts import Rollouts

OF_DRAW = ("text", "verdict", "reward", "completion_tokens")
PROMPTS, EXAMINATIONS, LONGEST = 12, 5, 6_000
"""Prompts and examinations on the page, and characters of a text."""
UNKNOWN = "-"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem }
img { max-width: 100% } table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600 }
th, td { vertical-align: top; text-align: left; border: 1px solid #8884; padding: .5rem }
.numbers { width: auto } .numbers td { text-align: right } .sides th { min-width: 14rem }
td p { margin: 0 0 .5rem } .scroll { overflow-x: auto; margin-bottom: 2rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; max-height: 24rem; overflow: auto }
.word { border-left: .3rem solid #c60; padding-left: .7rem }
:root { color-scheme: light dark }
"""


def write(log: curves.Log, examined: Rollouts, picture: Path, page: Path) -> None:
    """Write the page, with the picture in it; no other file or address is needed."""
    image = base64.b64encode(picture.read_bytes()).decode()
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>Curves of GRPO</title><style>{STYLE}</style><h1>Curves of GRPO</h1>",
        _word(log),
        f"<img alt='Curves over steps' src='data:image/png;base64,{image}'>",
        _numbers(log),
        *_side_by_side(examined),
        "</html>",
    ]
    write_text("\n".join(parts), page)


def _word(log: curves.Log) -> str:
    """Where reward and accuracy part."""
    told = [
        f"<p class=word>From step {entry['eval_parted_since']:.0f} to step {entry['step']} the "
        "reward of held-out draws rose, and fewer of them were right by the verifier, beyond what "
        "noise explains. Read some below.</p>"
        for entry in log
        if entry.get("eval_parted_since") is not None
    ]
    return "\n".join(told)


def _numbers(log: curves.Log) -> str:
    """What the examinations found, as a table."""
    examinations = [entry for entry in log if entry.get("eval_pass_at_1") is not None]
    if not examinations:
        return "<p>No held-out prompts were looked at.</p>"
    columns = {
        "pass@1, %": lambda e: f"{100 * e['eval_pass_at_1']:.1f}",
        "95 % interval": lambda e: "{:.1f} to {:.1f}".format(
            *(100 * e[f"eval_pass_at_1_{end}"] for end in ("low", "high"))
        ),
        "reward": lambda e: _figure(e, "eval_reward", 1, 3),
        "length, tokens": lambda e: _figure(e, "eval_draws/length", 1, 1),
        "in the question's language, %": lambda e: _figure(e, "eval_draws/language", 100, 1),
        "words of reflection, %": lambda e: _figure(e, "eval_draws/reflection", 100, 2),
    }
    said = {name: [say(entry) for entry in examinations] for name, say in columns.items()}
    said = {name: cells for name, cells in said.items() if set(cells) != {UNKNOWN}}
    head = "".join(f"<th scope=col>{name}</th>" for name in ("step", *said))
    body = "".join(
        f"<tr><th scope=row>{entry['step']}</th><td>{'</td><td>'.join(cells)}</td></tr>"
        for entry, *cells in zip(examinations, *said.values(), strict=True)
    )
    caption = "<caption>Held-out prompts, one draw of each</caption>"
    table = f"<table class=numbers>{caption}<tr>{head}</tr>{body}</table>"
    return f"<div class=scroll>{table}</div>"


def _figure(entry: Mapping[str, Any], key: str, scale: float, places: int) -> str:
    value = entry.get(key)
    return UNKNOWN if value is None else f"{scale * value:.{places}f}"


def _side_by_side(examined: Rollouts) -> list[str]:
    """The same prompts at examinations from first to last."""
    steps = _spread(examined.steps())
    columns = ("prompt_id", "messages", "reference", *OF_DRAW)
    told = [(step, rows) for step, rows in examined.each(columns) if step in steps]
    if not told:
        return []
    prompts = told[0][1].head(PROMPTS)["prompt_id"].to_list()
    parts = ["<h2>The same prompts as it learned</h2>"]
    for prompt in prompts:
        found = [(step, _first(rows.filter(prompt_id=prompt))) for step, rows in told]
        there = [(step, row) for step, row in found if row]
        asked = "\n\n".join(turn["content"] for turn in there[0][1]["messages"][:-1])
        key = there[0][1]["reference"]
        plain = key is not None and not key.startswith(("{", "["))
        question = asked[:LONGEST] + (f"\n\nkey: {key[:LONGEST]}" if plain else "")
        head = "".join(f"<th scope=col>step {step}</th>" for step, _ in there)
        body = "".join(f"<td>{_answer(row)}</td>" for _, row in there)
        parts.append(
            f"<div class=scroll><table class=sides><caption><pre>{escape(question)}</pre></caption>"
            f"<tr>{head}</tr><tr>{body}</tr></table></div>"
        )
    return parts


def _spread(steps: Sequence[int]) -> set[int]:
    """The first, the last, and some evenly between."""
    if len(steps) <= EXAMINATIONS:
        return set(steps)
    last = len(steps) - 1
    return {steps[round(place * last / (EXAMINATIONS - 1))] for place in range(EXAMINATIONS)}


def _first(rows: pl.DataFrame) -> dict[str, Any] | None:
    return rows.row(0, named=True) if rows.height else None


def _answer(row: Mapping[str, Any]) -> str:
    reward = UNKNOWN if row["reward"] is None else f"{row['reward']:.2f}"
    text = row["text"]
    cut = f"\n… ({len(text):,} characters)" if len(text) > LONGEST else ""
    return (
        f"<p>{escape(row['verdict'])}, reward {reward}, {row['completion_tokens']:,} tokens</p>"
        f"<pre>{escape(text[:LONGEST] + cut)}</pre>"
    )
