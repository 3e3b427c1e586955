"""Compiled: a text's letters by script and sentence, in windows of a size to be judged by.

Each text becomes events in their order, a row of numbers each: the text, what it is, letters, and
what stands behind them. What the words themselves show is decided here; the windows that are left
are for an identifier.
"""

from __future__ import annotations

import numpy as np

from filters.text.compiled import KNOWN_CODES
from filters.text.machine_code import INNER, compiled

OWN, ASK, FOREIGN, SWITCH = map(np.int64, range(4))
"""Events: letters of the own language, by its common words; a window for the identifier, with where
its words stand in the first text that comes back; letters of a foreign script, with the script and
where its words stand in the second; letters of a stretch in another language, with that language's
number."""
SCRIPT, WORD, END, KANA = 31, 32, 64, 128
"""Bits of a sign: its script's number, 0 for none; part of a word to `\\b`; a sentence's end."""
ZERO = np.int64(0)
"""Not a literal, for each of which numba would compile a function anew."""
GREEK, LATIN, HAN = 1, 2, 3
"""Numbers of the scripts that are treated in a way of their own."""
SIGNS = 2
"""Letters in the shortest run of Greek that is a word, and of Latin beside figures: a lone one is a
symbol in any language, as in 2x."""
TERM, SHORT = 20, 8
"""Letters of foreign words in a sentence that may still be a name; in the shortest sentence that
counts as one in another language."""
WINDOW = 20
"""Least letters that the language identifier is asked about, below that it guesses; a third of it
where a letter is a word."""
SEED = 0xCBF29CE484222325
SYMBOL = 1 << 31
"""Bit of function names among the bits of languages."""
COMMON = 12
"""Characters in the shortest word that is not looked up among the common ones."""
LONGEST = 4000
"""Characters after which a sentence is taken to end."""
LANGUAGES = 31
LETTERS, PURE, STRANGE, KANAS, WORDS, OUT, OTHER, EVENTS = range(8)
"""What is known while a text is read: letters in the window, words common in the own language
alone, words common in others only, kana, words; how far both texts and the events are written."""


@compiled(**INNER)
def _hash(hashed, code, lower):
    small = lower[code] if code < len(lower) else code
    return (hashed ^ np.uint64(small)) * np.uint64(0x9E3779B97F4A7C15)


@compiled(**INNER)
def _mixed(hashed):
    return (hashed ^ (hashed >> np.uint64(29))) | np.uint64(1)


@compiled()
def word_hash(codes, lower):
    """A number for a word, the same for capital and small letters; never 0."""
    hashed = np.uint64(SEED)
    for code in codes:
        hashed = _hash(hashed, code, lower)
    return _mixed(hashed)


@compiled()
def slot_of(hashed, keys):
    """Where a word stands in the table of common words, or would stand."""
    slot = (hashed >> np.uint64(8)) & np.uint64(len(keys) - 1)
    while keys[slot] != 0 and keys[slot] != hashed:
        slot = (slot + np.uint64(1)) & np.uint64(len(keys) - 1)
    return slot


@compiled(**INNER)
def _sign(code, signs):
    return signs[code] if code < KNOWN_CODES else np.uint8(0)


@compiled(**INNER)
def _is_symbol(codes, start, end, mask):
    """Whether a word is a variable, points of a figure or a function's name: of no language."""
    small = capitals = 0
    for at in range(start, end):
        small += 97 <= codes[at] <= 122
        capitals += 65 <= codes[at] <= 90
    size = end - start
    return small + capitals == size and (
        size == 1 or capitals == size or (small == size and mask & SYMBOL != 0)
    )


@compiled()
def words_of(codes, start, end, signs, lower, keys, masks, words):
    """The words of the sentence that begins at `start`, a row each: script, where it starts and
    ends, languages it is common in. Returns how many, and where the sentence ends."""
    number, at = ZERO, start
    while at < end:
        sign = _sign(codes[at], signs)
        if sign & END:
            return number, at + 1
        if not sign & WORD:
            at += 1
            continue
        first, script, one = at, sign & SCRIPT, True
        hashed = np.uint64(SEED)
        while at < end:
            sign = _sign(codes[at], signs)
            if not sign & WORD:
                break
            one = one and sign & SCRIPT == script
            hashed = _hash(hashed, codes[at], lower)
            at += 1
        mask = np.int64(0)
        if at - first < COMMON:
            mask = np.int64(masks[slot_of(_mixed(hashed), keys)])
            if at - first < 6 and _is_symbol(codes, first, at, mask):
                continue
        if one and script > GREEK:
            number = _write(words, number, script, first, at, mask & ~SYMBOL)
        elif script != 0 or not one:
            number = _cut(codes, first, at, signs, lower, keys, masks, words, number)
    return number, at


