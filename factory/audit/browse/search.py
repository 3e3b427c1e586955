"""Full-text search: texts are read piece by piece, for so long; then it says how far it has looked.

Nothing is indexed and no more than a piece of the texts is in memory. Asked again, it goes on from
where it stopped.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from factory.audit.browse.rows import Rows
from factory.audit.subject import Texts

SECONDS = 2.0
"""How long a person waits for one go; the piece that is being read is looked through to its end."""
MOST_HITS = 10_000
"""A search ends here: other words, or a choice of rows, will do more."""
KEPT = 6
"""Searches that can go on."""
PARTS = {
    "question": "question",
    "reasoning": "thinking",
    "response": "response",
    "text": "reply",
    "answer": "answer",
    "reference": "key",
}
"""Where is looked, in this order, and what people call it."""
BESIDE = 60
"""Characters shown on both sides of what was found."""


@dataclass(frozen=True)
class Hit:
    """Where a text was found first in a sample."""

    part: str
    before: str
    found: str
    after: str


@dataclass
class Search:
    """One search, as far as it has come."""

    words: str
    texts: Texts
    looked: int = 0
    """Samples whose texts were looked through."""
    ended: bool = False
    """Whether all were, or there were too many hits."""
    hits: dict[str, Hit] = field(default_factory=dict)
    """By sample, in the order of the texts."""
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint32))
    """The hits' rows."""
    _pieces: Iterator[pl.DataFrame] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def go_on(self, rows: Rows) -> None:
        """Look further, for `SECONDS`; who asks meanwhile waits until the first is served."""
        with self._lock:
            before, until = len(self.hits), time.monotonic() + SECONDS
            if self._pieces is None:
                self._pieces = self.texts.each()
            for piece in self._pieces:
                self._look(piece)
                if len(self.hits) >= MOST_HITS or time.monotonic() >= until:
                    self.ended = len(self.hits) >= MOST_HITS
                    break
            else:
                self.ended = True
            if len(self.hits) != before:
                self.numbers = rows.numbers_of(list(self.hits))

    def _look(self, piece: pl.DataFrame) -> None:
        self.looked += piece.height
        anywhere = pl.any_horizontal(
            pl.col(part).str.contains_any([self.words], ascii_case_insensitive=True)
            for part in PARTS
        )
        wanted = self.words.lower()
        for row in piece.filter(anywhere).iter_rows(named=True):
            if len(self.hits) < MOST_HITS and (hit := _hit(row, self.words, wanted)):
                self.hits[row["sample_id"]] = hit


@dataclass
class Searches:
    """The latest searches, so that each can go on."""

    texts: Texts
    _kept: OrderedDict[str, Search] = field(default_factory=OrderedDict)

    def of(self, words: str) -> Search:
        """The search for these words, as far as it has come."""
        search = self._kept.setdefault(words, Search(words, self.texts))
        self._kept.move_to_end(words)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return search


def _hit(row: dict[str, str | None], words: str, lower: str) -> Hit | None:
    for part, name in PARTS.items():
        text = row[part] or ""
        at = text.find(words)
        if at < 0:
            at = _lower(text).find(_lower(lower))
        if at >= 0:
            end = at + len(words)
            before, after = text[max(0, at - BESIDE) : at], text[end : end + BESIDE]
            return Hit(name, before, text[at:end], after)
    return None


_SMALL = str.maketrans({chr(n): chr(n + 32) for n in range(ord("A"), ord("Z") + 1)})


def _lower(text: str) -> str:
    """A text with small ASCII letters: of the same length, as `str.lower` is not."""
    return text.translate(_SMALL)
