"""Which languages the letters of a text belong to: by script, by common words, by an identifier."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from filters.text.common_words import WORDS
from filters.text.identifiers import identify
from filters.text.scripts import ALIASES, KNOWN, LANGUAGES, SCRIPT_OF, SCRIPTS, UNSPACED

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

PATIENCE = 200
"""Letters after which a window that the identifier is not sure about counts as unknown."""
SYMBOLS = "sin cos tan log ln exp lim max min mod gcd lcm det"
"""Names of functions belong to no language; nor do single letters and two to five capitals."""

NUMBERS = {script: number for number, script in enumerate(SCRIPTS, 1)}
NAMES = {number: script for script, number in NUMBERS.items()}
BITS = {language: 1 << number for number, language in enumerate(WORDS)}
COMMON = tuple(WORDS)

# What is not prose, in the order in which it is taken out. Rust's regexes run in linear time.
NOT_PROSE = (
    r"(?s)```.*?(?:```|\z)",
    r"`[^`\n]*`",
    r"(?i)\bhttps?://\S+|\bwww\.\S+",
    r"(?s)\$\$.*?\$\$|\\\(.*?\\\)|\\\[.*?\\\]",
    # Only letters that formulas are made of: two prices in a line must not hide what is between.
    r"\$[[\p{Latin}\p{Greek}\p{Common}]&&[^$\n]]+\$",
    r"\\(?:begin|end)\{[a-zA-Z*]*\}|\\[a-zA-Z]+",
)

_OPENING = re.compile(r"```|\$\$|\\\(|\\\[")
_CLOSING = {"```": "```", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
"""Of NOT_PROSE, what may go on over several lines."""


class Speech(NamedTuple):
    """What was said of one text."""

    letters: Counter[str]
    """Letters that could be judged, by language; where a foreign script's language is not sure,
    they stand under the script's name."""
    switches: int
    """How many times the text goes over into another language than its own."""


class Reader:
    """Says of a text that comes in pieces which languages its letters belong to.

    What is too short to be judged waits for the next piece.

    >>> reader = Reader("en")
    >>> reader.read("First, we add"), reader.read(" the numbers.")
    (Counter(), Counter({'en': 20}))
    """

    def __init__(self, own: str):
        self.own = own
        """The question's language (ISO 639-1)."""
        self._rest = ""  # words that were too few to be judged

    def read(self, prose: str) -> Counter[str]:
        """Letters of a piece without LaTeX, code and the like that could be judged, by language."""
        import numpy as np

        from filters.text import compiled

        codes = compiled.codes_of(f"{self._rest}\n{prose}")
        events, texts, rest = _events(codes, np.array([0, len(codes)]), [self.own])
        speech, waiting = _judged(events.tolist(), texts, self.own)
        self._rest = waiting + _text(texts[0][rest[0, 0] : rest[0, 1]])
        return speech.letters


def speech(prose: pl.Series, languages: list[str]) -> list[Speech]:
    """What texts without LaTeX, code and the like say, each beside the language of its question."""
    from filters.text import compiled

    def look(codes: np.ndarray, starts: np.ndarray, rows: slice) -> list[Speech]:
        owns = languages[rows]
        events, texts, _ = _events(codes, starts, owns)
        found = [Speech(Counter(), 0)] * len(owns)
        every: list[list[int]] = events.tolist()
        for row, some in groupby(every, key=_row):
            found[row], _ = _judged(list(some), texts, owns[row])
        return found

    return [one for some in compiled.over_texts(prose, look) for one in some]


def _row(event: list[int]) -> int:
    return event[0]