@compiled(**INNER)
def _cut(codes, at, stop, signs, lower, keys, masks, words, number):
    """The words of one run of letters, figures and the like in which scripts change."""
    while at < stop:
        script = np.int64(_sign(codes[at], signs) & SCRIPT)
        first = at
        hashed = np.uint64(SEED)
        while at < stop and _sign(codes[at], signs) & SCRIPT == script:
            hashed = _hash(hashed, codes[at], lower)
            at += 1
        if script > LATIN or (script and at - first >= SIGNS):
            mask = np.int64(0)
            if at - first < COMMON:
                mask = np.int64(masks[slot_of(_mixed(hashed), keys)]) & ~SYMBOL
            number = _write(words, number, script, first, at, mask)
    return number


@compiled(**INNER)
def _write(words, number, script, first, end, mask):
    words[number, 0], words[number, 1] = script, first
    words[number, 2], words[number, 3] = end, mask
    return number + 1


@compiled(**INNER)
def _letters(words, first, last):
    letters = 0
    for at in range(first, last):
        letters += words[at, 2] - words[at, 1]
    return letters


@compiled(**INNER)
def _commonest(words, first, last, own, counts):
    """The language that most words are common in, how many, and whether two of them differ."""
    for language in range(LANGUAGES):
        counts[language] = 0
    for at in range(first, last):
        mask = words[at, 3]
        if mask != 0 and mask & own == 0:
            for language in range(LANGUAGES):
                counts[language] += (mask >> language) & 1
    best = 0
    for language in range(LANGUAGES):
        if counts[language] > counts[best]:
            best = language
    return best, counts[best]


@compiled(**INNER)
def _put(codes, words, first, last, out, size):
    """Writes words with blanks after them; returns where that ends."""
    for at in range(first, last):
        for place in range(words[at, 1], words[at, 2]):
            out[size] = codes[place]
            size += 1
        out[size] = 32
        size += 1
    return size


@compiled(**INNER)
def _doubled(events):
    more = np.empty((2 * len(events), 6), np.int64)
    for number in range(len(events)):
        for column in range(6):
            more[number, column] = events[number, column]
    return more


@compiled(**INNER)
def _tell(events, state, row, what, letters, detail, start, end):
    """Writes an event, or adds its letters to the one before where both say the same."""
    number = state[EVENTS]
    if number and start == end and letters:
        last = number - 1
        same = events[last, 0] == row and events[last, 1] == what and events[last, 3] == detail
        if same and what != SWITCH and events[last, 4] == events[last, 5]:
            events[last, 2] += letters
            return events
    if number == len(events):
        events = _doubled(events)
    events[number, 0], events[number, 1], events[number, 2] = row, what, letters
    events[number, 3], events[number, 4], events[number, 5] = detail, start, end
    state[EVENTS] = number + 1
    return events


@compiled(**INNER)
def _close(codes, window, out, events, state, row, own, kana):
    """Ends the window: its words show the own language, or the identifier is asked."""
    pure, strange, words = state[PURE], state[STRANGE], state[WORDS]
    plain = own != 0 and pure > 2 * strange and (pure >= 2 or 5 * pure >= words)
    if kana == 1:  # Chinese is written without kana
        plain = state[KANAS] == 0
    elif kana == 2:
        plain = 10 * state[KANAS] >= state[LETTERS]
    if plain:
        events = _tell(events, state, row, OWN, state[LETTERS], ZERO, ZERO, ZERO)
    else:
        start = state[OUT]
        state[OUT] = _put(codes, window, ZERO, words, out, start)
        events = _tell(events, state, row, ASK, state[LETTERS], ZERO, start, state[OUT])
    _empty(state)
    return events


@compiled(**INNER)
def _empty(state):
    for what in (LETTERS, PURE, STRANGE, KANAS, WORDS):
        state[what] = 0


@compiled(**INNER)
def _take(codes, words, first, last, signs, own, window, state):
    """Puts words into the window."""
    for at in range(first, last):
        mask = words[at, 3]
        state[LETTERS] += words[at, 2] - words[at, 1]
        state[PURE] += mask == own and own != 0
        state[STRANGE] += mask != 0 and mask & own == 0
        state[WORDS] = _write(window, state[WORDS], words[at, 0], words[at, 1], words[at, 2], mask)
        if words[at, 0] == HAN:
            for place in range(words[at, 1], words[at, 2]):
                state[KANAS] += _sign(codes[place], signs) & KANA != 0


@compiled(**INNER)
def _differ(codes, words, first, last, language):
    """Whether words that are common in a language are not all the same word."""
    one = -1
    for at in range(first, last):
        if (words[at, 3] >> language) & 1:
            if one < 0:
                one = at
            elif (
                words[at, 2] - words[at, 1] != words[one, 2] - words[one, 1]
                or codes[words[at, 1]] != codes[words[one, 1]]
            ):
                return True
    return False


