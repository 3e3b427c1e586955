"""Compiled: loops at the end of a text, its echo, and words in runs that occurred before."""

from __future__ import annotations

import numpy as np

from filters.text.compiled import (
    DIGIT,
    HALVES_FROM,
    KNOWN_CODES,
    LETTER,
    SPACE,
    UNSPACED,
)
from filters.text.machine_code import INNER, compiled

KEY = 32
"""Characters at the end of a text that must stand further left too, at a loop's period."""
MOST = 32
"""Loops of one text at most: each is larger than all inside it together."""
_ZERO = 48
_DIGITS = 18
"""Last digits of a number that are looked at: enough to see it count, and they fit 64 bits."""


@compiled(**INNER)
def _class(code, classes):
    return classes[code] if code < KNOWN_CODES else np.uint8(0)


@compiled(**INNER)
def _pair(codes, at):
    return (codes[at] * np.uint32(31) + codes[at + 1]) & np.uint32(1023)


@compiled(**INNER)
def _skips(key):
    """For `_before`: how far to go left where two characters stand at the key's beginning."""
    skips = np.full(1024, len(key) - 1, np.int64)
    for at in range(len(key) - 2, 0, -1):
        skips[_pair(key, at)] = at
    return skips


@compiled(**INNER)
def _before(codes, end, key, skips):
    """Where a key stands last before `end`, or -1: Horspool's search by pairs, from the end."""
    size = len(key)
    start = end - size
    while start >= 0:
        if codes[start] == key[0]:
            same = 1
            while same < size and codes[start + same] == key[same]:
                same += 1
            if same == size:
                return start
        start -= skips[_pair(codes, start)]
    return -1


@compiled()
def periods(codes, longest):
    """Period and extent in characters of all that is written at least twice at a text's end.

    The text repeats itself at a distance for so many characters, counted from its end; only a loop
    that reaches further than the one before can be longer or have another block. The counts are
    those of the Z algorithm over the mirrored text, which looks at each character twice at most.
    """
    found = np.empty((MOST, 2), np.int64)
    number = 0
    end = len(codes)
    last = end - 1
    key = codes[max(0, end - KEY) :]
    if end <= KEY or _before(codes, last, key, _skips(key)) < 0:
        return found[:0]  # as a rule
    same = np.empty(min(longest + 1, end) + 1, np.int32)
    left, right, least = 0, 0, KEY
    for period in range(1, min(longest + 1, end)):
        known = 0
        if period < right:
            known = min(right - period, same[period - left])
        while period + known < end and codes[last - known] == codes[last - period - known]:
            known += 1
        if period + known > right:
            left, right = period, period + known
        same[period] = known
        if known >= least:
            least = known + 1
            if known >= period and number < MOST:
                found[number] = period, known + period
                number += 1
    return found[:number]


@compiled()
def shape_of(codes, classes):
    """The text with one 0 for each number; without the last one where it ends the text, since it
    may go on."""
    shape = np.empty(len(codes), np.uint32)
    size = 0
    before = False
    for code in codes:
        digit = _class(code, classes) & DIGIT != 0
        size -= before and digit  # one 0 is there already
        shape[size] = _ZERO if digit else code
        size += 1
        before = digit
    return shape[: size - before]


@compiled()
def numbers_of(codes, classes, most):
    """Values and lengths of the last numbers, from the end, but for one that ends the text."""
    values = np.zeros(most, np.int64)
    lengths = np.zeros(most, np.int64)
    at = len(codes) - 1
    while at >= 0 and _class(codes[at], classes) & DIGIT:
        at -= 1
    number = -1
    before, power = False, 1
    while at >= 0:
        kind = _class(codes[at], classes)
        digit = kind & DIGIT != 0
        if digit and not before:
            number += 1
            power = 1
            if number == most:
                return values, lengths
        if digit:
            if lengths[number] < _DIGITS:
                values[number] += power * (kind >> 4)
                power *= 10
            lengths[number] += 1
        before = digit
        at -= 1
    return values[: number + 1], lengths[: number + 1]


