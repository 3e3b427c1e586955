"""Antiderivatives: what two of them differ by goes into their constants."""

from __future__ import annotations

import re

from filters.verifiers.math import formulas
from filters.verifiers.math.tokens import tokens
from filters.verifiers.math.trees import Unclear

_CONSTANT = re.compile(r"(?P<body>.+\S) ?\+ ?(?:[CcKk]|C_\{?[01]\}?)")
_LETTER = re.compile(r"[a-zA-Z](?:_\w+)?")


def agree(one: str, two: str) -> bool | None:
    r"""Whether two formulas that end with + C are the same up to that; None where unsure.

    The difference must be the same at x and at any other place.

    >>> agree(r"\frac{1}{2}\sin^2 x + C", r"-\frac{1}{4}\cos 2x + C"), agree("x^2 + C", "x^2")
    (True, None)
    """
    a, b = _CONSTANT.fullmatch(one), _CONSTANT.fullmatch(two)
    if not a or not b:
        return None
    difference = f"({a['body']}) - ({b['body']})"
    try:
        signs = tokens(difference)
    except Unclear:
        return None
    letters = {sign for sign in signs if _LETTER.fullmatch(sign)} - {"e"}
    if len(letters) != 1:
        return None
    elsewhere = "u" if letters == {"v"} else "v"
    return formulas.agree(
        " ".join(signs), " ".join(elsewhere if sign in letters else sign for sign in signs)
    )
