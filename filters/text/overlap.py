"""Runs of words that texts share with reference texts: compiled, in flat memory.

`Passages` finds them by a table of all runs of `SIZE` words of the references.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from filters.text.machine_code import compiled
from filters.text.words import Words, mixed

SIZE = 8
"""Words in the shortest run that is found."""
FILTER = 1 << 24
"""Bits that tell at once that most runs are in no reference."""

RUN = {
    "text": pl.Int64(),
    "item": pl.Int64(),
    "words": pl.Float32(),
    "start": pl.Int32(),
    "end": pl.Int32(),
    "from": pl.Int32(),
    "length": pl.Int32(),
}
"""A shared run: place of the text and the reference; its words (a letter of a script without spaces
counts as half a word); its first byte in the text and the byte behind it; its first word in the
reference, and how many there."""


class Passages:
    """Runs of words that stand in references."""

    def __init__(self, references: Words, most: int | None = None, asked: Words | None = None):
        """Make the table of all runs of `SIZE` words.

        Args:
            references: their words.
            most: references that may share a run before it counts as a phrase of their kind and is
                not looked for.
            asked: the same words as they count for that, where some make no difference.
        """
        self.references = references
        grams = _grams(references.hashes, references.bounds)
        there = np.flatnonzero(grams.valid)
        unique, numbers = np.unique(grams.hashes[there], return_inverse=True)
        order = np.argsort(numbers, kind="stable")
        self._postings = there[order]
        self._first = np.searchsorted(numbers[order], np.arange(len(unique) + 1))
        self._number = np.full(len(grams.hashes), -1, np.int32)
        self._number[there] = numbers
        self._item = np.repeat(np.arange(len(references.bounds) - 1), np.diff(references.bounds))
        places = 1 << max(4, int(2 * len(unique)).bit_length())
        self._keys, self._values = np.zeros(places, np.uint64), np.full(places, -1, np.int32)
        self._bits = np.zeros(FILTER // 8, np.uint8)
        enter(unique, self._keys, self._values, self._bits)
        self.skipped = np.zeros(len(unique), np.bool_)
        """Runs that are not looked for, by number."""
        if most:
            self.skipped |= self._sharers(asked or references) > most
        self.counts = np.zeros(len(unique), np.int64)
        """Texts that have each run, as far as they were counted."""

    def _sharers(self, asked: Words) -> np.ndarray:
        """References that share each run, by number."""
        runs = _grams(asked.hashes, asked.bounds).hashes[self._postings]
        owned = pl.DataFrame({"run": runs, "item": self._item[self._postings]})
        sharers = owned.select(pl.col("item").n_unique().over("run")).to_series()
        return sharers.to_numpy()[self._first[:-1]]

    def count(self, texts: Words) -> np.ndarray:
        """Whether each text shares a run at all; counts the texts that have each run."""
        found = np.zeros(len(texts.bounds) - 1, np.bool_)
        last = np.full(len(self.counts), -1, np.int64)
        _count(
            texts.hashes, texts.bounds, self._keys, self._values, self._bits,
            self.skipped, self.counts, last, found,
        )  # fmt: skip
        return found

    def skip(self, most: float) -> pl.DataFrame:
        """Look no more for runs that more than `most` texts have: phrases of their trade.

        Returns:
            These phrases: `item`, the first reference that has one, `from` which word, and `texts`,
            how many texts have it.
        """
        common = self.counts > most
        self.skipped |= common
        at = self._postings[self._first[:-1][common]]
        phrases = {"item": self._item[at], "from": at - self.references.bounds[self._item[at]]}
        return pl.DataFrame({**phrases, "texts": self.counts[common]}).sort("item", "from")

    def runs(self, texts: Words) -> pl.DataFrame:
        """Every run that a text shares with a reference, as long as it goes: rows of `RUN`."""
        room = 1024
        while True:
            out = np.empty((7, room), np.int64)
            total = _runs(
                *texts[:4], texts.bounds, self._keys, self._values, self._bits, self.skipped,
                self._postings, self._first, self._number, self._item, self.references.hashes,
                self.references.bounds, out,
            )  # fmt: skip
            if total <= room:
                rows = pl.DataFrame(dict(zip(RUN, out[:, :total], strict=True)))
                return rows.with_columns(pl.col("words") / 2).cast(pl.Schema(RUN))
            room = total


def shingles_of(words: Words, size: int) -> Words:
    """Runs of `size` words as words; a shorter text has none."""
    grams = _grams(words.hashes, words.bounds, size)
    return words._replace(hashes=grams.hashes).only(grams.valid)


class _Grams(NamedTuple):
    hashes: np.ndarray
    valid: np.ndarray


def _grams(hashes: np.ndarray, bounds: np.ndarray, size: int = SIZE) -> _Grams:
    out, valid = np.zeros(len(hashes), np.uint64), np.zeros(len(hashes), np.bool_)
    _all_grams(hashes, bounds, size, out, valid)
    return _Grams(out, valid)


@compiled()
def _all_grams(hashes, bounds, size, out, valid):
    base, lead = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)
    for _ in range(size):
        lead *= base
    for text in range(len(bounds) - 1):
        start, end = bounds[text], bounds[text + 1]
        run = np.uint64(0)
        for place in range(start, end):
            run = run * base + hashes[place]
            if place - start >= size:
                run -= hashes[place - size] * lead
            if place - start >= size - 1:
                out[place - size + 1] = mixed(run)
                valid[place - size + 1] = True


@compiled()
def enter(unique, keys, values, bits):
    for number in range(len(unique)):
        key = unique[number]
        bit = np.int64(key >> np.uint64(40)) & (FILTER - 1)
        bits[bit >> 3] |= np.uint8(1 << (bit & 7))
        at = np.int64(key & np.uint64(len(keys) - 1))
        while values[at] >= 0:
            at = (at + 1) & (len(keys) - 1)
        keys[at], values[at] = key, number


@compiled()
def number_of(key, keys, values):
    """The number of a hash, or -1."""
    at = np.int64(key & np.uint64(len(keys) - 1))
    while values[at] >= 0:
        if keys[at] == key:
            return values[at]
        at = (at + 1) & (len(keys) - 1)
    return np.int32(-1)


@compiled()
def _text_runs(hashes, start, end, keys, values, bits, numbers):
    """Writes the number of each run of SIZE words of a text, -1 where no reference has it."""
    base, lead, run = np.uint64(0x9E3779B97F4A7C15), np.uint64(1), np.uint64(0)
    for _ in range(SIZE):
        lead *= base
    for place in range(start, end):
        run = run * base + hashes[place]
        if place - start >= SIZE:
            run -= hashes[place - SIZE] * lead
        if place - start >= SIZE - 1:
            key = mixed(run)
            bit = np.int64(key >> np.uint64(40)) & (FILTER - 1)
            found = np.int32(-1)
            if bits[bit >> 3] & np.uint8(1 << (bit & 7)):
                found = number_of(key, keys, values)
            numbers[place - SIZE + 1 - start] = found
    return max(0, end - start - SIZE + 1)


@compiled()
def _longest(bounds):
    longest = 0
    for text in range(len(bounds) - 1):
        longest = max(longest, bounds[text + 1] - bounds[text])
    return longest


@compiled()
def _count(hashes, bounds, keys, values, bits, skipped, counts, last, found):
    numbers = np.empty(_longest(bounds) + 1, np.int32)
    for text in range(len(bounds) - 1):
        runs = _text_runs(hashes, bounds[text], bounds[text + 1], keys, values, bits, numbers)
        for place in range(runs):
            number = numbers[place]
            if number >= 0 and not skipped[number]:
                found[text] = True
                if last[number] != text:
                    last[number] = text
                    counts[number] += 1


@compiled()
def _runs(
    hashes, starts, ends, kinds, bounds, keys, values, bits, skipped, postings, first, number_at,
    item_of, theirs, their_bounds, out,
):  # fmt: skip
    numbers = np.empty(_longest(bounds) + 1, np.int32)
    total = 0
    for text in range(len(bounds) - 1):
        start, end = bounds[text], bounds[text + 1]
        runs = _text_runs(hashes, start, end, keys, values, bits, numbers)
        for place in range(runs):
            number = numbers[place]
            if number < 0 or skipped[number]:
                continue
            for each in range(first[number], first[number + 1]):
                posting = postings[each]
                item = item_of[posting]
                if (
                    place > 0
                    and posting > their_bounds[item]
                    and hashes[start + place - 1] == theirs[posting - 1]
                    and not skipped[number_at[posting - 1]]
                ):
                    continue  # in the middle of a run
                size = SIZE
                while (
                    start + place + size < end
                    and posting + size < their_bounds[item + 1]
                    and hashes[start + place + size] == theirs[posting + size]
                    and not skipped[number_at[posting + size - SIZE + 1]]
                ):
                    size += 1
                if total < out.shape[1]:
                    halves = 0
                    for word in range(start + place, start + place + size):
                        halves += 1 if kinds[word] & 7 == 3 else 2
                    out[0, total], out[1, total], out[2, total] = text, item, halves
                    out[3, total] = starts[start + place]
                    out[4, total] = ends[start + place + size - 1]
                    out[5, total], out[6, total] = posting - their_bounds[item], size
                total += 1
    return total
