"""Exact answers: the same text, but for blanks and Unicode's spelling."""

from __future__ import annotations

import unicodedata

from filters.text.answer import plain
from filters.verdict import Verdict, correct, incorrect


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    A text or a number.
    """
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return f"a text or a number was expected, not {type(reference).__name__}"
    return None if str(reference).strip() else "it is empty"


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference)


def judge(answer: str, reference: object) -> Verdict:
    """Compares texts; upper and lower case differ.

    >>> judge("Monday  morning", "Monday morning").outcome, judge("monday", "Monday").outcome
    ('correct', 'incorrect')
    """
    same = _normal(answer) == _normal(str(reference))
    return correct(answer) if same else incorrect("wrong_answer", answer)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", plain(text)).split())
