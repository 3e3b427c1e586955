r"""What instructions count: words, sentences, paragraphs, lines, and the language of a text."""

from __future__ import annotations

import re

import polars as pl

from filters.text.identifiers import identify
from filters.text.languages import Reader, code_of, prose_of, share
from filters.text.scripts import FIRST, UNSPACED_LETTERS

_WORD = re.compile(rf"[{UNSPACED_LETTERS}]|[^\W{UNSPACED_LETTERS}]+")
_COMPOUND = re.compile(r"\w+(?:[-'\u2019]\w+)*")
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


def capital_words(text: str) -> list[str]:
    """Words without a lower-case letter; hyphens and apostrophes hold a word together.

    >>> capital_words("I DON'T own a WELL-FIRST Ford F150.")
    ['I', "DON'T", 'WELL-FIRST', 'F150']
    """
    return [word for word in _COMPOUND.findall(text) if word.isupper()]


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


def mentions(text: str, phrase: str) -> int:
    """How often a phrase stands in a text, as a part of longer words, too; case does not count.

    >>> mentions("Cats and cat food", "CAT"), mentions("C++ beats C", "C++")
    (2, 1)
    """
    return text.casefold().count(phrase.casefold())


def has_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in a text by itself; case does not count.

    Letters of scripts without spaces have no edges: any place will do for them.

    >>> has_word("rocket", "rock"), has_word("Rock!", "rock"), has_word("我爱苹果派", "苹果")
    (False, True, True)
    """
    before = r"(?<!\w)" if _edge(word[0]) else ""
    after = r"(?!\w)" if _edge(word[-1]) else ""
    return re.search(before + re.escape(word) + after, text, re.IGNORECASE) is not None


def in_language(text: str, language: str) -> bool | None:
    """Whether most letters of a text are of a language (ISO 639-1), or None where nobody can tell.

    Letters count as in the filter `language`. What is too short for it is of the identifier's best
    guess, if that is the language; a text without letters is of every language.

    >>> in_language("Das Wetter ist heute schön, und wir gehen spazieren.", "de")
    True
    """
    if not any(letter.isalpha() for letter in text):
        return True
    prose = pl.select(prose_of(pl.lit(text))).item()
    found = share(Reader(code_of(language)).read(prose), language)
    if found is None:
        return True if identify(text)[0] == language else None
    return found > 0.5


def knows(language: str) -> bool:
    """Whether the language identifier knows a language.

    >>> knows("ko"), knows("sw")
    (True, False)
    """
    return language in FIRST


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
    return bool(re.match(r"\w", letter)) and not _UNSPACED_LETTER.match(letter)
