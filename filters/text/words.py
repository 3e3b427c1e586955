"""Words of many texts at once, as hashes with their places: compiled, over Arrow's buffers.

A word here is a run of letters, a number, a letter of a script without spaces, or a sign such as
`+`. Case, accents and typography make no other word: "Café" is "cafe", "1,000" is "1000". Brackets,
commas, points, `$`, `^`, `_`, `*` and backslashes part words and are none, so the LaTeX of a
formula is the same with and without its dressing; `+`, `-`, `=`, `<`, `!` and `%` are words, so 2-3
is not 2+3.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl

from filters.text.machine_code import compiled
from filters.text.scripts import UNSPACED_LETTERS

APART, LETTER, NUMBER, LONE, SIGN, NOTHING = range(6)
"""What a character is: between words, in a word, a digit, a word by itself (a letter of a script
without spaces), a sign that is a word, or nothing at all (accents, apostrophes, zero-width)."""
KIND, NAME, MATH = 7, 8, 16
"""Bits of a word: what it is, and flags: written with a capital, stands between dollars."""
BYTES = 4_000_000
"""Bytes of text that are taken apart at once."""
_SIGNS = "+-/=<>%!|&@"
_NOTHING = "'`\u2019\u02bc\u00b4\u00ad\u200b\u200c\u200d\u2060\ufeff"
_PLANE = 65536


class Table(NamedTuple):
    """How characters are read, by code point; those beyond the first plane are as `beyond`."""

    kinds: np.ndarray
    folded: np.ndarray
    beyond: int


class Words(NamedTuple):
    """The words of texts, one after another."""

    hashes: np.ndarray
    """Of each word, 64 bits."""
    starts: np.ndarray
    """First byte of each word in its text."""
    ends: np.ndarray
    """The byte behind each."""
    kinds: np.ndarray
    """LETTER, NUMBER, LONE or SIGN of each, with its flags."""
    bounds: np.ndarray
    """Text number i has the words from bounds[i] to bounds[i + 1]."""

    def texts(self) -> np.ndarray:
        """A hash of each text's words in their order, 0 where it has none."""
        return _sequences(self.hashes, self.bounds)

    def only(self, wanted: np.ndarray) -> Words:
        """The words that are wanted, a truth value each; the texts stay as many."""
        kept = np.concatenate([[0], np.cumsum(wanted)])
        return Words(
            self.hashes[wanted],
            self.starts[wanted],
            self.ends[wanted],
            self.kinds[wanted],
            kept[self.bounds],
        )


@cache
def plain_words() -> Table:
    """The table for words as this module's first lines have them."""
    kinds, folded = np.zeros(_PLANE, np.uint8), np.arange(_PLANE, dtype=np.int32)
    unspaced = _members(UNSPACED_LETTERS)
    for point in range(_PLANE):
        character = chr(point)
        kind, plain = _read(character, point in unspaced)
        kinds[point], folded[point] = kind, plain
    return Table(kinds, folded, LONE)


@cache
def by_whitespace() -> Table:
    """The table for words between blanks, letter by letter: what `text.lower().split()` gives."""
    kinds, folded = np.full(_PLANE, LETTER, np.uint8), np.arange(_PLANE, dtype=np.int32)
    for point in range(_PLANE):
        lower = chr(point).lower()
        if chr(point).isspace():
            kinds[point] = APART
        if len(lower) == 1:
            folded[point] = ord(lower)
    return Table(kinds, folded, LETTER)


def _members(pattern: str) -> set[int]:
    """The code points of ranges such as `a-z0-9`."""
    ends = [(pattern[at], pattern[at + 2]) for at in range(0, len(pattern), 3)]
    return {point for first, last in ends for point in range(ord(first), ord(last) + 1)}


def _read(character: str, unspaced: bool) -> tuple[int, int]:
    """What a character is, and the code point that stands for it."""
    category = unicodedata.category(character)
    if character in _NOTHING or "\u0300" <= character <= "\u036f":
        return NOTHING, 0
    if category in ("Cs", "Cc", "Zs", "Zl", "Zp", "Cn"):
        return APART, 0
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(c for c in plain if not "\u0300" <= c <= "\u036f").lower()
    if category == "Pd" or character == "\u2212":
        plain = "-"
    point = ord(plain) if len(plain) == 1 else ord(character)
    sign = chr(point)
    if unspaced:
        return LONE, point
    if category in ("Nd", "No") and sign.isdigit():
        return NUMBER, point
    if category[0] in "LMN":
        return LETTER, point
    if sign in _SIGNS or (category[0] == "S" and sign not in "$^_`\u00b4\u00a8\u00af"):
        return SIGN, point
    return APART, 0


