"""The numbers, letters, commands and signs of a formula."""

from __future__ import annotations

import re

from filters.verifiers.math import units
from filters.verifiers.math.trees import Unclear

_FUNCTION_NAMES = """
sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln lg log exp
"""
_GREEK_NAMES = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu nu xi rho sigma
tau phi varphi chi psi omega Delta Gamma Theta Lambda Phi Psi Omega Sigma ell hbar
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_SHORT = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
"""As SymPy and programs write them."""
GREEK = frozenset(_GREEK_NAMES.split())
_TOKEN = re.compile(
    r" *(?:(?P<number>\d{1,3}(?:,\d{3})+(?![\d.])|\d+\.?\d*|\.\d+)"
    r"|\\(?P<command>[a-zA-Z]+)"
    r"|(?P<word>[A-Za-z]+)(?P<primes>'*)"
    r"|(?P<sign>[-+*/^(){}\[\]|!_%]))"
)
_NO_OPERAND = re.compile(r" *(?:[+=*/)]|$)")
"""Behind the letters l and n, which are a product there."""
_EXPONENT = re.compile(r"\d\.?[eE] ?[-+]?\d")
_DERIVATIVE = re.compile(r"\\frac ?\{ ?d ?\w?(?: ?\^ ?\d[^}]*)? ?\} ?\{ ?d|d[a-z]/d[a-z]")
_INDEX = re.compile(r"_ ?(?:\{ ?([A-Za-z0-9]{1,6}) ?\}|([A-Za-z0-9]))")


def tokens(text: str) -> list[str]:
    """Numbers, `\\command`s, signs, and letters one by one with their indices."""
    found, place = [], 0
    text = text.strip()
    if _EXPONENT.search(text):
        raise Unclear("a number with an exponent, or a product with e")
    if _DERIVATIVE.search(text):
        raise Unclear("a derivative")
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise Unclear(f"unexpected {text[place]!r}")
        place = match.end()
        if match["word"]:
            product = match["word"] == "ln" and _NO_OPERAND.match(text, place)
            letters = ["l", "n"] if product else _letters(match["word"])
            letters[-1] += match["primes"]
            found += letters
        elif match["command"]:
            found.append("\\" + match["command"])
        elif match["number"] and "," in match["number"] and re.search(r"[(\[]", text):
            raise Unclear("a number, or a pair")
        else:
            found.append((match["number"] or match["sign"]).replace(",", ""))
        named = found[-1].isalpha() or found[-1].lstrip("\\") in GREEK
        if named and (index := _INDEX.match(text, place)):
            found[-1] += "_" + (index[1] or index[2])
            place = index.end()
    return found


def _letters(word: str) -> list[str]:
    """A run of letters: a function's name, or a product of variables; longer ones are words."""
    if word in FUNCTIONS or word == "sqrt" or word in _SHORT:
        return ["\\" + _SHORT.get(word, word)]
    if len(word) > 1 and (len(word) > 3 or units.known(word) or not units.may_be_product(word)):
        raise Unclear(f"the word {word!r}")
    return list(word)
