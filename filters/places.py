"""Places: where in a sample a person looks, to see what a filter sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

ENOUGH = 200
"""Characters at a text's end that show how it ends."""

Part = Literal["question", "text", "reasoning", "response"]


class Place(NamedTuple):
    """A stretch of one of a sample's texts."""

    part: Part
    start: int
    """Its first character, a code point."""
    end: int
    """The character behind it."""
    words: str
    """What is to be seen there, in a few words."""


def whole(part: Part, text: str | None, words: str) -> list[Place]:
    """All of a text."""
    return [Place(part, 0, len(text), words)] if text else []


def end_of(part: Part, text: str | None, words: str) -> list[Place]:
    """The last characters of a text."""
    return [Place(part, max(0, len(text) - ENOUGH), len(text), words)] if text else []


def each(part: Part, spans: Iterable[tuple[int, int]], words: str) -> list[Place]:
    """A place for each span."""
    return [Place(part, start, end, words) for start, end in spans]