@compiled(**INNER)
def _read_own(codes, words, number, signs, own, window, state, events, row, counts):
    """Words of the own script in one sentence: into the window, or told as a stretch in another
    language. A stretch has no word that is common in the own language alone."""
    pure = ZERO
    for at in range(number):
        pure += words[at, 3] == own
    if own and number and pure == 0:
        best, times = _commonest(words, ZERO, number, own, counts)
        letters = _letters(words, ZERO, number)
        enough = times >= 2 and 3 * times >= number and letters >= SHORT
        if enough and _differ(codes, words, ZERO, number, best):
            return _tell(events, state, row, SWITCH, letters, best, ZERO, ZERO)
    taken = at = ZERO
    while own and at < number:
        if words[at, 3] == own:
            at += 1
            continue
        first = at
        while at < number and words[at, 3] != own:
            at += 1
        best, times = _commonest(words, first, at, own, counts)
        enough = times >= 3 or (times == 2 and 4 * times >= at - first > 2)
        if not enough or not _differ(codes, words, first, at, best):
            continue
        end = at
        while not (words[first, 3] >> best) & 1:
            first += 1
        while not (words[end - 1, 3] >> best) & 1:
            end -= 1
        _take(codes, words, taken, first, signs, own, window, state)
        events = _tell(events, state, row, SWITCH, _letters(words, first, end), best, ZERO, ZERO)
        taken = end
    _take(codes, words, taken, number, signs, own, window, state)
    return events


@compiled(**INNER)
def _chosen(words, number, script, chosen):
    """The words of one script, apart."""
    size = ZERO
    for at in range(number):
        if words[at, 0] == script:
            size = _write(chosen, size, script, words[at, 1], words[at, 2], words[at, 3])
    return size


@compiled(**INNER)
def _is_term(words, size, letters, total, own, counts):
    """Whether Latin words of a sentence beside another script are a name or a term: DNA, Euler."""
    if own:
        return 2 * size < total and letters < TERM
    _, times = _commonest(words, ZERO, size, ZERO, counts)
    return times < 2 and letters < TERM


@compiled(**INNER)
def _read_sentence(
    codes, words, number, signs, unspaced, single, own, scripts, kana, window, out, other, state,
    events, row, counts, chosen
):  # fmt: skip
    """One sentence: its words by script, those of the own script into the window."""
    total, done = ZERO, ZERO
    for at in range(number):
        total += words[at, 2] - words[at, 1] if unspaced[words[at, 0]] else 1
    for at in range(number):
        script = words[at, 0]
        if (done >> script) & 1:
            continue
        size, done = _chosen(words, number, script, chosen), done | 1 << script
        letters = _letters(chosen, ZERO, size)
        shared = (scripts >> script) & 1
        if script == LATIN and _is_term(chosen, size, letters, total, shared, counts):
            continue
        if shared:
            events = _read_own(codes, chosen, size, signs, own, window, state, events, row, counts)
            dense = unspaced[script] and kana != 2  # Japanese headings have no kana
            if state[LETTERS] >= (WINDOW // 3 if dense else WINDOW):
                events = _close(codes, window, out, events, state, row, own, kana)
        elif single[script]:
            events = _tell(events, state, row, FOREIGN, letters, script, ZERO, ZERO)
        else:
            start = state[OTHER]
            state[OTHER] = _put(codes, chosen, ZERO, size, other, start)
            events = _tell(events, state, row, FOREIGN, letters, script, start, state[OTHER])
    return events


@compiled()
def speech_of(
    codes, starts, owns, scripts, kanas, signs, lower, keys, masks, unspaced, single
):  # fmt: skip
    """Events of texts; both texts that they name; and where in the first of them the words stand
    that were too few at a text's end for a window.

    Args:
        owns: bit of the own language among those with common words, 0 for none.
        scripts: bits of the scripts in which a window is judged.
        kanas: 1 where the own language is Chinese, 2 where it is Japanese, else 0.
        signs: what each code point is.
        lower: the small letter of each of the first code points.
        keys, masks: hashes of common words, and the languages that each is common in.
        unspaced: whether a script is written without spaces.
        single: whether a script has one language only.
    """
    events = np.empty((64, 6), np.int64)
    state = np.zeros(8, np.int64)
    out = np.empty(2 * len(codes) + 1, np.uint32)
    other = np.empty(2 * len(codes) + 1, np.uint32)
    rest = np.empty((len(starts) - 1, 2), np.int64)
    words = np.empty((LONGEST + 1, 4), np.int64)
    chosen = np.empty((LONGEST + 1, 4), np.int64)
    window = np.empty((LONGEST + WINDOW + 1, 4), np.int64)
    counts = np.zeros(LANGUAGES, np.int64)
    for row in range(len(starts) - 1):
        _empty(state)
        at = starts[row]
        while at < starts[row + 1]:
            most = min(starts[row + 1], at + LONGEST)
            number, at = words_of(codes, at, most, signs, lower, keys, masks, words)
            if number:
                events = _read_sentence(
                    codes, words, number, signs, unspaced, single, owns[row], scripts[row],
                    kanas[row], window, out, other, state, events, row, counts, chosen
                )  # fmt: skip
        rest[row, 0] = state[OUT]
        state[OUT] = _put(codes, window, ZERO, state[WORDS], out, state[OUT])
        rest[row, 1] = state[OUT]
    return events[: state[EVENTS]], out[: state[OUT]], other[: state[OTHER]], rest
