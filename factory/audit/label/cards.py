"""What a person sees of a row that was drawn: texts and no word of what the program decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from factory.audit.label.draw import Drawn
from factory.audit.reading.rows import key_of
from factory.audit.subject import Subject, question_of
from factory.prompts.benchmarks import of_prompts

DRAWS = 12
"""Draws of a doubtful key whose responses are shown."""
OF_REPLIES = "Does this reply hold the benchmark's question, or its solution?"
"""What is asked where the draw, and not its question, is beside a benchmark's."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A text of a card."""

    title: str
    text: str
    beside: bool = False
    """Whether it stands beside the part before it."""


@dataclass(frozen=True)
class Card:
    """One question about one row."""

    drawn: Drawn
    parts: tuple[Part, ...]
    decided: str
    """What the program says of it, for after the mark."""

    @property
    def question(self) -> str:
        """As a person reads it."""
        in_reply = self.drawn.asked.key == "contamination" and self.drawn.sample_id is not None
        return OF_REPLIES if in_reply else self.drawn.asked.words


def cards(subject: Subject, drawn: Sequence[Drawn]) -> list[Card]:
    """The cards of these rows, in their order. A row whose texts are not there any more has a card
    that says so."""
    found = _Read(subject, drawn)
    return [Card(one, tuple(_parts(one, found)), _decided(one, found)) for one in drawn]


class _Read:
    """The texts of all rows that were drawn."""

    def __init__(self, subject: Subject, drawn: Sequence[Drawn]):
        self.subject = subject
        asked = [one for one in drawn if one.asked.key in ("contamination", "duplicates", "key")]
        others = {str(one.other) for one in asked if one.asked.key == "duplicates"}
        prompts = {str(one.prompt_id) for one in asked if one.prompt_id} | others
        self.draws = self._draws({str(one.prompt_id) for one in drawn if one.asked.key == "key"})
        samples = {str(one.sample_id) for one in drawn if one.sample_id} | others
        samples |= {row["sample_id"] for rows in self.draws.values() for row in rows}
        there = subject.samples.filter(pl.col("sample_id").is_in(list(samples)))
        self.samples = {row["sample_id"]: row for row in there.iter_rows(named=True)}
        texts = subject.texts.of(list(self.samples))
        self.texts = {row["sample_id"]: row for row in texts.iter_rows(named=True)}
        self.questions, self.keys = self._questions(prompts)
        benchmarks = any(one.asked.key == "contamination" for one in asked)
        self.items = self._items() if benchmarks else {}

    def _draws(self, prompts: set[str]) -> dict[str, list[Row]]:
        rows = self.subject.samples.filter(pl.col("prompt_id").is_in(list(prompts)))
        told = rows.select("sample_id", "prompt_id", "draw", "teacher").sort("teacher", "draw")
        found: dict[str, list[Row]] = {}
        for row in told.iter_rows(named=True):
            found.setdefault(row["prompt_id"], []).append(row)
        return found

    def _questions(self, prompts: set[str]) -> tuple[dict[str, str], dict[str, str | None]]:
        """What is asked in each prompt, and its key."""
        run = self.subject.run
        if run is not None:
            rows = run.prompts().filter(pl.col("prompt_id").is_in(list(prompts)))
            rows = rows.select("prompt_id", "reference", question=question_of(pl.col("messages")))
        else:
            of = self.subject.samples.filter(pl.col("prompt_id").is_in(list(prompts)))
            rows = self.subject.texts.of(of.unique("prompt_id")["sample_id"].to_list())
        told = {row["prompt_id"]: row for row in rows.iter_rows(named=True)}
        keys = {id: key_of(row["reference"]) for id, row in told.items()}
        return {id: row["question"] for id, row in told.items()}, keys

    def _items(self) -> dict[str, Row]:
        """The questions of benchmarks, whole: the evidence has their first 1,000 characters."""
        run = self.subject.run
        if run is None:
            return {}
        held_out = of_prompts(run.prompts().filter(split="held_out"))
        items = pl.concat([run.benchmarks(), held_out])
        return {f"{row['benchmark']} {row['place']}": row for row in items.iter_rows(named=True)}


