"""Samples that are least like each other: sketches of texts, and the farthest first.

A sketch has 128 places. Each run of three words belongs to one of them by its hash, and a place
keeps a byte of the least hash that belongs to it, 0 where none does (one-permutation hashing, Li,
Owen and Zhang 2012, "One permutation hashing"). The share of places that agree, of those that are
taken in either, estimates the share of runs that two texts have in common (Jaccard), with a
standard error of at most 0.045. A byte agrees by chance once in 255 times.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit

from filters.text.words import mixed, words

PLACES = 128
RUN = 3
"""Words in a run."""


def sketches(texts: pl.Series) -> np.ndarray:
    """The sketches of texts, 128 bytes each; null is a text without words.

    >>> found = sketches(pl.Series(["We add two and three.", "we ADD two, and three", "Six."]))
    >>> bool((found[0] == found[1]).all()), bool((found[0] == found[2]).all())
    (True, False)
    """
    found = words(texts)
    out = np.zeros((len(texts), PLACES), np.uint8)
    _sketch(found.hashes, found.bounds, out)
    return out


def farthest_first(sketches: np.ndarray, bounds: np.ndarray, most: int) -> np.ndarray:
    """The place of each text in its group, from 0 on, when those least alike come first.

    The first text of a group is its first; then always the one whose likeness to the most like it
    of those before is the least, and of equals the first (Gonzalez 1985, farthest-first traversal).

    Args:
        sketches: of texts, group after group.
        bounds: group number i has the texts from bounds[i] to bounds[i + 1].
        most: texts of a group that are wanted; the others come behind, in their own order.
    """
    places = np.empty(len(sketches), np.int32)
    _spread(sketches, bounds.astype(np.int64), most, places)
    return places


@njit(cache=True, nogil=True)
def _sketch(hashes, bounds, out):
    least = np.empty(PLACES, np.uint64)
    for text in range(len(bounds) - 1):
        start, end = bounds[text], bounds[text + 1]
        size = min(RUN, end - start)
        if size == 0:
            continue
        least[:] = np.uint64(0xFFFFFFFFFFFFFFFF)
        for at in range(start, end - size + 1):
            run = np.uint64(size)
            for step in range(size):
                run = mixed(run ^ hashes[at + step]) + np.uint64(1)
            run = mixed(run)
            place = np.int64(run & np.uint64(PLACES - 1))
            if run < least[place]:
                least[place] = run
                out[text, place] = 1 + (run >> np.uint64(7)) % np.uint64(255)


@njit(cache=True, nogil=True)
def _likeness(one, other):
    taken = same = 0
    for place in range(PLACES):
        if one[place] or other[place]:
            taken += 1
            same += one[place] == other[place]
    return same / taken if taken else 1.0


@njit(cache=True, nogil=True)
def _spread(sketches, bounds, most, places):
    for group in range(len(bounds) - 1):
        start, end = bounds[group], bounds[group + 1]
        nearest = np.full(end - start, -1.0)
        taken, last = 0, start
        places[start:end] = -1
        while taken < min(most, end - start):
            places[last] = taken
            taken += 1
            following = -1
            for text in range(start, end):
                if places[text] >= 0:
                    continue
                nearest[text - start] = max(
                    nearest[text - start], _likeness(sketches[text], sketches[last])
                )
                if following < 0 or nearest[text - start] < nearest[following - start]:
                    following = text
            last = following
        for text in range(start, end):
            if places[text] < 0:
                places[text] = taken
                taken += 1
