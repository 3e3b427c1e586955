"""Where a text repeats itself, for people: the measures of `repetition` keep counts, no places."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from filters.text.loops import ECHO, ECHOED, PIECE, Loop, Tail
from filters.text.shared import runs_of

MOST = 1_000_000
"""Characters at a text's end in which repeated words are looked for."""


class Looped(NamedTuple):
    """A loop at a text's end, and where it stands."""

    start: int
    end: int
    loop: Loop


def loops(text: str, counting: bool = False) -> list[Looped]:
    """All loops at the end of a text, those with the most characters first.

    Args:
        text: thinking or response.
        counting: whether loops are wanted in which numbers count.

    >>> [(one.start, one.end, one.loop.repeats) for one in loops("So 12. " + "Let me check that. " * 4)]
    [(6, 82, 4)]
    """  # noqa: E501
    bare = text.rstrip()
    tail = Tail(bare)
    if not counting:
        end, found = len(bare), tail.loops()
    else:
        end, found = len(re.sub(r"\d+\Z", "", bare)), tail.counting_loops()
    told = [Looped(end - loop.chars, end, loop) for loop in found]
    return sorted(told, key=lambda one: one.start)


def echoes(text: str) -> list[tuple[int, int]]:
    """The pieces of a text's end that stand in it as often as `Tail.echo` asks, neighbours joined.

    >>> echoes("Nothing is said again here.")
    []
    """
    from filters.text import compiled, loop_kernels

    bare = text.rstrip()
    if len(bare) < ECHO:
        return []
    classes = compiled.classes()
    marked = np.zeros(ECHO // PIECE, np.bool_)
    for at in range(len(marked)):
        end = len(bare) - (len(marked) - 1 - at) * PIECE
        piece = bare[end - PIECE : end]
        marked[at] = loop_kernels.worded(compiled.codes_of(piece), classes) and _occurs(bare, piece)
    first = len(bare) - len(marked) * PIECE
    return [(first + a * PIECE, first + b * PIECE) for a, b in runs_of(marked)]


def _occurs(text: str, piece: str) -> bool:
    end = len(text)
    for _ in range(ECHOED):
        end = text.rfind(piece, 0, end)
        if end < 0:
            return False
    return True


def again(text: str, window: int) -> list[tuple[int, int]]:
    """Where runs of so many words stand that occurred before, as `repeated_words` counts them.

    >>> text = "one two three, four. One two three, one two three,"
    >>> [text[start:end] for start, end in again(text, 3)]
    ['one two three,']
    """
    start = max(0, len(text) - MOST)
    words, quarters = _words(text[start:])
    numbers: dict[str, int] = {}
    ids = np.array(
        [numbers.setdefault(text[start + a : start + b], len(numbers)) for a, b in words]
    )
    covered = np.zeros(len(words), np.bool_)
    seen: set[bytes] = set()
    first = size = 0
    for at, weight in enumerate(quarters):
        size += weight
        while size - quarters[first] >= 4 * window:
            size -= quarters[first]
            first += 1
        if size < 4 * window:
            continue
        run = ids[first : at + 1].tobytes()
        if run in seen:
            covered[first : at + 1] = True
        seen.add(run)
    return [(start + words[a][0], start + words[b - 1][1]) for a, b in runs_of(covered)]


def _words(text: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Where words stand, and their weights in quarters of a word."""
    from filters.text import compiled

    codes = compiled.codes_of(text)
    classes = compiled.classes()
    kinds = np.where(codes < len(classes), classes[np.minimum(codes, len(classes) - 1)], 0)
    lone = kinds & compiled.UNSPACED != 0
    inside = ~(lone | (kinds & compiled.SPACE != 0))
    found = [(a, b, 4) for a, b in runs_of(inside)]
    half = codes >= compiled.HALVES_FROM
    found += [(at, at + 1, 2 if half[at] else 1) for at in np.flatnonzero(lone).tolist()]
    found.sort()
    return [(a, b) for a, b, _ in found], [weight for *_, weight in found]
