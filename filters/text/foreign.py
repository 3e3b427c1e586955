"""Where a text leaves the language of its question, for people: sentence by sentence."""

from __future__ import annotations

import re

import polars as pl

from filters.text.languages import NOT_PROSE, Reader, foreign_letters
from filters.text.scripts import UNSPACED_LETTERS

_ENDS = ".!?:;\\n\u3002\uff01\uff1f\uff1b\uff1a\u2026"  # as the measure has them
_SENTENCE = re.compile(rf"[^{_ENDS}]*[{_ENDS}]*\s*")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(rf"[{UNSPACED_LETTERS}]|[^\W\d_{UNSPACED_LETTERS}]+")
MOST = 500_000
"""Characters of a text that are looked at."""


def foreign(text: str, own: str) -> list[tuple[int, int, str]]:
    """The sentences that are in another language, neighbours of one language joined.

    They are read by the code that measures, in its order; sentences that are too short to be judged
    alone stand with the next. Of a sentence with letters of another script only these are told.

    Args:
        text: thinking or response.
        own: the code of the question's language, as `code_of` gives it.

    Returns:
        First character, the one behind the last, and the code of the language or name of the
        script.

    >>> text = "First, we add the numbers. 然后我们把结果除以二"
    >>> [(text[start:end], language) for start, end, language in foreign(text, "en")]
    [('然后我们把结果除以二', 'zh')]
    """
    prose, reader = masked(text[:MOST]), Reader(own)
    found: list[tuple[int, int, str]] = []
    first = 0
    for sentence in _SENTENCE.finditer(prose):
        if not sentence.group():
            continue
        letters = reader.read(sentence.group())
        others = [language for language, _ in letters.most_common() if language != own]
        if others:
            alone = Reader(own).read(sentence.group())  # those that waited may be well
            begins = sentence.start() if others[0] in alone else first
            start, end = _of_script(text, begins, sentence.end(), own)
            joined = (
                found
                and found[-1][2] == others[0]
                and not _LETTER.search(text, found[-1][1], start)
            )
            if joined:
                start = found.pop()[0]
            found.append((start, end, others[0]))
        if letters:
            first = sentence.end()
    return found


def share_of_words(text: str, own: str) -> float | None:
    """The share of words that are not in a stretch of another language, 0 to 1; None where there is
    no word.

    A word is a run of letters, or one letter of a script without spaces. Words of stretches that
    are too short to be judged are not foreign.

    >>> share_of_words("First, we add the numbers. 然后除以二", "en")
    0.5
    """
    prose = masked(text[:MOST])
    total = len(_WORD.findall(prose))
    others = sum(len(_WORD.findall(prose[start:end])) for start, end, _ in foreign(text, own))
    return 1 - others / total if total else None


def masked(text: str) -> str:
    r"""The text with blanks in the place of what is no prose: code, formulas, addresses.

    >>> masked(r"so \(x\) is `y`")
    'so       is    '
    """
    for pattern in NOT_PROSE:
        at, parts = 0, []
        for found in pl.select(pl.lit(text).str.extract_all(pattern)).item():
            start = text.find(found, at)
            parts += [text[at:start], " " * len(found)]
            at = start + len(found)
        text = "".join([*parts, text[at:]])
    return text


def _of_script(text: str, start: int, end: int, own: str) -> tuple[int, int]:
    """The letters of other scripts in a stretch, or its text without the blanks around it."""
    letters = list(foreign_letters(own).finditer(text, start, end))
    if letters:
        return letters[0].start(), letters[-1].end()
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())
