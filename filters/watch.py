"""Watch: says of a draw while it is written that it is doomed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import ClassVar

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from filters.text.languages import Reader, code_of, is_surely, prose_of, settled
from filters.text.loops import ECHO, Loop, Tail
from filters.text.scripts import FIRST
from filters.text.thinking import CLOSE, OPEN

EVERY = 1024
"""Characters after which a draw is looked at for loops."""
LANGUAGE_EVERY = 2
"""Looks for loops to one at the language, which costs much the same for any length of text."""
OPEN_END = 8192
"""Characters that a line, a formula or code may go on before its end is no longer waited for."""

_PROSE = prose_of(pl.col("text"))


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class LoopStop(_Settings):
    """When a draw is in a loop that it will not leave.

    Stricter than the filter `repetition`, which sees the end of a finished draw: one that goes on
    may be in the middle of a table of zeros. What is stopped here is a loop to the filter as well,
    as long as these figures are not below the filter's.
    """

    min_repeats: int = Field(4, ge=2)
    """How many times a block must stand at the end, letter by letter."""
    min_counting_repeats: int = Field(16, ge=3)
    """How many times, where only numbers differ and each goes on by the same step every time."""
    min_chars: int = Field(1500, ge=64)
    """How many characters these blocks must have together."""
    min_bare_chars: int = Field(4000, ge=64)
    """How many characters, where no two letters of the block stand together: rows of zeros, rules,
    blanks and lists of numbers, which sound tables and grids have many of."""
    max_echo: float = Field(0.6, ge=0, le=1)
    """Largest share of the last 5,000 characters that may stand in what is kept four times, 0 to 1;
    1 where loops with a word changed here and there are not looked for."""
    max_period: int = Field(3000, ge=1)
    """Characters in the longest block looked for; this times `min_repeats` is kept of each draw."""

    @property
    def keep(self) -> int:
        """How many characters of a draw's end are kept."""
        blocks = self.max_period * self.min_repeats
        return EVERY + max(blocks, self.min_chars, self.min_bare_chars, ECHO)

    def is_doomed(self, tail: Tail) -> bool:
        """Whether the draw whose end this is loops."""
        return (
            self._is_long(tail.loops(self.max_period), self.min_repeats)
            or self._is_long(tail.counting_loops(self.max_period), self.min_counting_repeats)
            or tail.echo() > self.max_echo
        )

    def _is_long(self, loops: list[Loop], repeats: int) -> bool:
        return any(
            loop.repeats >= repeats
            and loop.chars >= (self.min_bare_chars if loop.is_bare else self.min_chars)
            for loop in loops
        )


class LanguageStop(_Settings):
    """When a draw has left the language of its question.

    Letters are judged as by the filter `language`: not those of formulas, code and names.
    """

    min_share: float = Field(0.5, ge=0, le=1)
    """Least share of the last judged letters that belong to the question's language, 0 to 1."""
    letters: int = Field(500, ge=1)
    """How many letters these are; with fewer judged no draw is stopped."""
    min_share_of_all: float = Field(0.95, ge=0, le=1)
    """Least share of all letters judged so far. A draw above it goes on, since the filter would
    keep what there is: give it the filter's `min_share`."""


class Stops(_Settings):
    """Which doomed draws are stopped while they are written; what is left out stops none."""

    loop: LoopStop | None = None
    """Stops a draw that says the same over and over, or counts on and on."""
    language: LanguageStop | None = None
    """Stops a draw that goes on in another language than its question's."""


