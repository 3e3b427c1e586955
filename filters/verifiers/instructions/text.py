r"""What instructions count and compare: words, sentences, paragraphs, beginnings and ends."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from filters.text.scripts import UNSPACED_LETTERS

_MARKS = "".join(
    chr(code)
    for code in range(0x300, 0x1E00)
    if unicodedata.combining(chr(code)) or unicodedata.category(chr(code)) in ("Mn", "Mc")
)
"""Vowel signs and accents, which Python's patterns take for the end of a word: Hindi has many."""
_WORD = re.compile(rf"[{UNSPACED_LETTERS}]|(?:[^\W{UNSPACED_LETTERS}][{_MARKS}]*)+")
_COMPOUND = re.compile(rf"(?:\w[{_MARKS}]*)+(?:[-'\u2019\u2011](?:\w[{_MARKS}]*)+)*")
_GOES_ON = re.compile(rf"['-]?[\w{_MARKS}]")
_UNSPACED_LETTER = re.compile(f"[{UNSPACED_LETTERS}]")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
# Bounded repeats: a text of nothing but marks must not be read once for each of them.
_END = re.compile(
    rf"[。\uff01\uff1f।॥\u06d4\u061f]{{1,9}}|(?<=[{UNSPACED_LETTERS}])[!?]{{1,9}}"
    r"|(?<![.!?…])[.!?…]+[\"'\u201d\u2019)\]*_»]{0,9}(?=\s|$)"
)
_OPENING = re.compile(r"[\s\"'\u201c\u2018(\[*_#>«-]{0,20}(\S)")
_NEAR = 20
"""How far back a mark is looked behind, so that no text takes longer than its length allows."""
_BEFORE = re.compile(r"(?:^|[\s(\"'\u201c])([\w.]{1,12})$")
_APOSTROPHES = str.maketrans("\u2018\u2019", "''")
_OPENERS = "'\"\u201c\u201e«\u300c"
_CLOSERS = " \t\n.,;:!?\u2026'\"\u201d\u2019»)]}>*_`~\u3002\uff01\uff1f\u300d"

ABBREVIATIONS = {
    "mr", "mrs", "ms", "dr", "prof", "rev", "hon", "gen", "col", "sgt", "capt", "lt", "gov", "sen",
    "rep", "st", "mt", "vs", "e.g", "i.e", "cf", "al", "fig", "vol", "pp", "ed", "dept", "approx",
}  # fmt: skip
"""A point after one of these never ends a sentence."""
DOUBTFUL = {
    "etc", "inc", "ltd", "co", "corp", "jr", "sr", "no", "u.s", "u.k", "a.m", "p.m", "b.c", "a.d",
    "ph.d",
}  # fmt: skip
"""A point after one of these ends no sentence where a small letter follows."""


def words(text: str) -> list[str]:
    """Runs of letters, digits and underscores; a Chinese, Japanese or Thai letter is a word.

    >>> len(words("It's 12 o'clock.")), len(words("你好 world"))
    (5, 3)
    """
    return _WORD.findall(text)


def whole_words(text: str) -> list[str]:
    """Words as people count them: hyphens and apostrophes hold a word together.

    >>> whole_words("It's a well-known **fact**, No. 2.")
    ["It's", 'a', 'well-known', 'fact', 'No', '2']
    """
    return _COMPOUND.findall(text)


def capital_words(text: str) -> list[str]:
    """Whole words without a lower-case letter.

    >>> capital_words("I DON'T own a WELL-FIRST Ford F150.")
    ['I', "DON'T", 'WELL-FIRST', 'F150']
    """
    return [word for word in whole_words(text) if word.isupper()]


def sentences(text: str) -> list[str]:
    """A text cut where sentences end: at points, exclamation and question marks.

    Not at the point of an abbreviation, an initial or a list's number. A line break alone ends no
    sentence, so a heading belongs to the sentence after it, as it does for punkt.

    >>> sentences("Dr. J. Smith paid $3.50. Why? 因为他饿。对!")
    ['Dr. J. Smith paid $3.50.', 'Why?', '因为他饿。', '对!']
    """
    found, start = [], 0
    for end in _END.finditer(text):
        if end.start() >= start and _ends(text, start, end):
            found.append(text[start : end.end()].strip())
            start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def paragraphs(text: str) -> list[str]:
    """The parts of a text between blank lines.

    >>> paragraphs("One.\\nStill one.\\n\\n\\nTwo.\\n")
    ['One.\\nStill one.', 'Two.']
    """
    parts = (part.strip() for part in _PARAGRAPHS.split(text))
    return [part for part in parts if part]


