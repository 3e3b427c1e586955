"""Texts whose words are those of reference texts: as sets in which a rare word weighs more."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from filters.text.machine_code import compiled
from filters.text.overlap import FILTER, enter, number_of
from filters.text.words import Words

FREQUENT = 0.1
"""Share of the texts above which a word says nothing about likeness."""
BINS = 64
"""Kinds of words by weight, to tell the light ones of a text from the others."""


class Likeness:
    """References and the weights of words."""

    def __init__(self, references: Words, others: Words):
        """Weigh words.

        Args:
            references: their words.
            others: words of a sample of the texts: a word that is rare in both weighs most.
        """
        mine, theirs = (_sets(words) for words in (references, others))
        total = len(references.bounds) + len(others.bounds) - 2
        known, counts = np.unique(np.concatenate([mine.hashes, theirs.hashes]), return_counts=True)
        weights = np.log(total / counts).astype(np.float32)
        weights[counts > max(2, FREQUENT * total)] = 0
        self.rarest = np.float32(np.log(max(2, total)))
        """Weight of a word that nobody has."""
        number = np.searchsorted(known, mine.hashes)
        self._own, self._bounds = number.astype(np.int32), mine.bounds
        order = np.argsort(number, kind="stable")
        self._postings = np.repeat(np.arange(len(mine.bounds) - 1), np.diff(mine.bounds))[order]
        self._first = np.searchsorted(number[order], np.arange(len(known) + 1))
        self._weights = weights
        added = np.concatenate([[0], np.cumsum(weights[number], dtype=np.float64)])
        self.sums = np.diff(added[mine.bounds]).astype(np.float32)
        """Weight of each reference's words together."""
        places = 1 << max(4, int(2 * len(known)).bit_length())
        self._keys, self._values = np.zeros(places, np.uint64), np.full(places, -1, np.int32)
        enter(known, self._keys, self._values, np.zeros(FILTER // 8, np.uint8))

    def alike(self, texts: Words, least: float) -> pl.DataFrame:
        """References whose words are those of a text, to a share of at least `least`.

        Returns:
            `text`, `item`, `likeness` (weight of the words that both have, by that of the words
            that either has) and `weight` of the words that both have.
        """
        sets, room = _sets(texts), 1024
        while True:
            out, scores = np.empty((2, room), np.int64), np.empty((2, room), np.float32)
            total = _alike(
                sets.hashes, sets.bounds, self._keys, self._values, self._weights, self.rarest,
                self._postings, self._first, self.sums, self._own, self._bounds, least,
                np.zeros(len(self.sums)), np.empty(len(self.sums), np.int64),
                np.full(len(self._weights), -1, np.int64), np.empty(BINS), out, scores,
            )  # fmt: skip
            if total <= room:
                columns = (*out[:, :total], *scores[:, :total])
                names = ("text", "item", "likeness", "weight")
                return pl.DataFrame(dict(zip(names, columns, strict=True)))
            room = total


class Sets(NamedTuple):
    """The different words of texts, one text after another."""

    hashes: np.ndarray
    bounds: np.ndarray


def _sets(words: Words) -> Sets:
    hashes, bounds = np.empty_like(words.hashes), np.zeros_like(words.bounds)
    places = 1 << max(4, int(2 * np.diff(words.bounds).max(initial=0)).bit_length())
    keys, owners = np.zeros(places, np.uint64), np.full(places, -1, np.int64)
    total = _unique(words.hashes, words.bounds, keys, owners, hashes, bounds)
    return Sets(hashes[:total], bounds)


@compiled()
def _unique(hashes, bounds, keys, owners, out, out_bounds):
    """Writes each text's different words, in the order in which they come; returns how many."""
    total, mask = 0, len(keys) - 1
    for text in range(len(bounds) - 1):
        for place in range(bounds[text], bounds[text + 1]):
            key = hashes[place]
            at = np.int64(key & np.uint64(mask))
            while owners[at] == text and keys[at] != key:
                at = (at + 1) & mask
            if owners[at] != text:
                keys[at], owners[at] = key, text
                out[total] = key
                total += 1
        out_bounds[text + 1] = total
    return total


@compiled()
def _alike(
    hashes, bounds, keys, values, weights, rarest, postings, first, sums, own_words, own_bounds,
    least, shared, touched, left_out, bins, out, scores,
):  # fmt: skip
    """Writes the references that are alike; returns how many.

    Two sets are alike only if they share `least` of the text's weight. So its most frequent words,
    as far as they weigh less than that together, need no look through all the references that
    have them: they are added up only for those that the other words leave possible.
    """
    total = 0
    for text in range(len(bounds) - 1):
        start, end = bounds[text], bounds[text + 1]
        own, light, cut = _weighed(hashes, start, end, keys, values, weights, rarest, least, bins)
        many = 0
        for place in range(start, end):
            number = number_of(hashes[place], keys, values)
            if number < 0 or weights[number] == 0:
                continue
            if _bin(weights[number], rarest, bins) < cut:
                left_out[number] = text
                continue
            for each in range(first[number], first[number + 1]):
                item = postings[each]
                if shared[item] == 0:
                    touched[many] = item
                    many += 1
                shared[item] += weights[number]
        for each in range(many):
            item = touched[each]
            both, two = shared[item], own + sums[item]
            shared[item] = 0
            if (both + light) * (1 + least) < least * two:
                continue
            for place in range(own_bounds[item], own_bounds[item + 1]):
                if left_out[own_words[place]] == text:
                    both += weights[own_words[place]]
            if both >= least * (two - both):
                if total < out.shape[1]:
                    out[0, total], out[1, total] = text, item
                    scores[0, total], scores[1, total] = both / (two - both), both
                total += 1
    return total


@compiled()
def _bin(weight, rarest, bins):
    return min(len(bins) - 1, np.int64(weight / rarest * len(bins)))


@compiled()
def _weighed(hashes, start, end, keys, values, weights, rarest, least, bins):
    """Weight of a text's words; of its lightest ones, less than `least` of it together; and the
    first bin that is not among these."""
    own, light, cut = 0.0, 0.0, 0
    for bin in range(len(bins)):
        bins[bin] = 0.0
    for place in range(start, end):
        number = number_of(hashes[place], keys, values)
        weight = weights[number] if number >= 0 else rarest
        own += weight
        bins[_bin(weight, rarest, bins)] += weight
    while cut < len(bins) and light + bins[cut] < least * own:
        light += bins[cut]
        cut += 1
    return own, light, cut
