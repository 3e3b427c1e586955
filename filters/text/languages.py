"""Which languages the letters of a text belong to: by script, then by an identifier."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import polars as pl

WINDOW = 20
"""Least letters that the language identifier is asked about, below that it guesses; a third of it
where a letter is a word."""
PATIENCE = 200
"""Letters after which a window that the identifier is not sure about counts as unknown."""

# Letters and vowel signs of each script, and the languages written in it that the identifier knows.
SCRIPTS: dict[str, tuple[str, str]] = {
    "latin": (
        r"A-Za-zªºÀ-ÖØ-öø-ʯḀ-\u1eff",
        "az ca cs da de en es et eu fi fr hr hu is it ku lt lv ms nl no pl pt ro sk sl sq sr sv tl "
        "tr vi yo",
    ),
    "han": (  # and kana: Japanese sentences need both to be known
        r"㐀-䶿一-鿿豈-﫿\U00020000-\U000323af぀-ヿㇰ-ㇿ",
        "zh ja",
    ),
    "hangul": (r"ᄀ-ᇿ㄰-㆏가-힯", "ko"),
    "cyrillic": (r"Ѐ-ԯ", "be bg ru sr uk az"),
    "arabic": (r"ؠ-ٟٮ-ۓە-ۯۺ-ۿݐ-ݿ", "ar fa ku ur"),
    "devanagari": (r"ऀ-ॣॱ-ॿ", "hi mr"),
    "bengali": (r"ঀ-ৣৰ-৿", "bn"),
    "gurmukhi": (r"ਁ-ੑੰ-ੵ", "pa"),
    "gujarati": (r"ઁ-ૣ", "gu"),
    "oriya": (r"ଁ-ୣ", "or"),
    "tamil": (r"ஂ-ௗ", "ta"),
    "telugu": (r"ఀ-ౣ", "te"),
    "kannada": (r"ಀ-ೣ", "kn"),
    "malayalam": (r"ഀ-ൣ", "ml"),
    "thai": (r"ก-ฺเ-๎", "th"),
    "lao": (r"ກ-ຽເ-ໍ", "lo"),
    "georgian": (r"\u10a0-\u10ff", "ka"),
    "armenian": (r"Ա-֏", "hy"),
    "hebrew": (r"א-ײ", "he"),
    "ethiopic": (r"\u1200-\u135a", "am"),
    # Two letters at least: a lone one is a symbol of mathematics in any language.
    "greek": (r"Ͱ-Ͽἀ-῿", "el"),
}
LANGUAGES = {script: tuple(names.split()) for script, (_, names) in SCRIPTS.items()}
KNOWN = {language for languages in LANGUAGES.values() for language in languages}
UNSPACED = {"han", "thai", "lao"}
"""Scripts written without spaces: a word is a letter where words are counted."""
UNSPACED_LETTERS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""The same for patterns that find words: Thai, kana and Chinese characters. Fewer letters than in
`SCRIPTS`: to add some changes what `repetition` measures, so its version must go up with them."""
ALIASES = {"nb": "no", "nn": "no", "bs": "hr", "id": "ms", "fil": "tl", "iw": "he"}
"""Codes of languages that the identifier knows under a near relative's code."""

_RUN = re.compile(
    "|".join(
        f"(?P<{script}>[{letters}]{'{2,}' if script == 'greek' else '+'})"
        for script, (letters, _) in SCRIPTS.items()
    )
)
_ASCII = re.compile("[A-Za-z]+")
_SENTENCE = re.compile(
    "[.!?:;\n\u3002\uff01\uff1f\uff1b\uff1a\u2026]+"
)  # and their full-width forms

