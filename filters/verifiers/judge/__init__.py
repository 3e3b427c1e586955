"""Open answers: a model compares them with the key, where no rule could.

The recipe's `judge` names the model. By itself this verifier knows only that the key's own words
are right; all else is `judge_missing` until the model is asked, which the sampler does.
"""

from __future__ import annotations

import unicodedata

from filters.text.answer import extract as final_answer
from filters.text.answer import plain
from filters.verdict import Verdict, correct, unverifiable
from filters.verifiers.judge.prompt import harmless


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    The answer as text, of any length, or a number.
    """
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return f"a text or a number was expected, not {type(reference).__name__}"
    return None if harmless(str(reference)) else "it is empty"


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference)


def extract(response: str) -> str | None:
    """The final answer where one is announced, else the whole response.

    >>> extract("The answer is Goethe."), extract("Goethe wrote it."), extract(" ")
    ('Goethe', 'Goethe wrote it.', None)
    """
    found = final_answer(response) or response.strip()
    return found if harmless(found) else None


def judge(answer: str, reference: object) -> Verdict:
    """The key's own words are right; what else is, the model says.

    >>> judge("goethe", "Goethe").outcome, judge("J. W. Goethe", "Goethe").reason
    ('correct', 'judge_missing')
    """
    if _words(answer) == _words(str(reference)):
        return correct(answer)
    return unverifiable("judge_missing", answer)


def _words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", plain(text)).casefold().split())
