"""Antiderivatives: what two of them differ by goes into their constants."""

from __future__ import annotations

import re

from filters.verifiers.math import formulas
from filters.verifiers.math.derivatives import derivative
from filters.verifiers.math.tokens import tokens
from filters.verifiers.math.trees import Tree, Unclear

_CONSTANT = re.compile(r"(?P<body>.+\S) ?\+ ?(?:[CcKk]|C_\{?[01]\}?)")
_LETTER = re.compile(r"[a-zA-Z](?:_\w+)?")
_UNDONE = re.compile(
    r"(?P<rest>.*?)(?P<factor>(?:[-+] ?)?(?:\d+(?:/\d+)?)?) ?\*? ?"
    r"(?:Integral ?\((?P<body>.+), ?(?P<by>[a-zA-Z])\)|\\int (?P<under>.+?) ?d(?P<letter>[a-z]))"
)
"""An integral that nobody worked out, as SymPy prints it."""
_LOG = re.compile(r"\\?log(?! ?_)(?![a-z])")


def agree(one: str, two: str) -> bool | None:
    r"""Whether two formulas that end with + C are the same up to that; None where unsure.

    The difference must be the same at x and at any other place. A key may be an integral that
    nobody worked out: then the answer's derivative is compared with what stands under it.

    >>> agree(r"\frac{1}{2}\sin^2 x + C", r"-\frac{1}{4}\cos 2x + C"), agree("x^2 + C", "x^2")
    (True, None)
    >>> agree("x*sin(x) + cos(x) + C", "Integral(x*cos(x), x) + C")
    True
    """
    a, b = _CONSTANT.fullmatch(one), _CONSTANT.fullmatch(two)
    if not a or not b:
        return None
    try:  # here a logarithm is natural
        return _agree(*(_LOG.sub(r"\\ln ", side["body"]) for side in (a, b)))
    except Unclear:
        return None


def _agree(one: str, two: str) -> bool | None:
    undone, key = _UNDONE.fullmatch(one), _UNDONE.fullmatch(two)
    if undone:
        return None if key else False  # an answer has to be worked out
    if key:
        letter = key["by"] or key["letter"]
        return formulas.equal(derivative(formulas.tree(one), letter), _slope(key, letter))
    difference = f"({one}) - ({two})"
    signs = tokens(difference)
    letters = {sign for sign in signs if _LETTER.fullmatch(sign)} - {"e"}
    if len(letters) != 1:
        return None
    elsewhere = "u" if letters == {"v"} else "v"
    return formulas.agree(
        " ".join(signs), " ".join(elsewhere if sign in letters else sign for sign in signs)
    )


def _slope(match: re.Match[str], letter: str) -> Tree:
    """The derivative of a sum that ends with an integral."""
    factor = match["factor"].replace(" ", "")
    factor += "1" if factor in ("", "+", "-") else ""
    under = Tree("*", (formulas.tree(factor), formulas.tree(match["body"] or match["under"])))
    rest = match["rest"].strip()
    return Tree("+", (derivative(formulas.tree(rest), letter), under)) if rest else under