GONE = Part("not here", "The texts of this row are not there any more; mark it: cannot say.")


def _parts(one: Drawn, read: _Read) -> Iterator[Part]:
    key = one.asked.key
    if key == "contamination":
        yield from _beside_benchmark(one, read)
    elif key == "duplicates":
        yield from _beside_first(one, read)
    elif key == "key":
        yield from _of_key(one, read)
    elif text := read.texts.get(one.sample_id or ""):
        yield from _of_answer(text) if key == "right" else _whole(text)
    else:
        yield GONE


def _whole(text: Row) -> Iterator[Part]:
    yield Part("question", text["question"] or "")
    yield Part("reply", text["text"] or "")


def _of_answer(text: Row) -> Iterator[Part]:
    """The answer first: it is what the question is about."""
    yield Part("question", text["question"] or "")
    if text["reference"] is not None:
        yield Part("key", key_of(text["reference"]) or "")
    if text["response"] is None:
        yield Part("reply: it has no end of thinking, so no answer", text["text"] or "")
        return
    yield Part("answer", text["response"])
    if text["reasoning"]:
        yield Part("thinking", text["reasoning"])


def _beside_benchmark(one: Drawn, read: _Read) -> Iterator[Part]:
    item = read.items.get(one.other or "")
    own = read.questions.get(one.prompt_id or "")
    if one.sample_id is not None:
        own = (read.texts.get(one.sample_id) or {}).get("text")
    if item is None or own is None:
        yield GONE
        return
    yield Part("question" if one.sample_id is None else "reply", own)
    yield Part(f"question of {item['benchmark']}", item["question"], beside=True)
    if one.sample_id is not None and item["solution"]:
        yield Part(f"solution of {item['benchmark']}", item["solution"])


def _beside_first(one: Drawn, read: _Read) -> Iterator[Part]:
    if one.sample_id is None:
        own, first = (read.questions.get(str(id)) for id in (one.prompt_id, one.other))
    else:
        own, first = (
            (read.texts.get(str(id)) or {}).get("text") for id in (one.sample_id, one.other)
        )
    if own is None or first is None:
        yield GONE
        return
    yield Part("one", first)
    yield Part("the other", own, beside=True)


def _of_key(one: Drawn, read: _Read) -> Iterator[Part]:
    prompt = str(one.prompt_id)
    yield Part("question", read.questions.get(prompt, ""))
    yield Part("key", read.keys.get(prompt) or "none")
    draws = [(row, read.texts.get(row["sample_id"]) or {}) for row in read.draws.get(prompt, [])]
    answers = Counter(str(text.get("answer") or "none") for _, text in draws)
    lines = (f"{count} of {len(draws)}: {answer}" for answer, count in answers.most_common())
    yield Part("final answers of its draws", "\n".join(lines), beside=True)
    for row, text in draws[:DRAWS]:
        title = f"draw {row['draw']} of {row['teacher']}"
        yield Part(title, text.get("response") or text.get("text") or "no text")
    if len(draws) > DRAWS:
        yield Part("further draws", f"{len(draws) - DRAWS} more are not shown")


def _decided(one: Drawn, read: _Read) -> str:
    """What the program says, in a line."""
    said = {True: "yes", False: "no", None: "cannot tell"}[one.claim]
    told = [f"{one.judge}: {said} ({one.stratum})"]
    if row := read.samples.get(one.sample_id or ""):
        told += list(_fate(row))
    return "; ".join(told)


def _fate(row: Row) -> Iterable[str]:
    yield f"fate {row['fate']}"
    if row["dropped_by"]:
        yield f"dropped by {row['dropped_by']} for {', '.join(row['reasons'] or ())}"
