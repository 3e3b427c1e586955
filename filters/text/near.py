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
from numba import njit

from filters.text.words import buffers, mixed, plain_words, sequence, text_words, words

SIZE = 5
"""Words in a shingle."""
BANDS, ROWS = 25, 5
"""Of the sketch."""
COMMON = 0.01
"""Share of the texts above which a shingle loses weight."""
RARE = 8
"""Texts that may always share a shingle at its full weight, however few texts there are."""
SLOTS = 1 << 19
"""Counters of shingles. Two that share one are told apart as long as one is common and one rare."""
SAMPLE = 4_000
"""Texts that are counted, to know which phrases are common."""
CROWD = 100
"""Representatives of one band that a text is compared with at most."""


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
    _count(data, offsets, *plain_words(), *_room(_longest(offsets)), counts, owners, last)
    most = max(RARE, COMMON * len(different))
    common = np.flatnonzero(counts > most)
    places = 1 << max(4, int(4 * len(common)).bit_length())
    found = Phrases(np.zeros(places, np.uint32), np.zeros(places, np.float32))
    _enter(owners[common], (most / counts[common]).astype(np.float32), *found)
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

    def add(self, texts: pl.Series, groups: np.ndarray | None = None) -> None:
        """More texts. Those of different `groups`, 64-bit numbers, are never compared."""
        data, offsets = buffers(texts)
        count, longest = len(texts), _longest(offsets)
        bands = np.empty((count, BANDS), np.uint64)
        hashes, sizes = np.empty(count, np.uint64), np.empty(count, np.int64)
        shingles = np.empty(int(offsets[-1] - offsets[0]) + count, np.uint32)
        if groups is None:
            groups = np.zeros(count, np.uint64)
        total = _sketch(
            data, offsets, *plain_words(), *_room(longest),
            np.empty(longest + 1, np.uint64), np.empty(BANDS * ROWS, np.uint64),
            *self.phrases, groups, bands, hashes, sizes, shingles,
        )  # fmt: skip
        shingles[:total].tofile(self._file)
        self._bands.append(bands)
        self._texts.append(hashes)
        self._sizes.append(sizes)

    def clusters(self, threshold: float) -> Clusters:
        """Each text with its representative.

        Texts come in their order. One joins the representative it is most similar to, if that is at
        least `threshold`, and else becomes one itself. So nobody is in a cluster for being near a
        member only.
        """
        self._file.close()
        texts = np.concatenate([np.empty(0, np.uint64), *self._texts])
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
        _clustered(
            shingles,
            bounds,
            buckets,
            _first_same(texts),
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
        count = _number(bands[:, band], order, numbers[:, band], count)
    return numbers, count


@njit(cache=True, nogil=True)
def _number(keys, order, numbers, count):
    start = 0
    for place in range(1, len(order) + 1):
        if place < len(order) and keys[order[place]] == keys[order[start]]:
            continue
        if place - start > 1:
            for at in range(start, place):
                numbers[order[at]] = count
            count += 1
        start = place
    return count


@njit(cache=True, nogil=True)
def _shingled(hashes, count, out):
    """Writes the shingles of a text from its words; a short text is one. Returns how many."""
    if count == 0:
        return 0
    base = np.uint64(0x9E3779B97F4A7C15)
    size = min(count, SIZE)
    lead = np.uint64(1)
    for _ in range(size - 1):
        lead *= base
    run = np.uint64(0)
    made = 0
    for place in range(count):
        if place >= size:
            run -= hashes[place - size] * lead
        run = run * base + hashes[place]
        if place >= size - 1:
            out[made] = mixed(run)
            made += 1
    return made


@njit(cache=True, nogil=True)
def _count(
    data, offsets, table, folded, beyond, hashes, starts, ends, kinds, out, counts, owners, last
):
    """Counts the texts that have a shingle.

    Each counter belongs to the shingle that has most of its votes, as in Boyer and Moore's
    majority vote: what stands in many texts keeps its counter from all that stand in a few.
    """
    for text in range(len(offsets) - 1):
        words = text_words(
            data, offsets[text], offsets[text + 1], table, folded, beyond,
            hashes, starts, ends, kinds, 0,
        )  # fmt: skip
        made = _shingled(hashes, words, out)
        for place in range(made):
            shingle = np.uint32(out[place])
            slot = np.int64(shingle & np.uint32(SLOTS - 1))
            if owners[slot] == shingle and counts[slot]:
                if last[slot] != text:
                    counts[slot] += 1
                    last[slot] = text
            elif counts[slot] == 0:
                owners[slot], counts[slot], last[slot] = shingle, 1, text
            else:
                counts[slot] -= 1


@njit(cache=True, nogil=True)
def _enter(common, weights, shingles, weighs):
    for place in range(len(common)):
        at = np.int64(common[place]) & (len(shingles) - 1)
        while weighs[at] > 0:
            at = (at + 1) & (len(shingles) - 1)
        shingles[at], weighs[at] = common[place], weights[place]


@njit(cache=True, nogil=True)
def _weight(shingle, shingles, weighs):
    """What a shingle counts: 1 for all but common ones."""
    at = np.int64(shingle) & (len(shingles) - 1)
    while weighs[at] > 0:
        if shingles[at] == shingle:
            return weighs[at]
        at = (at + 1) & (len(shingles) - 1)
    return np.float32(1.0)


@njit(cache=True, nogil=True)
def _sketch(
    data, offsets, table, folded, beyond, hashes, starts, ends, kinds, out,
    kept, sketch, common, weighs, groups, bands, texts, sizes, shingles,
):  # fmt: skip
    """Writes bands, hash, size and shingles of each text; returns the shingles written."""
    total = 0
    for text in range(len(offsets) - 1):
        words = text_words(
            data, offsets[text], offsets[text + 1], table, folded, beyond,
            hashes, starts, ends, kinds, 0,
        )  # fmt: skip
        made = _shingled(hashes, words, out)
        texts[text], sizes[text] = mixed(sequence(hashes, 0, words) ^ groups[text]), made
        left = 0
        for place in range(made):
            shingles[total + place] = np.uint32(out[place])
            # A common shingle is taken by lot, the same for every text: so sketches weigh as the
            # comparison does, and what all texts share brings none of them together.
            weight = _weight(np.uint32(out[place]), common, weighs)
            if weight == 1 or (out[place] >> np.uint64(40)) < weight * 16777216.0:
                kept[left] = out[place]
                left += 1
        total += made
        if left == 0:
            for place in range(made):
                kept[place] = out[place]
            left = made
        _similarity_sketch(kept, left, sketch)
        for band in range(BANDS):
            key = mixed(groups[text] + np.uint64(band + 1))
            for row in range(ROWS):
                key = mixed(key ^ sketch[band * ROWS + row])
            # A text without words is near nobody.
            bands[text, band] = key if left else mixed(np.uint64(text)) ^ key
    return total


@njit(cache=True, nogil=True)
def _similarity_sketch(values, count, sketch):
    """Fast similarity sketching: rounds of hashing until each place of the sketch has a value; in
    the first rounds to a random place, then to each place in turn."""
    width = len(sketch)
    for slot in range(width):
        sketch[slot] = np.uint64(0xFFFFFFFFFFFFFFFF)
    if count == 0:
        return
    empty = width
    for turn in range(2 * width):
        stamp = np.uint64(turn) << np.uint64(56)
        for place in range(count):
            value = mixed(values[place] + np.uint64(turn) * np.uint64(0x9E3779B97F4A7C15))
            if turn < width:
                slot = np.int64(((value >> np.uint64(40)) * np.uint64(width)) >> np.uint64(24))
            else:
                slot = turn - width
            key = stamp | (value & np.uint64(0x00FFFFFFFFFFFFFF))
            if key < sketch[slot]:
                if sketch[slot] == np.uint64(0xFFFFFFFFFFFFFFFF):
                    empty -= 1
                sketch[slot] = key
        if empty == 0:
            return


@njit(cache=True, nogil=True)
def _laid_out(shingles, start, end, text, keys, owners, common, weighs):
    """Puts a text's shingles into the table; returns the weight of all different ones."""
    total, mask = 0.0, len(keys) - 1
    for place in range(start, end):
        key = shingles[place]
        at = np.int64(key) & mask
        while owners[at] == text and keys[at] != key:
            at = (at + 1) & mask
        if owners[at] != text:
            keys[at], owners[at] = key, text
            total += _weight(key, common, weighs)
    return total


@njit(cache=True, nogil=True)
def _shared(shingles, start, end, text, other, keys, owners, met, common, weighs):
    """The weight of the shingles of another text that are in the table."""
    total, mask = 0.0, len(keys) - 1
    for place in range(start, end):
        key = shingles[place]
        at = np.int64(key) & mask
        while owners[at] == text and keys[at] != key:
            at = (at + 1) & mask
        if owners[at] == text and met[at] != other:
            met[at] = other
            total += _weight(key, common, weighs)
    return total


@njit(cache=True, nogil=True)
def _clustered(
    shingles, bounds, buckets, same, threshold, common, weighs,
    head, behind, tried, sums, keys, owners, met, representative, similarity,
):  # fmt: skip
    for text in range(len(bounds) - 1):
        if same[text] < text:
            representative[text] = representative[same[text]]
            similarity[text] = similarity[same[text]]
            continue
        crowded = False
        for band in range(BANDS):
            crowded |= buckets[text, band] >= 0
        if not crowded:
            continue
        start, end = bounds[text], bounds[text + 1]
        sums[text] = _laid_out(shingles, start, end, text, keys, owners, common, weighs)
        best, nearest = 0.0, -1
        for band in range(BANDS):
            bucket = buckets[text, band]
            other = np.int64(head[bucket]) if bucket >= 0 else -1
            for _ in range(CROWD):
                if other < 0:
                    break
                if tried[other] != text:
                    tried[other] = text
                    shared = _shared(
                        shingles, bounds[other], bounds[other + 1], text, other,
                        keys, owners, met, common, weighs,
                    )  # fmt: skip
                    near = shared / (sums[text] + sums[other] - shared)
                    if near > best or (near == best and other < nearest):
                        best, nearest = near, other
                other = np.int64(behind[other, band])
        if nearest >= 0 and best >= threshold:
            representative[text], similarity[text] = nearest, best
            continue
        for band in range(BANDS):
            bucket = buckets[text, band]
            if bucket >= 0:
                behind[text, band] = head[bucket]
                head[bucket] = text
