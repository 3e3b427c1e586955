"""The text measures in plain Python: what the compiled ones must say, and how fast that is.

Whole texts only; `plain_language.py` has the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

from filters.format import _distinct
from filters.repetition import NGRAM
from filters.text.boxes import boxes
from filters.text.loop_kernels import KEY
from filters.text.loops import ECHO, ECHOED, PIECE
from filters.text.scripts import HALF_WORDS, QUARTER_WORDS
from filters.text.thinking import CLOSE, OPEN

_WORD = re.compile(rf"([{QUARTER_WORDS}])|([{HALF_WORDS}])|[^\s{HALF_WORDS}{QUARTER_WORDS}]+")
_FENCE = re.compile(r"(?m)```+|^[ \t]*~~~+")
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_ZSTD = pa.Codec("zstd", compression_level=1)
_NUMBER = re.compile(r"\d+")
_DIGITS = 18
"""Last digits of a number that are looked at: enough to see it count, and quick to compare."""
_WORDED = re.compile(r"[^\W\d_]{2}")


class Loop(NamedTuple):
    repeats: int
    chars: int


NO_LOOP = Loop(0, 0)


class Tail:
    """The end of a text and the loops it is in."""

    def __init__(self, text: str):
        self.text = text
        self._shape = _NUMBER.sub("0", text)  # the same with one 0 for each number

    def loop(self) -> Loop:
        """The longest loop at the end in which a block is written again letter by letter."""
        found = (
            Loop(extent // period, extent // period * period)
            for period, extent in _periods(self.text)
        )
        return max(found, key=_chars, default=NO_LOOP)

    def counting_loop(self) -> Loop:
        """The longest loop at the end whose blocks differ in numbers that count."""
        shape = self._shape.removesuffix("0")
        unfinished = len(self._shape) - len(shape)
        found = (
            _counting(shape, islice(_numbers_from_end(self.text), unfinished, None), *loop)
            for loop in _periods(shape)
        )
        return max(found, key=_chars, default=NO_LOOP)

    def echo(self) -> float:
        """Share of the last characters, in pieces, that stand in the text several times."""
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
    return Loop(repeats, repeats * (period - width) + sum(digits[: repeats * width]))


def _periods(text: str) -> Iterator[tuple[int, int]]:
    """Period and extent in characters of what is written at least twice at the end of a text.

    The last characters are looked up further left, first `KEY` of them. Where they are found the
    text repeats itself at that distance, for so many characters; only a loop that reaches further
    than that can be longer, so next time so many are looked up and one more.
    """
    mirror, size, period = text[::-1], KEY, 1
    while 0 < period + size <= len(mirror):
        period = mirror.find(mirror[:size], period)
        if period < 0:
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


def repeated_words(words: list[tuple[str, int]], n: int = NGRAM) -> int:
    """How many quarters of words stand in a run of `n` words that occurred before."""
    seen: set[tuple[str, ...]] = set()
    repeated = covered = first = size = 0  # `covered`: words before it are counted already
    for at, (_, quarters) in enumerate(words):
        size += quarters
        while size - words[first][1] >= 4 * n:
            size -= words[first][1]
            first += 1
        if size < 4 * n:
            continue
        run = tuple(word for word, _ in words[first : at + 1])
        if run in seen:
            repeated += sum(quarters for _, quarters in words[max(covered, first) : at + 1])
            covered = at + 1
        seen.add(run)
    return repeated


def quarters_of(text: str) -> list[tuple[str, int]]:
    """The words of a text, and how many quarters of a word each counts as."""
    return [(found[0], 1 if found[1] else 2 if found[2] else 4) for found in _WORD.finditer(text)]


def plain_repetition(*parts: str | None) -> dict[str, float]:
    """What `repetition` says of thinking and response, without loops inside loops."""
    words = [quarters_of(part or "") for part in parts]
    total = sum(quarters for part in words for _, quarters in part)
    tails = [Tail((part or "").rstrip()) for part in parts]
    loop = max((tail.loop() for tail in tails), key=_chars)
    counting = max((tail.counting_loop() for tail in tails), key=_chars)
    return {
        "repeated_share": sum(map(repeated_words, words)) / max(4, total),
        "loop_repeats": loop.repeats,
        "loop_chars": loop.chars,
        "counting_repeats": counting.repeats,
        "counting_chars": counting.chars,
        "echo_share": max(tail.echo() for tail in tails),
    }


def plain_compression(*parts: str | None) -> dict[str, float]:
    """Bytes over compressed bytes."""
    text = "\n".join(part for part in parts if part is not None).encode()
    return {"compression": len(text) / len(_ZSTD.compress(text, asbytes=True)) if text else 0.0}


def plain_format(text: str, reasoning: str | None, response: str | None) -> dict[str, Any]:
    """What `format` says."""
    lead, open_, _ = text.partition(CLOSE)[0].partition(OPEN)
    answers = boxes(response or "")
    return {
        "think_opens": text.count(OPEN),
        "think_closes": text.count(CLOSE),
        "thinks": reasoning is not None,
        "thinking_chars": len((reasoning or "").strip()),
        "chars_before_thinking": len(lead.strip()) if open_ else 0,
        "response_chars": None if response is None else len(response.strip()),
        "final_answers": len(answers),
        "distinct_answers": _distinct(answers),
    }


def plain_rest(*parts: str | None) -> dict[str, int]:
    """Code blocks, and characters of the longest paragraph."""
    fences = sum((len(_FENCE.findall(part or "")) + 1) // 2 for part in parts)
    paragraphs = [_BLANK.split(part or "") for part in parts]
    longest = max(len(piece.strip()) for part in paragraphs for piece in part)
    return {"code_blocks": fences, "longest_paragraph": longest}
