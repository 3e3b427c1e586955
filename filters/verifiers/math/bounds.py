"""Bounds, which are no numbers: neither < 42 nor "42 or more" is 42."""

from __future__ import annotations

import re

_SIGN = re.compile(r"[<>≤≥≠]|\\(?:[lg](?:t|eq?|eqslant)|neq?|not)(?![a-z])|\d ?\+ ?$")
_WORDS = re.compile(
    r"\b(?:at (?:least|most)|(?:more|less|greater|fewer) than|up to|or (?:more|less|fewer|greater)"
    r"|over|under|above|below|beyond|not|but|nearly|almost|bounds?)\b",
    re.IGNORECASE,
)


def is_bound(text: str) -> bool:
    """Whether a text says that something is more, less, or other than a number.

    >>> is_bound("< 42"), is_bound("at least 42"), is_bound("42+"), is_bound("about 42")
    (True, True, True, False)
    """
    return bool(_SIGN.search(text) or _WORDS.search(text))