# What is not prose, in the order in which it is taken out. Rust's regexes run in linear time.
NOT_PROSE = (
    r"(?s)```.*?(?:```|\z)",
    r"`[^`\n]*`",
    r"(?i)\bhttps?://\S+|\bwww\.\S+",
    r"(?s)\$\$.*?\$\$|\\\(.*?\\\)|\\\[.*?\\\]",
    # Only letters that formulas are made of: two prices in a line must not hide what is between.
    r"\$[[\p{Latin}\p{Greek}\p{Common}]&&[^$\n]]+\$",
    r"\\(?:begin|end)\{[a-zA-Z*]*\}|\\[a-zA-Z]+",
    # Variables, points of a figure, and names of functions belong to no language.
    r"\b(?:[A-Za-z]|[A-Z]{2,5}|sin|cos|tan|log|ln|exp|lim|max|min|mod|gcd|lcm|det)\b",
)

_OPENING = re.compile(r"```|\$\$|\\\(|\\\[")
_CLOSING = {"```": "```", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
"""Of NOT_PROSE, what may go on over several lines."""


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
        self._window: list[str] = []  # neighbouring fragments in the script of `own`
        self._size = 0  # letters in the window

    def read(self, prose: str) -> Counter[str]:
        """Letters of a piece without LaTeX, code and the like that could be judged, by language.

        Where a foreign script's language is not sure, its letters stand under the script's name.
        """
        letters: Counter[str] = Counter()
        for script, words, count in _fragments(prose):
            languages = LANGUAGES[script]
            if len(languages) == 1:
                letters[languages[0]] += count
            elif self.own not in languages:
                letters[identify(words)[0] or script] += count
            else:
                self._window.append(words)
                self._size += count
                if self._size >= WINDOW // (3 if script in UNSPACED else 1):
                    self._judge(letters)
        return letters

    def _judge(self, letters: Counter[str]) -> None:
        found, sure = identify(" ".join(self._window))
        if sure or found == self.own:  # best guess for it, certainty against it
            letters[found] += self._size
        if sure or found == self.own or self._size >= PATIENCE:
            self._window, self._size = [], 0


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
    return identify(text[-1000:]) == (own, True) and not _foreign(own).search(text)


@cache
def _foreign(own: str) -> re.Pattern[str]:
    """A letter of a script that a language is not written in; Greek ones are symbols as a rule."""
    letters = (
        letters
        for script, (letters, _) in SCRIPTS.items()
        if own not in LANGUAGES[script] and script != "greek"
    )
    return re.compile(f"[{''.join(letters)}]")


def _fragments(text: str) -> Iterator[tuple[str, str, int]]:
    """Script, words and number of letters of each stretch of one script within one sentence."""
    for sentence in _SENTENCE.split(text):
        if sentence.isascii():
            if words := _ASCII.findall(sentence):
                yield "latin", " ".join(words), sum(map(len, words))
            continue
        runs: dict[str, list[str]] = {}
        for match in _RUN.finditer(sentence):
            runs.setdefault(match.lastgroup or "", []).append(match.group())
        # Compared in words; a script without spaces has a word a letter.
        words_of = {
            script: sum(map(len, found)) if script in UNSPACED else len(found)
            for script, found in runs.items()
        }
        for script, found in runs.items():
            count = sum(map(len, found))
            minority = 2 * words_of[script] < sum(words_of.values())
            if script == "latin" and minority and count < WINDOW:
                continue  # a name or a term: DNA, Python, Euler
            yield script, " ".join(found), count


def identify(text: str) -> tuple[str, bool]:
    """ISO 639-1 code of the most likely language of a short text, and whether that is sure.

    The one place that knows which identifier we use. It reads the first 1,000 characters and calls
    near relatives (Hindi and Marathi) never sure. The code is empty where it has no guess at all.
    """
    result = _identifier()(text)
    return ("", False) if result.language == "und" else (result.language, bool(result.reliable))


@cache
def _identifier() -> Callable[[str], Any]:
    import eldc

    eldc.init()
    return eldc.detect_details


def code_of(language: str | None) -> str:
    """The identifier's code of a language: `en` for en, EN and en-US; empty for null."""
    code = re.split(r"[-_]", language or "")[0].lower()
    return ALIASES.get(code, code)
