"""Compiled functions over code points: how texts get to them, and what a code point is.

Who imports this file imports numba (`machine_code`), so do that inside functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
import polars as pl

from filters.text.machine_code import compiled
from filters.text.scripts import HALF_WORDS, QUARTER_WORDS

SPACE, UNSPACED, LETTER, DIGIT = 1, 2, 4, 8
"""Bits of a code point's class. The value of a digit stands in the four bits above."""
HALVES_FROM = 0x3000
"""Unspaced code points from here on are half a word each, those before a quarter."""
KNOWN_CODES = 0x40000
"""Code points from here on are of no class: Unicode has none assigned that would be of one."""
AT_ONCE = 1 << 20
"""Bytes of text given to a compiled function at once: they stay in the processor's cache."""

Codes = np.ndarray
"""The code points of texts one after another, 32 bits each."""
Result = TypeVar("Result")


@cache
def classes() -> np.ndarray:
    """The class of each code point, as Python's `str` and `re` have it."""
    table = np.zeros(KNOWN_CODES, np.uint8)
    every = "".join(map(chr, range(KNOWN_CODES)))
    for letter in re.findall(f"[{HALF_WORDS}{QUARTER_WORDS}]", every):
        table[ord(letter)] = UNSPACED
    for code, sign in enumerate(every):
        if sign.isdecimal():
            table[code] |= DIGIT | int(sign) << 4
        elif sign.isalnum():
            table[code] |= LETTER
        elif sign.isspace():
            table[code] |= SPACE
    return table


def codes_of(text: str) -> Codes:
    """The code points of a text, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).copy()


def over_texts(
    column: pl.Series, function: Callable[[Codes, np.ndarray, slice], Result]
) -> list[Result]:
    """What a compiled function says of a column of texts, in runs of rows, on all threads.

    Args:
        column: texts; null is an empty one.
        function: gets the code points of some rows, where each begins and the last one ends, and
            which rows these are.
    """
    texts = column.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    signs = np.frombuffer(data, np.uint8) if data and data.size else np.frombuffer(b"", np.uint8)

    def run(rows: tuple[int, int]) -> Result:
        return function(*decode(signs, ends[rows[0] : rows[1] + 1]), slice(*rows))

    runs = list(pairwise(_cuts(ends))) or [(0, 0)]
    if len(runs) < 2 or pl.thread_pool_size() == 1:
        return [run(rows) for rows in runs]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return list(pool.map(run, runs))


def _cuts(ends: np.ndarray) -> Iterable[int]:
    """Rows at which runs begin, of about as many bytes each."""
    rows = len(ends) - 1
    marks = np.arange(ends[0], ends[-1], AT_ONCE)
    return np.unique([0, *np.searchsorted(ends, marks[1:]).tolist(), rows]).tolist()


@compiled()
def decode(signs: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8, known to be valid, to code points; and where each text begins among them."""
    codes = np.empty(ends[-1] - ends[0], np.uint32)
    starts = np.empty(len(ends), np.int64)
    at = 0
    for row in range(len(ends) - 1):
        starts[row] = at
        place = ends[row]
        while place < ends[row + 1]:
            sign = np.uint32(signs[place])
            if sign < 0x80:
                while sign < 0x80:  # as a rule
                    codes[at] = sign
                    at += 1
                    place += 1
                    if place == ends[row + 1]:
                        break
                    sign = np.uint32(signs[place])
                continue
            if sign < 0xE0:
                codes[at] = (sign & 0x1F) << 6 | (signs[place + 1] & 0x3F)
                place += 2
            elif sign < 0xF0:
                high = (sign & 0x0F) << 12 | np.uint32(signs[place + 1] & 0x3F) << 6
                codes[at] = high | (signs[place + 2] & 0x3F)
                place += 3
            else:
                high = (sign & 0x07) << 18 | np.uint32(signs[place + 1] & 0x3F) << 12
                low = np.uint32(signs[place + 2] & 0x3F) << 6 | (signs[place + 3] & 0x3F)
                codes[at] = high | low
                place += 4
            at += 1
    starts[-1] = at
    return codes[:at], starts
