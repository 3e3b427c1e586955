"""What the page of one sample shows: its texts, its rules, and the other draws of its prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from markupsafe import Markup

from factory.audit.browse.shown import shown
from factory.audit.mathematics import Mathematics
from factory.audit.reading import Passage
from factory.audit.reading.passages import passages, response_at
from factory.audit.reading.rows import key_of
from factory.audit.subject import Subject

FIRST = 20_000
"""Characters of a text on a sample's page."""
PIECE = 100_000
"""Characters of a text on a page of its own."""
MARKED = 1_000_000
"""Characters of a reply in which passages are looked for."""
TITLES = {
    "question": "Question",
    "thinking": "Thinking",
    "response": "Response",
    "reply": "Reply",
    "reference": "Key",
    "answer": "Answer found in the response",
}
"""The parts of a sample, in their order."""


@dataclass(frozen=True)
class Part:
    """A text of a sample."""

    key: str
    title: str
    text: str
    passages: tuple[Passage, ...] = ()
    """Their places are characters of this text."""

    def piece(self, start: int, most: int, draw: Mathematics | None) -> Piece:
        """So many characters of it, from a place on."""
        end = min(len(self.text), start + most)
        there = [
            replace(one, start=max(one.start, start) - start, end=min(one.end, end) - start)
            for one in self.passages
            if one.start < end and one.end > start
        ]
        further = tuple(one for one in self.passages if one.start >= end)
        text = shown(self.text[start:end], there, draw)
        return Piece(self, text, start, end, len(self.text), further)


@dataclass(frozen=True)
class Piece:
    """A part, as much of it as is shown at once."""

    part: Part
    html: Markup
    start: int
    end: int
    of: int
    further: tuple[Passage, ...]
    """Passages behind what is shown."""


def parts_of(sample: Mapping[str, Any], texts: Mapping[str, Any], subject: Subject) -> list[Part]:
    """The texts of a sample, those that there are.

    The reply is cut in two where its response begins, so that nothing of it is left out: what a
    split leaves between thinking and response stands with the thinking.
    """
    text = texts["text"] or ""
    found: tuple[Passage, ...] = ()
    if len(text) <= MARKED:
        reasons = sample.get("reasons") or ()
        found = passages({**sample, **texts}, subject.filters, reasons)
    told = [_part("question", texts["question"], _of(found, "question"))]
    inside = _of(found, "text")
    at = response_at(text, texts["response"])
    thinks = texts["reasoning"] is not None
    if at:
        told += [_cut("thinking", text, 0, at, inside), _cut("response", text, at, None, inside)]
    else:
        told.append(_cut("thinking" if thinks and at is None else "reply", text, 0, None, inside))
    told += [_part("answer", texts["answer"]), _part("reference", key_of(texts["reference"]))]
    return [part for part in told if part is not None]


def marked(parts: Sequence[Piece]) -> bool:
    """Whether passages were looked for: not in a reply that is too long for it."""
    reply = (one.of for one in parts if one.part.key in ("thinking", "response", "reply"))
    return sum(reply) <= MARKED


def _of(found: Sequence[Passage], where: str) -> tuple[Passage, ...]:
    return tuple(one for one in found if one.where == where)


def _part(key: str, text: str | None, found: tuple[Passage, ...] = ()) -> Part | None:
    return None if text is None else Part(key, TITLES[key], text, found)


def _cut(key: str, text: str, start: int, end: int | None, found: Sequence[Passage]) -> Part:
    end = len(text) if end is None else end
    there = tuple(
        replace(one, start=max(one.start, start) - start, end=min(one.end, end) - start)
        for one in found
        if one.start < end and one.end > start
    )
    return Part(key, TITLES[key], text[start:end], there)


def texts_of(subject: Subject, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The texts of samples, by their ids; of those that there are texts of."""
    found = subject.texts.of(ids)
    return {row["sample_id"]: row for row in found.iter_rows(named=True)}


def others(draws: pl.DataFrame, sample_id: str) -> list[dict[str, Any]]:
    """The other draws of a sample's prompt."""
    return draws.filter(pl.col("sample_id") != sample_id).rows(named=True)
