"""Loops: what is written over and over at the end of a text, finished or growing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

KEY = 32
"""Characters at the end of a text whose earlier occurrence hints at a loop's period."""
PIECE = 100
"""Characters in a piece that is looked up further left. A truth table repeats shorter ones."""
ECHO = 5000
"""Characters at the end of a text that are taken apart into pieces. The moves of a tower of seven
disks rightly repeat themselves for 4,000."""
ECHOED = 4
"""How many times a piece must stand in the text."""

_NUMBER = re.compile(r"\d+")
_DIGITS = 18
"""Last digits of a number that are looked at: enough to see it count, and quick to compare."""
_WORDED = re.compile(r"[^\W\d_]{2}")


class Loop(NamedTuple):
    """One block over and over at the end of a text; all zero or empty where there is none."""

    repeats: int
    """How many times the block stands there in full, at least twice."""
    chars: int
    """How many characters these blocks have together."""
    block: str
    """The block, where it counts with 0 for each number."""

    @property
    def is_bare(self) -> bool:
        """Whether no two letters stand together: a row of zeros, a rule, blanks, sums."""
        return not _WORDED.search(self.block)


NO_LOOP = Loop(0, 0, "")


class Tail:
    """The end of a text, which may still be growing, and the loops it is in.

    The filter gives it a whole text; the watch lets it grow and keeps the last `keep` characters.

    >>> tail = Tail("Fine so far. " + "and on and on we go " * 5)
    >>> tail.loop()
    Loop(repeats=5, chars=100, block='and on and on we go ')
    >>> tail.add("".join(f"Is it {n}? Then {2 * n} is right. " for n in range(8, 14)))
    >>> tail.loop().repeats, tail.counting_loop()
    (0, Loop(repeats=6, chars=166, block='Is it 0? Then 0 is right. '))
    """

    def __init__(self, text: str = "", keep: int | None = None):
        self.keep = keep
        self.text = ""
        self._shape = ""  # the same with one 0 for each number
        self.add(text)

    def add(self, text: str) -> None:
        """More of the text; what is further back than `keep` characters is forgotten."""
        shape = _NUMBER.sub("0", text)
        if self._shape.endswith("0") and shape.startswith("0"):
            shape = shape[1:]  # a number that was cut in two
        start = 0 if self.keep is None else -self.keep
        self.text = (self.text + text)[start:]
        self._shape = (self._shape + shape)[start:]

    def loop(self, longest: int | None = None) -> Loop:
        """The longest loop at the end in which a block is written again letter by letter.

        Args:
            longest: characters in the longest block looked for; any where it is left out.
        """
        found = [
            Loop(extent // period, extent // period * period, self.text[-period:])
            for period, extent in _periods(self.text, longest)
        ]
        return max(found, key=_chars, default=NO_LOOP)

    def counting_loop(self, longest: int | None = None) -> Loop:
        """The longest loop at the end whose blocks differ in numbers that count.

        Every number of the block goes on by a step of its own, the same each time, and at least
        one does not stand still; three blocks are needed to see this. A number at the very end may
        be unfinished and is left out.

        Args:
            longest: characters in the longest block looked for, a number counted as one.
        """
        shape = self._shape.removesuffix("0")
        unfinished = len(self._shape) - len(shape)
        found = [
            _counting(shape, islice(_numbers_from_end(self.text), unfinished, None), *loop)
            for loop in _periods(shape, longest)
        ]
        return max(found, key=_chars, default=NO_LOOP)

    def echo(self) -> float:
        """Share of the last `ECHO` characters, in pieces, that stand in the text `ECHOED` times.

        Pieces without words are no echo. The share is 0 for a text that is shorter, and where the
        last two pieces are new.
        """
        end = len(self.text)
        if end < ECHO:
            return 0.0
        pieces = (self.text[at - PIECE : at] for at in range(end, end - ECHO, -PIECE))
        last = [self._is_echo(piece) for piece in islice(pieces, 2)]
        if not any(last):
            return 0.0
        return (sum(last) + sum(map(self._is_echo, pieces))) * PIECE / ECHO

    def _is_echo(self, piece: str) -> bool:
        return bool(_WORDED.search(piece)) and self.text.count(piece) >= ECHOED


def _chars(loop: Loop) -> int:
    return loop.chars


def _numbers_from_end(text: str) -> Iterator[str]:
    return (match.group()[::-1] for match in _NUMBER.finditer(text[::-1]))


def _counting(shape: str, numbers: Iterator[str], period: int, extent: int) -> Loop:
    """The part of a loop of `shape` in which every number goes on by the same step."""
    if extent < 3 * period:
        return NO_LOOP
    block = shape[-period:]
    width = block.count("0")  # numbers in a block
    values: list[int] = []  # from the end on
    digits: list[int] = []  # in each number that goes on by the same step
    for number in islice(numbers, width * (extent // period)):
        values.append(int(number[-_DIGITS:]))
        if len(values) > 2 * width:
            first, second, third = values[-1], values[-1 - width], values[-1 - 2 * width]
            if second - first != third - second:
                break
        digits.append(len(number))
    repeats = len(digits) // width if width else 0
    if repeats < 3 or values[:width] == values[width : 2 * width]:
        return NO_LOOP
    return Loop(repeats, repeats * (period - width) + sum(digits[: repeats * width]), block)


def _periods(text: str, longest: int | None) -> Iterator[tuple[int, int]]:
    """Period and extent in characters of what is written at least twice at the end of a text.

    The last characters are looked up further left, first `KEY` of them. Where they are found the
    text repeats itself at that distance, for so many characters; only a loop that reaches further
    than that can be longer, so next time so many are looked up and one more.
    """
    mirror, size, period = text[::-1], KEY, 1
    while 0 < period + size <= len(mirror):
        period = mirror.find(mirror[:size], period)
        if period < 0 or (longest and period > longest):
            return
        same = _same(mirror, period, size)
        if same >= period:
            yield period, same + period
        size = same + 1


def _same(text: str, shift: int, known: int) -> int:
    """How many characters at the start of a text stand `shift` further on too, `known` or more."""
    step = known
    while step:
        there = text[shift + known : shift + known + step]
        if len(there) == step and text[known : known + step] == there:
            known += step
            step *= 2
        else:
            step //= 2
    return known