def words(texts: pl.Series, table: Table | None = None) -> Words:
    """The words of all texts; null is a text without any.

    >>> found = words(pl.Series(["What is 1,000-3?", "whát IS 1000 - 3"]))
    >>> found.bounds.tolist(), bool((found.hashes[:5] == found.hashes[5:]).all())
    ([0, 5, 10], True)
    """
    data, offsets = buffers(texts)
    table = table or plain_words()
    size = int(offsets[-1] - offsets[0])
    hashes = np.empty(size + 1, np.uint64)
    starts, ends = np.empty(size + 1, np.int32), np.empty(size + 1, np.int32)
    kinds, bounds = np.empty(size + 1, np.uint8), np.zeros(len(offsets), np.int64)
    total = _all_words(data, offsets, *table, hashes, starts, ends, kinds, bounds)
    return Words(hashes[:total], starts[:total], ends[:total], kinds[:total], bounds)


def buffers(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The UTF-8 of all texts, one behind another, and where each begins; no copy is made."""
    import pyarrow as pa

    array = texts.cast(pl.String).fill_null("").to_arrow().cast(pa.large_string())
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data or b"", np.uint8), offsets


def pieces(rows: pl.DataFrame, column: str, most: int = BYTES) -> Iterator[pl.DataFrame]:
    """Rows in order, in tables with so many bytes of text at most; a longer text is alone."""
    sizes = rows[column].str.len_bytes().fill_null(0).to_numpy()
    start = total = 0
    for place, size in enumerate(sizes):
        if total and total + size > most:
            yield rows[start:place]
            start, total = place, 0
        total += size
    if start < rows.height:
        yield rows[start:]


@compiled()
def mixed(value: np.uint64) -> np.uint64:
    """A hash whose every bit depends on every bit of the value (splitmix64's finish)."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled()
def _sequences(hashes, bounds):
    whole = np.zeros(len(bounds) - 1, np.uint64)
    for text in range(len(whole)):
        whole[text] = sequence(hashes, bounds[text], bounds[text + 1])
    return whole


@compiled()
def sequence(hashes, start, end):
    """A hash of words in their order, 0 for none."""
    whole = np.uint64(end - start)
    for place in range(start, end):
        whole = mixed(whole ^ hashes[place]) + np.uint64(1)
    return whole


@compiled()
def _all_words(data, offsets, table, folded, beyond, hashes, starts, ends, kinds, bounds):
    total = 0
    for text in range(len(offsets) - 1):
        total = text_words(
            data, offsets[text], offsets[text + 1],
            table, folded, beyond, hashes, starts, ends, kinds, total,
        )  # fmt: skip
        bounds[text + 1] = total
    return total


@compiled(inline="always")
def _decoded(data, at, end):
    """The code point at a byte, and the byte behind it."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + size > end:
        return np.int64(32), end
    point = first & (0x7F >> size)
    for step in range(1, size):
        point = (point << 6) | np.int64(data[at + step] & 0x3F)
    return point, at + size


@compiled()
def _groups_thousands(data, at, end):
    """Whether a comma at this byte stands before exactly three digits."""
    if at + 3 >= end:
        return False
    for step in range(1, 4):
        if not 48 <= data[at + step] <= 57:
            return False
    return at + 4 >= end or not 48 <= data[at + 4] <= 57


@compiled()
def text_words(data, start, end, table, folded, beyond, hashes, starts, ends, kinds, total):
    """Writes the words of one text behind the first `total`; returns how many there are then."""
    seed, prime = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
    at, math = start, False
    while at < end:
        opens = at
        point, at = _decoded(data, at, end)
        kind = np.int64(table[point]) if point < 65536 else beyond
        if kind == 0 or kind == 5:
            math ^= point == 36
            continue
        plain = np.int64(folded[point]) if point < 65536 else point
        word, behind, capital, letters = (seed ^ np.uint64(plain)) * prime, at, plain != point, 1
        while kind <= 2 and at < end:
            byte = data[at]
            if byte < 128 and table[byte] == kind:  # most of most texts
                word = (word ^ np.uint64(folded[byte])) * prime
                at += 1
                letters += 1
                behind = at
                continue
            point, after = _decoded(data, at, end)
            now = np.int64(table[point]) if point < 65536 else beyond
            if now == kind:
                plain = np.int64(folded[point]) if point < 65536 else point
                word = (word ^ np.uint64(plain)) * prime
                letters += 1
                behind = after
            elif now != 5 and not (point == 44 and kind == 2 and _groups_thousands(data, at, end)):
                break
            at = after
        hashes[total], starts[total], ends[total] = mixed(word), opens - start, behind - start
        name = 8 if kind == 1 and capital and letters > 1 else 0
        kinds[total] = kind | name | (16 if math else 0)
        total += 1
    return total