class Watch:
    """Follows one draw. What it says depends on the text alone, not on how it was cut into pieces.

    Not covered: what `Repetition` and `Language` do not cover; loops with longer blocks than
    `LoopStop.max_period`; the language of a draw whose question has none that the identifier knows.

    >>> watch = Watch(Stops(loop=LoopStop(min_chars=500)), language="en")
    >>> watch.feed("Is it 12? It is. " * 40), watch.feed("Is it 12? It is. " * 40)
    (None, 'loop')
    """

    def __init__(self, stops: Stops, language: str | None = None):
        """Starts with an empty draw.

        Args:
            stops: what is looked for, and from when on it counts.
            language: of the question, ISO 639-1; where the identifier does not know it, the
                draw's language is not looked at.
        """
        self.reason: str | None = None
        """Why the draw is to be stopped; None as long as it is not."""
        self._followers: list[_Loops | _Speech] = []
        if stops.loop:
            self._followers.append(_Loops(stops.loop))
        if stops.language and code_of(language) in FIRST:
            self._followers.append(_Speech(stops.language, code_of(language)))
        self._new: list[str] = []  # what was not looked at yet
        self._missing = EVERY  # characters until the next look

    def feed(self, text: str) -> str | None:
        """Takes what the draw has grown by since the last call, of any length.

        Returns:
            `loop` or `language`, the reason to stop it, from then on whatever comes; or None.
        """
        if self.reason is None and self._followers:
            self._new.append(text)
            self._missing -= len(text)
            if self._missing <= 0:
                self.reason = self._look("".join(self._new))
        return self.reason

    def _look(self, new: str) -> str | None:
        """Shows all followers what is new, in pieces of one size."""
        rest = len(new) % EVERY
        for start in range(0, len(new) - rest, EVERY):
            for follower in self._followers:
                if follower.is_doomed(new[start : start + EVERY]):
                    return follower.reason
        self._new, self._missing = [new[len(new) - rest :]], EVERY - rest
        return None


class _Loops:
    reason: ClassVar[str] = "loop"

    def __init__(self, stop: LoopStop):
        self.stop = stop
        self._tail = Tail(keep=stop.keep)

    def is_doomed(self, piece: str) -> bool:
        self._tail.add(piece)
        return self.stop.is_doomed(self._tail)


class _Speech:
    reason: ClassVar[str] = "language"

    def __init__(self, stop: LanguageStop, own: str):
        self.stop = stop
        self._reader = Reader(own)
        self._pieces = 0
        self._unread = ""
        self._last: deque[tuple[int, int]] = deque()  # letters of its language, letters judged
        self._all = (0, 0)

    def is_doomed(self, piece: str) -> bool:
        self._unread += piece
        self._pieces += 1
        if self._pieces % LANGUAGE_EVERY:
            return False
        judged = self._judged(_valid(self._settled()))
        self._all = _sum([self._all, judged])
        self._last.append(judged)
        while _sum(self._last)[1] - self._last[0][1] >= self.stop.letters:
            self._last.popleft()
        own, recent = _sum(self._last)
        return (
            recent >= self.stop.letters
            and own < self.stop.min_share * recent
            and self._all[0] < self.stop.min_share_of_all * self._all[1]
        )

    def _judged(self, text: str) -> tuple[int, int]:
        """Letters of the draw's language, and letters that could be judged."""
        if is_surely(text, self._reader.own):
            return len(text), len(text)  # too many of its own, so a stop comes rather late
        prose = pl.DataFrame({"text": [text]}).select(_PROSE).item()
        letters = self._reader.read(prose)
        return letters[self._reader.own], letters.total()

    def _settled(self) -> str:
        """What can be judged by now of all that was not judged before."""
        text = self._unread
        end = settled(text)
        if len(text) - end > OPEN_END:
            if text.startswith("```", end):  # code to the end, so far
                last_line = max(text.rfind("\n"), len(text) - EVERY)  # its end may stand there
                self._unread = "```" + text[last_line:]
                return text[:end]
            end = len(text)
        self._unread = text[end:]
        return text[:end]


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    own, judged = zip(*counts, strict=True)
    return sum(own), sum(judged)


def _valid(text: str) -> str:
    """Without think tags, which no filter sees, and lone surrogates, which no library takes."""
    text = text.replace(OPEN, "\n").replace(CLOSE, "\n")
    return text.encode("utf-8", "replace").decode()
