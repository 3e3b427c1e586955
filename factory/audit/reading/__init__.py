"""Samples to read: which ones, why these, and where to look in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["just inside", "just outside", "random, dropped", "random, kept", "random"]
"""`just inside`: nearest to the threshold of those that the rule keeps; `just outside`: nearest of
those that it drops. A rule without a number has random ones of both. `random`: of all samples."""
Where = Literal["question", "text"]


@dataclass(frozen=True)
class Why:
    """Why a sample is shown."""

    side: Side
    filter: str | None = None
    """Of the rule; null for one of all samples."""
    reason: str | None = None
    """The rule's reason, as `too_long`."""
    setting: str | None = None
    """The setting that its measure is compared with, as `max_tokens`."""
    limit: float | None = None
    """Its value."""
    measure: str | None = None
    """The column that is compared."""
    value: float | str | bool | None = None
    """What is measured of this sample."""


@dataclass(frozen=True)
class Passage:
    """A place to look at. Characters are counted as Python does, code point by code point: a
    browser's strings count otherwise, so a page is made from `pieces`."""

    start: int
    end: int
    """The first character behind it."""
    reason: str
    """The reason that it is evidence of, as `loop`; of a sample that has it or is near to it."""
    words: str
    """What is to be seen there, in a few words."""
    where: Where = "text"


@dataclass(frozen=True)
class Gap:
    """A place of a shown text where characters are left out."""

    at: int
    """Character of the shown text before which they would stand."""
    chars: int
    """How many."""


@dataclass(frozen=True)
class Cut:
    """What is left out of a row's texts."""

    chars: int
    """Of question and text together."""
    how: str
    """How all of it is read, as a sentence with a command."""


@dataclass(frozen=True)
class Row:
    """A sample to read."""

    sample_id: str
    why: tuple[Why, ...]
    """A sample may be shown for several rules."""
    question: str | None
    """Null where nobody has its texts: `Shown.missing` says why."""
    text: str | None
    """The whole reply, thinking and its tags included."""
    answer: str | None
    """As the verifier found it in the response."""
    reference: str | None
    """The key."""
    passages: tuple[Passage, ...]
    """In order of their starts; they may overlap."""
    gaps: dict[Where, tuple[Gap, ...]]
    """Where characters are left out, in order."""
    cut: Cut | None
    """Null where question and text are whole."""
    source: str | None
    domain: str | None
    language: str | None
    teacher: str | None
    strategy: str | None
    verdict: str | None
    verdict_reason: str | None
    fate: str | None
    dropped_by: str | None
    reasons: tuple[str, ...]
    """All reasons to drop it."""
    measures: dict[str, float | str | bool | None]
    """What its rules go by, by column; null is not measured. Lists are left out."""


@dataclass(frozen=True)
class Shown:
    """Samples to read, in the order of their filters, no sample twice."""

    rows: tuple[Row, ...]
    of: int
    """Samples that they are drawn from."""
    seed: int
    """Of what is drawn at random."""
    note: str
    """What is shown and what is left out, and how the rest is read; a sentence or two."""
    missing: str | None = None
    """Why texts are missing, where they are."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that the same passages cover, or a gap in it."""

    text: str
    passages: tuple[Passage, ...] = ()
    left_out: int = 0
    """Characters that are left out here; `text` is empty then."""


def pieces(text: str, passages: Sequence[Passage], gaps: Sequence[Gap] = ()) -> list[Piece]:
    """A text in the pieces that a page or a terminal writes one after another.

    Args:
        text: of a row, as it is shown.
        passages: those of this text.
        gaps: those of this text.

    >>> [piece.text for piece in pieces("so 12 12 12", [Passage(3, 11, "loop", "a block")])]
    ['so ', '12 12 12']
    """
    size = len(text)
    edges = {0, size, *(gap.at for gap in gaps)}
    edges.update(min(edge, size) for one in passages for edge in (one.start, one.end))
    places = sorted(edges)
    left_out = {gap.at: gap.chars for gap in gaps}
    found = []
    for start, end in zip(places, [*places[1:], size], strict=True):
        if start in left_out:
            found.append(Piece("", left_out=left_out[start]))
        if start < end:
            over = tuple(one for one in passages if one.start <= start and end <= one.end)
            found.append(Piece(text[start:end], over))
    return found
