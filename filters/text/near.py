"""Texts that say nearly the same: runs of words as sets, sketches of these, clusters of texts.

A shingle is a run of `SIZE` words. Two texts are near when their sets of shingles have a Jaccard
similarity of at least a threshold, computed from the sets themselves. A sketch only finds who is to
be compared: MinHash by fast similarity sketching (Dahlgaard, Knudsen, Thorup, arXiv 1704.04370) in
`BANDS` bands of `ROWS` values. A pair at 0.8 shares a band in 999.9 cases of 1,000.

A phrase that many texts share weighs little: a shingle that stands in more than `COMMON` of the
texts counts as much less as it is more frequent. Else a thousand answers with one long opening
would be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from filters.text.sketches import (
    BANDS,
    ROWS,
    SLOTS,
    count_shingles,
    enter_common,
    join_clusters,
    number_bucket,
    sketch_texts,
)
from filters.text.words import KIND, NUMBER, SIGN, Words, buffers, plain_words, words

COMMON = 0.01
"""Share of the texts above which a shingle loses weight."""
RARE = 8
"""Texts that may always share a shingle at its full weight, however few texts there are."""
SAMPLE = 4_000
"""Texts that are counted, to know which phrases are common."""


class Phrases(NamedTuple):
    """The common shingles of a set of texts: a hash table, a power of two of places."""

    shingles: np.ndarray
    weights: np.ndarray
    """What each counts, above 0 and below 1; 0 where the place is free."""


class Clusters(NamedTuple):
    """What each text is to the others, by its place."""

    representative: np.ndarray
    """The place of the first text of its cluster; its own where nobody before it is near."""
    similarity: np.ndarray
    """Jaccard similarity with the representative, 0 to 1."""
    same: np.ndarray
    """Whether it has the representative's words, all of them in the same order."""


def phrases(sample: pl.Series) -> Phrases:
    """The shingles that are common in a sample of texts; a text that comes again counts once."""
    _, first = np.unique(words(sample).texts(), return_index=True)
    different = sample.gather(np.sort(first))
    data, offsets = buffers(different)
    counts, owners, last = (np.zeros(SLOTS, kind) for kind in (np.int32, np.uint32, np.int32))
    count_shingles(data, offsets, *plain_words(), *_room(_longest(offsets)), counts, owners, last)
    most = max(RARE, COMMON * len(different))
    common = np.flatnonzero(counts > most)
    places = 1 << max(4, int(4 * len(common)).bit_length())
    found = Phrases(np.zeros(places, np.uint32), np.zeros(places, np.float32))
    enter_common(owners[common], (most / counts[common]).astype(np.float32), *found)
    return found