def _events(
    codes: np.ndarray, starts: np.ndarray, owns: list[str]
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """What the compiled function says of texts: events, the words of windows and of fragments, and
    where those stand that are too few for a window."""
    import numpy as np

    from filters.text import speech_kernels

    sides = np.array([_side(own) for own in owns], np.int64).reshape(-1, 3).T.copy()
    events, *texts, rest = speech_kernels.speech_of(codes, starts, *sides, *_tables())
    return events, (texts[0], texts[1]), rest


def _judged(
    events: list[list[int]], texts: tuple[np.ndarray, np.ndarray], own: str
) -> tuple[Speech, str]:
    """What one text says, and the words of a window that the identifier is not sure about yet."""
    from filters.text.speech_kernels import ASK, OWN, SWITCH, WINDOW

    letters: Counter[str] = Counter()
    switches = size = 0
    window, away = "", False
    for _, what, count, detail, start, end in events:
        found = own
        if what == OWN:
            letters[own] += count + size  # best guess for it, certainty against it
            window, size = "", 0
        elif what == ASK:
            window, size = window + _text(texts[0][start:end]), size + count
            if own in SCRIPT_OF and size < 3 * WINDOW:
                continue
            found, sure = identify(window, own)
            if not sure and found != own and size < PATIENCE:
                continue
            if sure or found == own:
                letters[found] += size
            window, size = "", 0
        else:
            found = (
                COMMON[detail] if what == SWITCH else _foreign_language(texts, detail, start, end)
            )
            letters[found] += count
        switches += found != own and not away
        away = found != own
    return Speech(letters, switches), window


def _foreign_language(
    texts: tuple[np.ndarray, np.ndarray], number: int, start: int, end: int
) -> str:
    """The language of a stretch in a foreign script, or the script's name."""
    script = NAMES[number]
    if start == end:
        return LANGUAGES[script][0]
    return identify(_text(texts[1][start:end]))[0] or script


def _text(codes: np.ndarray) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _side(own: str) -> tuple[int, int, int]:
    """The bit of a language among those with common words, bits of the scripts in which it has
    neighbours, and whether kana tell."""
    shared = [script for script, names in LANGUAGES.items() if own in names and len(names) > 1]
    shared += [SCRIPT_OF[own]] if own in SCRIPT_OF else []
    scripts = sum(1 << NUMBERS[script] for script in shared)
    return BITS.get(own, 0), scripts, {"zh": 1, "ja": 2}.get(own, 0)


@cache
def _tables() -> tuple[np.ndarray, ...]:
    """Signs, small letters, common words with names of functions, and what scripts are like."""
    import numpy as np

    from filters.text import compiled, speech_kernels

    every = "".join(map(chr, range(compiled.KNOWN_CODES)))
    valid = every.encode("utf-8", "replace").decode()  # no lone surrogates
    words = pl.Series(list(valid)).str.contains(r"^\w$").to_numpy()
    signs = words.astype(np.uint8) * speech_kernels.WORD
    for script, (letters, _) in SCRIPTS.items():
        for letter in re.findall(f"[{letters}]", every):
            signs[ord(letter)] |= NUMBERS[script] | speech_kernels.WORD
    for sign in ".!?:;\n\u3002\uff01\uff1f\uff1b\uff1a\u2026":  # and their full-width forms
        signs[ord(sign)] |= speech_kernels.END
    for code in (*range(0x3040, 0x3100), *range(0x31F0, 0x3200)):
        signs[code] |= speech_kernels.KANA
    lower = np.array([ord(sign.lower()[0]) for sign in every[:0x2000]], np.uint32)

    def hashed(word: str) -> np.uint64:
        return np.uint64(speech_kernels.word_hash(compiled.codes_of(word), lower))

    keys, masks = np.zeros(8192, np.uint64), np.zeros(8192, np.uint32)
    for language, text in WORDS.items():
        for word in text.split():
            slot = speech_kernels.slot_of(hashed(word), keys)
            keys[slot] = hashed(word)
            masks[slot] |= BITS[language]
    for name in SYMBOLS.split():
        slot = speech_kernels.slot_of(hashed(name), keys)
        keys[slot] = hashed(name)
        masks[slot] |= speech_kernels.SYMBOL
    unspaced = np.array([False, *(script in UNSPACED for script in SCRIPTS)])
    single = np.array([False, *(len(names) == 1 for names in LANGUAGES.values())])
    return signs, lower, keys, masks, unspaced, single


def share(letters: Counter[str], language: str | None) -> float | None:
    """Share of judged letters that are of a language, 0 to 1; None where nobody can tell."""
    own = code_of(language)
    return letters[own] / letters.total() if own in KNOWN and letters.total() else None


def prose_of(text: pl.Expr) -> pl.Expr:
    """Texts with a blank for each stretch that is no prose."""
    for pattern in NOT_PROSE:
        text = text.str.replace_all(pattern, " ")
    return text


def settled(text: str) -> int:
    r"""How many characters of a growing text can be judged.

    Whole lines, whole sentences where the last line is long, and no part of a formula or of code
    that is not closed yet.

    >>> settled("So far so good.\nThen \\[x + y\nand")
    21
    >>> settled("So far so good.\nThen \\[x + y\n\\]\nand")
    32
    """
    end, at = text.rfind("\n") + 1, 0
    if 2 * end < len(text):
        end = max(end, *(text.rfind(mark) + 1 for mark in ".!?\u3002\uff01\uff1f"))
    while opening := _OPENING.search(text, at, end):
        closing = _CLOSING[opening.group()]
        at = text.find(closing, opening.end()) + len(closing)
        if at < len(closing) or at > end:
            return opening.start()
    return end


def is_surely(text: str, own: str) -> bool:
    """Whether the end of a text is so plainly in a language that there is no need to count letters.

    No letter of a script that the language is not written in, and a sure identifier. Half of a
    sentence in a language of the same script may stand beside it.

    >>> text = "First we add both numbers, then we divide the result by two. "
    >>> is_surely(text, "en"), is_surely(text, "de"), is_surely(text + "\u7136\u540e", "en")
    (True, False, False)
    """
    return identify(text[-1000:]) == (own, True) and not foreign_letters(own).search(text)


@cache
def foreign_letters(own: str) -> re.Pattern[str]:
    """A letter of a script that a language is not written in; Greek ones are symbols as a rule."""
    letters = (
        letters
        for script, (letters, _) in SCRIPTS.items()
        if own not in LANGUAGES[script] and script != "greek"
    )
    return re.compile(f"[{''.join(letters)}]")


def code_of(language: str | None) -> str:
    """The identifier's code of a language: `en` for en, EN and en-US; empty for null."""
    code = re.split(r"[-_]", language or "")[0].lower()
    return ALIASES.get(code, code)
