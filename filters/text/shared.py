"""Words that two texts share, as places in the first: for people who look at a pair."""

from __future__ import annotations

import numpy as np
import polars as pl


def shared(text: str, other: str, size: int) -> list[tuple[int, int]]:
    """Where runs of so many words stand that the other text has too, as long as they go.

    Words are those of `filters.text.words`: case, accents and the dressing of LaTeX make no other.

    Returns:
        First character and the one behind the last, in order.

    >>> text = "He sold 48 clips in May, and she sold 7."
    >>> [text[start:end] for start, end in shared(text, "Weng sold 48 clips in JUNE.", 3)]
    ['sold 48 clips in']
    """
    from filters.text.words import words

    found = words(pl.Series([text, other]))
    hashes = found.hashes.tolist()
    own, theirs = hashes[: found.bounds[1]], hashes[found.bounds[1] :]
    size = min(size, len(own), len(theirs))
    if not size:
        return []
    known = {tuple(theirs[at : at + size]) for at in range(len(theirs) - size + 1)}
    covered = np.zeros(len(own), np.bool_)
    for at in range(len(own) - size + 1):
        if tuple(own[at : at + size]) in known:
            covered[at : at + size] = True
    spans = []
    for first, behind in runs_of(covered):
        spans.append((int(found.starts[first]), int(found.ends[behind - 1])))
    return in_characters(text, spans)


def runs_of(marked: np.ndarray) -> list[tuple[int, int]]:
    """The runs of true values: the first, and the one behind the last.

    >>> runs_of(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def in_characters(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in a text's UTF-8 as places in its characters.

    >>> in_characters("é is e", [(3, 5)])
    [(2, 4)]
    """
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    before = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])
    return [(int(before[start]), int(before[end])) for start, end in spans]