def divided(parts: list[str]) -> list[str]:
    """The parts between dividers; one that opens or closes the text divides nothing.

    >>> divided("** One ** Two **".split("**"))
    ['One', 'Two']
    """
    parts = [part.strip() for part in parts]
    return parts[not parts[0] : len(parts) - (not parts[-1])]


def related(count: int, relation: str, number: float) -> bool:
    """IFEval's two relations between what is there and what was asked for.

    >>> related(2, "less than", 2), related(2, "at least", 2)
    (False, True)
    """
    return count < number if relation == "less than" else count >= number


def folded(text: str) -> str:
    """A text without what does not tell words apart: case, curled apostrophes, composed accents.

    >>> folded("DON\u2019T"), folded("Cafe\u0301") == folded("caf\u00e9")
    ("don't", True)
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_APOSTROPHES))
    return text.casefold()


def mentions(text: str, phrase: str) -> int:
    """How often a phrase stands in a text, as a part of longer words, too; case does not count.

    >>> mentions("Cats and cat food", "CAT"), mentions("C++ beats C", "C++")
    (2, 1)
    """
    return folded(text).count(folded(phrase.strip()))


def count_word(text: str, word: str) -> int:
    """How often a word or phrase stands in a text by itself; case does not count.

    Letters of scripts without spaces have no edges: any place will do for them.

    >>> count_word("A rocket.", "rock"), count_word("Rock!", "rock"), count_word("我爱苹果", "苹果")
    (0, 1, 1)
    """
    return len(_alone(word).findall(folded(text)))


def starts_with(text: str, word: str) -> bool:
    """Whether a text starts with a word, be it in quotation marks; case does not count.

    >>> [starts_with(said, "sun") for said in ('"Sun," he said.', "Sunny.", "Sun-dried.", "Sun's.")]
    [True, False, False, False]
    """
    bare, word = folded(text.lstrip()), folded(word.strip())
    bare = bare if bare.startswith(word) else bare.lstrip(_OPENERS)
    after = bare[len(word) : len(word) + 2] if _edge(word[-1]) else ""
    return bare.startswith(word) and not _GOES_ON.match(after)


def ends_with(text: str, word: str) -> bool:
    """Whether a text ends with a word; case and marks after it do not count.

    >>> [ends_with(said, "sun") for said in ("The **Sun**!", "It is no-sun.", "Sun, then.")]
    [True, False, False]
    """
    bare, word = folded(text.rstrip()), folded(word.strip())
    bare = bare if bare.endswith(word) else bare.rstrip(_CLOSERS)
    start = len(bare) - len(word)
    before = bare[max(0, start - 2) : start] if _edge(word[0]) else ""
    return bare.endswith(word) and not _GOES_ON.match(before[::-1])


@lru_cache(1000)
def _alone(word: str) -> re.Pattern[str]:
    word = folded(word.strip())
    before = rf"(?<![\w{_MARKS}])" if _edge(word[0]) else ""
    after = rf"(?![\w{_MARKS}])" if _edge(word[-1]) else ""
    return re.compile(before + re.escape(word) + after)


def _ends(text: str, start: int, end: re.Match[str]) -> bool:
    """Whether a sentence that began at `start` ends with this mark."""
    if not text[max(start, end.start() - _NEAR) : end.start()].strip(" \t\n*_#>-"):
        return False  # nothing before the mark
    mark = end.group()
    if mark.startswith(("..", "…")):  # a pause, where the sentence goes on in small letters
        return not _follows(text, end).islower()
    if not mark.startswith("."):
        return True
    before = _BEFORE.search(text, max(start, end.start() - _NEAR), end.start())
    if not before:
        return True
    word = before[1].lower()
    if word in ABBREVIATIONS or (word.isdigit() and _opens_line(text, before.start(1))):
        return False
    follows = _follows(text, end)
    if len(word) == 1 and word.isalpha() and word != "i":  # J. Smith, b. 1950; but "solve for x."
        return not (before[1].isupper() or follows.isdigit())
    return word not in DOUBTFUL or not follows.islower()


def _follows(text: str, end: re.Match[str]) -> str:
    """The first letter after a mark, or what stands there instead."""
    follows = _OPENING.match(text, end.end())
    return follows[1] if follows else ""


def _opens_line(text: str, at: int) -> bool:
    before = text[max(0, at - _NEAR) : at]
    opens = at <= _NEAR or "\n" in before
    return opens and not before.rpartition("\n")[2].strip(" \t*_#>")


def _edge(letter: str) -> bool:
    """Whether a word ends at this letter, and not anywhere as in Chinese."""
    return bool(re.match(rf"[\w{_MARKS}]", letter)) and not _UNSPACED_LETTER.match(letter)
