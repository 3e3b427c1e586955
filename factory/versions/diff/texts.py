"""What is shown of texts: the changed part of one that is another now, and a few words of a row."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from factory.versions.diff.side import Side
from factory.versions.diff.words import value
from factory.versions.folder import DEFAULT, index_of
from filters.text.shorten import shorten
from filters.text.visible import visible

AROUND = 40
"""Characters shown on each side of what is changed."""
CHANGED = 120
"""Characters shown of what was, and of what is."""
QUESTION = 70
"""Characters shown of a question."""
SHOWN = ("messages", "answer")


def span(was: str, now: str) -> str:
    """The changed part of a text, in what stands around it.

    >>> span("First we add 2 and 3, then we stop.", "First we add 2 and 4, then we stop.")
    'First we add 2 and [-3-]{+4+}, then we stop.'
    """
    start = _shared(was, now)
    start -= _of_word(was[:start][::-1])
    end = _shared(was[start:][::-1], now[start:][::-1])
    end -= _of_word(was[len(was) - end :])
    before = was[max(0, start - AROUND) : start]
    after = was[len(was) - end :][:AROUND]
    head = "…" if start > AROUND else ""
    tail = "…" if end > AROUND else ""
    gone, came = was[start : len(was) - end], now[start : len(now) - end]
    parts = [f"[-{_short(gone)}-]" if gone else "", f"{{+{_short(came)}+}}" if came else ""]
    return head + visible(re.sub(r"\s", " ", before + "".join(parts) + after)) + tail


def _short(text: str) -> str:
    return shorten(" ".join(text.split()), CHANGED)


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with that are the same."""
    both = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))


def _of_word(text: str) -> int:
    """How many letters and digits a text begins with: the rest of a word, unless that is long."""
    letters = next((n for n, sign in enumerate(text) if not sign.isalnum()), len(text))
    return letters if letters <= AROUND else 0


def shown(side: Side, ids: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Conversation and final answer of a few rows, by id; only files that hold them are read."""
    own = side.rows.join(ids, on="sample_id", how="semi")
    if own.is_empty():
        return {}
    if not index_of(side.folder).exists():
        rows = side.data([name for name in SHOWN if name in side.columns], ids)
        return {row["sample_id"]: row for row in rows.iter_rows(named=True)}
    names = [
        f"{DEFAULT}/{split}-{shard:05}-of-*.parquet"
        for split, shard in own.select("split", "shard").unique().sort("split", "shard").iter_rows()
    ]
    side.fetch(names)
    found = {}
    for name in names:
        for file in side.folder.glob(name):
            there = [column for column in SHOWN if column in pl.read_parquet_schema(file)]
            rows = pl.scan_parquet(file).select("sample_id", *there)
            rows = rows.join(ids.lazy().select("sample_id"), on="sample_id", how="semi")
            for row in rows.collect(engine="streaming").iter_rows(named=True):
                found[row["sample_id"]] = row
    return found


def question(row: dict[str, Any] | None) -> str:
    """The beginning of what was asked; nothing where it is not known."""
    turns = (row or {}).get("messages") or []
    asked = [turn["content"] for turn in turns if turn.get("role") == "user"]
    return visible(shorten(" ".join(str(asked[-1]).split()), QUESTION)) if asked else ""


def changes(was: dict[str, Any] | None, now: dict[str, Any] | None) -> list[str]:
    """What is another in two rows, in words: the changed part of each turn, the final answer."""
    if not was or not now:
        return []
    turns = zip(was.get("messages") or [], now.get("messages") or [], strict=False)
    found = [
        f"{one['role']}: {span(str(one['content']), str(other['content']))}"
        for one, other in turns
        if one["content"] != other["content"]
    ]
    return [*found, *answers(was, now)]


def answers(was: dict[str, Any] | None, now: dict[str, Any] | None) -> list[str]:
    """Whether the final answer is another, in words; nothing where one of them is not known."""
    if not was or not now or "answer" not in was or "answer" not in now:
        return []
    if was["answer"] == now["answer"]:
        return [f"the same final answer, {value(was['answer'])}"]
    return [f"final answer {value(was['answer'])} → {value(now['answer'])}"]