class Near:
    """Finds near-duplicates: texts are added in order, then `clusters` says who is near whom.

    Texts are read once and not kept. In memory are 200 bytes a text, in a scratch file 4 bytes a
    word.
    """

    def __init__(self, known: Phrases, scratch: Path):
        """Begin with no texts.

        Args:
            known: how common shingles are.
            scratch: a file for the sets of shingles; whoever made it removes it.
        """
        self.phrases, self.scratch = known, scratch
        self._file = scratch.open("wb")
        self._bands: list[np.ndarray] = []
        self._texts: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._numbers: list[np.ndarray] = []
        self._answers: list[np.ndarray] = []

    def add(
        self,
        texts: pl.Series,
        groups: np.ndarray | None = None,
        answers: pl.Series | None = None,
    ) -> None:
        """More texts.

        Args:
            texts: read once, and not kept.
            groups: 64-bit numbers; texts of different ones are never compared.
            answers: to each text as a question, null where not known. Questions with other numbers
                or signs in them and another answer are two, however near their words are.
        """
        data, offsets = buffers(texts)
        count, longest = len(texts), _longest(offsets)
        bands = np.empty((count, BANDS), np.uint64)
        hashes, sizes = np.empty(count, np.uint64), np.empty(count, np.int64)
        shingles = np.empty(int(offsets[-1] - offsets[0]) + count, np.uint32)
        if groups is None:
            groups = np.zeros(count, np.uint64)
        total = sketch_texts(
            data, offsets, *plain_words(), *_room(longest),
            np.empty(longest + 1, np.uint64), np.empty(BANDS * ROWS, np.uint64),
            *self.phrases, groups, bands, hashes, sizes, shingles,
        )  # fmt: skip
        shingles[:total].tofile(self._file)
        self._bands.append(bands)
        self._texts.append(hashes)
        self._sizes.append(sizes)
        none = np.zeros(count, np.uint64)
        self._numbers.append(none if answers is None else _numbers(words(texts)))
        self._answers.append(none if answers is None else words(answers).texts())

    def clusters(self, threshold: float) -> Clusters:
        """Each text with its representative.

        Texts come in their order. One joins the representative it is most similar to, if that is at
        least `threshold`, and else becomes one itself. So nobody is in a cluster for being near a
        member only.
        """
        self._file.close()
        none = np.empty(0, np.uint64)
        texts = np.concatenate([none, *self._texts])
        bounds = np.concatenate([[0], *self._sizes]).cumsum()
        bands = np.concatenate([np.empty((0, BANDS), np.uint64), *self._bands])
        self._bands.clear()
        buckets, count = _buckets(bands)
        del bands
        shingles: Any = np.empty(0, np.uint32)
        if bounds[-1]:
            shingles = np.memmap(self.scratch, np.uint32, "r", shape=int(bounds[-1]))
        total = len(texts)
        representative, similarity = np.arange(total), np.ones(total, np.float32)
        places = 1 << max(4, int(2 * np.diff(bounds).max(initial=0)).bit_length())
        join_clusters(
            shingles,
            bounds,
            buckets,
            _first_same(texts),
            np.concatenate([none, *self._numbers]),
            np.concatenate([none, *self._answers]),
            threshold,
            *self.phrases,
            np.full(count, -1, np.int32),
            np.full(buckets.shape, -1, np.int32),
            np.full(total, -1, np.int64),
            np.zeros(total),
            np.zeros(places, np.uint32),
            np.full(places, -1, np.int64),
            np.full(places, -1, np.int64),
            representative,
            similarity,
        )
        return Clusters(representative, similarity, texts == texts[representative])


def clusters(
    texts: Iterable[pl.Series], sample: pl.Series, threshold: float, scratch: Path
) -> Clusters:
    """Near-duplicates among texts that come in pieces.

    >>> import tempfile
    >>> told = "A train leaves Ulm at noon, at 80 km/h, and meets another one after three hours. "
    >>> ask = ["How far is it?", "how far IS it", "How far is that?", "Which colour has it?"]
    >>> texts = pl.Series([told * 2 + end for end in ask] + ["Name all primes below a hundred."])
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     clusters([texts], texts, 0.8, Path(file.name)).representative.tolist()
    [0, 0, 0, 3, 4]
    """
    near = Near(phrases(sample), scratch)
    for piece in texts:
        near.add(piece)
    return near.clusters(threshold)


def _numbers(read: Words) -> np.ndarray:
    """A hash of the numbers and signs in each text, in whatever order."""
    kind = read.kinds & KIND
    found = read.only((kind == NUMBER) | (kind == SIGN))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(found.hashes, dtype=np.uint64)])
    return np.diff(sums[found.bounds])


def _longest(offsets: np.ndarray) -> int:
    return int(np.diff(offsets).max(initial=0))


class _Room(NamedTuple):
    """Room for the words of one text."""

    hashes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    kinds: np.ndarray
    shingles: np.ndarray


def _room(longest: int) -> _Room:
    size = longest + 1
    places = np.empty(size, np.int32), np.empty(size, np.int32)
    kinds, shingles = np.empty(size, np.uint8), np.empty(size, np.uint64)
    return _Room(np.empty(size, np.uint64), *places, kinds, shingles)


def _first_same(texts: np.ndarray) -> np.ndarray:
    """The place of the first text with the same words, for each."""
    _, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
    return first[inverse]


def _buckets(bands: np.ndarray) -> tuple[np.ndarray, int]:
    """A number for each band that at least two texts share, and -1 for all others."""
    numbers, count = np.full(bands.shape, -1, np.int32), 0
    for band in range(bands.shape[1] if len(bands) else 0):
        order = np.argsort(bands[:, band], kind="stable")
        count = number_bucket(bands[:, band], order, numbers[:, band], count)
    return numbers, count