@compiled()
def counting(codes, classes, shape, period, extent):
    """Repeats and characters of the part of a loop of `shape` in which every number goes on by a
    step of its own, the same each time, and at least one does not stand still."""
    width = 0
    for code in shape[len(shape) - period :]:
        width += code == _ZERO
    if extent < 3 * period or width == 0:
        return 0, 0
    values, lengths = numbers_of(codes, classes, width * (extent // period))
    good = 0
    for at in range(len(values)):
        if at >= 2 * width:
            first, second = values[at], values[at - width]
            if second - first != values[at - 2 * width] - second:
                break
        good += 1
    repeats = good // width
    moves = False
    for at in range(width):
        if repeats >= 3 and values[at] != values[at + width]:
            moves = True
    if not moves:
        return 0, 0
    return repeats, repeats * (period - width) + lengths[: repeats * width].sum()


@compiled()
def worded(codes, classes):
    """Whether two letters stand side by side."""
    before = False
    for code in codes:
        letter = _class(code, classes) & LETTER != 0
        if before and letter:
            return True
        before = letter
    return False


@compiled()
def echo(codes, classes, piece, tail, times):
    """Share of the last `tail` characters, in pieces, that stand in the text so many times.

    Pieces without two letters side by side do not count. 0 for a text that is shorter, and where
    the last two pieces are new.
    """
    if len(codes) < tail:
        return 0.0
    echoed = 0
    for at in range(tail // piece):
        end = len(codes) - at * piece
        key = codes[end - piece : end]
        echoed += worded(key, classes) and _occurs(codes, key, times)
        if at == 1 and echoed == 0:
            return 0.0
    return echoed * piece / tail


@compiled(**INNER)
def _occurs(codes, key, times):
    """Whether a key stands in a text so many times, side by side at the nearest."""
    skips = _skips(key)
    end = len(codes)
    for _ in range(times):
        end = _before(codes, end, key, skips)
        if end < 0:
            return False
    return True


@compiled()
def repeated_words(codes, classes, window):
    """Words, and how many of them stand in a run of `window` words that occurred before.

    Runs are told apart by hashes of 64 bits. Of scripts without spaces each letter is looked at by
    itself and counts as half a word, or a quarter.
    """
    words = np.empty(len(codes), np.uint64)
    quarters = np.empty(len(codes), np.uint8)
    number = total = 0
    hashed, inside = np.uint64(0), False
    for code in codes:
        kind = _class(code, classes)
        if kind & (SPACE | UNSPACED):
            if inside:
                words[number], quarters[number] = _mixed(hashed), 4
                number += 1
            inside, hashed = False, np.uint64(0)
            if kind & UNSPACED:
                words[number] = _mixed(np.uint64(code + 1))
                quarters[number] = 2 if code >= HALVES_FROM else 1
                number += 1
        else:
            hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + np.uint64(code + 1)
            inside = True
    if inside:
        words[number], quarters[number] = _mixed(hashed), 4
        number += 1
    for at in range(number):
        total += quarters[at]
    return total / 4, _repeated(words[:number], quarters, 4 * window) / 4


@compiled(**INNER)
def _mixed(hashed):
    hashed ^= hashed >> np.uint64(32)
    hashed *= np.uint64(0xD6E8FEB86659FD93)
    return hashed ^ (hashed >> np.uint64(32))


@compiled(**INNER)
def _table(places):
    """An empty hash table for so many, and its size as a power of two."""
    bits = 1
    while 1 << bits < 2 * places:
        bits += 1
    return np.zeros(1 << bits, np.uint64), bits


@compiled(**INNER)
def _repeated(words, quarters, window):
    """Quarters of words in runs that occurred before. A run ends at each word and goes back as far
    as it must, to have `window` quarters."""
    multiplier = np.uint64(0xD1342543DE82EF95)
    powers = np.ones(window + 1, np.uint64)
    for at in range(window):
        powers[at + 1] = powers[at] * multiplier
    seen, bits = _table(len(words))
    rolling, first, size = np.uint64(0), 0, 0
    repeated = covered = 0  # `covered`: the words before this index are counted already
    for at in range(len(words)):
        rolling = rolling * multiplier + words[at]
        size += quarters[at]
        while size - quarters[first] >= window:
            rolling -= powers[at - first] * words[first]
            size -= quarters[first]
            first += 1
        if size < window:
            continue
        hashed = _mixed(rolling) | np.uint64(1)  # 0 is an empty slot
        slot = hashed >> np.uint64(64 - bits)
        while seen[slot] != 0 and seen[slot] != hashed:
            slot = (slot + np.uint64(1)) & np.uint64((1 << bits) - 1)
        if seen[slot]:
            for place in range(max(covered, first), at + 1):
                repeated += quarters[place]
            covered = at + 1
        seen[slot] = hashed
    return repeated


@compiled(**INNER)
def _end(codes, classes):
    """Where a text ends without the blanks at its end."""
    end = len(codes)
    while end > 0 and _class(codes[end - 1], classes) & SPACE:
        end -= 1
    return end


@compiled(**INNER)
def _is_seen(loops, number, at):
    """Whether no other loop has both as many repeats and as many characters."""
    for other in range(number):
        more = loops[other, 0] >= loops[at, 0] and loops[other, 1] >= loops[at, 1]
        equal = loops[other, 0] == loops[at, 0] and loops[other, 1] == loops[at, 1]
        if more and (not equal or other < at):
            return False
    return loops[at, 1] > 0


@compiled(**INNER)
def _plain_loops(codes, loops):
    found = periods(codes, len(codes))
    for at in range(len(found)):
        loops[at, 0] = found[at, 1] // found[at, 0]
        loops[at, 1] = loops[at, 0] * found[at, 0]
    return len(found)


@compiled(**INNER)
def _counting_loops(codes, classes, loops):
    shape = shape_of(codes, classes)
    found = periods(shape, len(shape))
    for at in range(len(found)):
        repeats, chars = counting(codes, classes, shape, found[at, 0], found[at, 1])
        loops[at, 0] = repeats
        loops[at, 1] = chars
    return len(found)


@compiled(**INNER)
def _doubled(rows):
    more = np.empty((2 * len(rows), rows.shape[1]), np.int64)
    for row in range(len(rows)):
        for column in range(rows.shape[1]):
            more[row, column] = rows[row, column]
    return more


@compiled()
def loops_of(codes, starts, classes):
    """Loops at the end of each text: its row, 1 where it counts, its repeats and characters.

    A loop is left out where another has both as many repeats and as many characters.
    """
    found = np.empty((16, 4), np.int64)
    number = 0
    loops = np.zeros((MOST, 2), np.int64)
    for row in range(len(starts) - 1):
        text = codes[starts[row] : starts[row + 1]]
        text = text[: _end(text, classes)]
        for kind in range(2):
            if kind == 0:
                there = _plain_loops(text, loops)
            else:
                there = _counting_loops(text, classes, loops)
            for at in range(there):
                if _is_seen(loops, there, at):
                    if number == len(found):
                        found = _doubled(found)
                    found[number, 0], found[number, 1] = row, kind
                    found[number, 2], found[number, 3] = loops[at, 0], loops[at, 1]
                    number += 1
    return found[:number]


@compiled()
def shares_of(codes, starts, classes, window, piece, tail, times):
    """Of each text: words, words that stand in runs that occurred before, and its echo."""
    shares = np.zeros((len(starts) - 1, 3), np.float64)
    for row in range(len(starts) - 1):
        text = codes[starts[row] : starts[row + 1]]
        words, repeated = repeated_words(text, classes, window)
        shares[row, 0], shares[row, 1] = words, repeated
        shares[row, 2] = echo(text[: _end(text, classes)], classes, piece, tail, times)
    return shares
