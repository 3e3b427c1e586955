r"""The same with another letter: f(z) = z is f(x) = x, and n\pi is k\pi."""

from __future__ import annotations

import re

from filters.verifiers.math import units
from filters.verifiers.math.tokens import FUNCTIONS

_FUNCTION = re.compile(r"(?P<name>[a-zA-Z]) ?\( ?(?P<letter>[a-zA-Z]) ?\) ?= ?(?P<body>.+)")
_WHOLE = frozenset("klmn")
"""Letters that stand for whole numbers where nothing is said of them."""
_SOME = re.compile(
    r"(?P<body>.+?)[,;]? ?\(?(?:for|where|with) (?:some|any|all|every|each|an?y?)? ?"
    r"(?:integers?|real(?: numbers?)?|parameters?)? ?(?P<letter>[a-zA-Z])\b(?! ?=)[^=]*"
)
_PERIOD = re.compile(
    r"[klmn](?: ?[+-] ?\d+ ?\)?)? ?(?:\\cdot ?)?(?:\\pi|\d+\^\\circ)|\d+\^\\circ ?[klmn]"
)
_BOUND = re.compile(
    r"\\(?:sum|prod) ?_ ?\{ ?([a-z]) ?=|\\lim ?_ ?\{ ?([a-z]) ?\\to|\\int.* ?d ?([a-z])$"
    r"|\\\{[^|]*\| ?([a-z]) ?\\in.*\\\}"
)
"""The letter that a sum, a limit, an integral or a set runs over."""
_LETTERS = re.compile(r"\\[a-zA-Z]+|[a-zA-Z]+")


def like(one: str, two: str) -> str:
    r"""The first text with its bound letter called as in the second; as it is where none is bound.

    A function's argument is bound, a whole number that a period is multiplied by, and a letter that
    a text says to be any number.

    >>> like("f(z) = z^2", "f(x) = x^2"), like(r"x = n\pi", r"k\pi"), like("2n", "2k")
    ('f(x) = x^2', 'x = k\\pi', '2n')
    >>> like("(2 + 3t, 4 - 5t) for some integer t", "(2 + 3x, 4 - 5x)")
    '(2 + 3x, 4 - 5x)'
    """
    a, b = _FUNCTION.fullmatch(one), _FUNCTION.fullmatch(two)
    if a and b and a["name"] == b["name"]:
        return _put(one, a["letter"], b["letter"], two)
    bound = [_bound(side) for side in (one, two)] if "\\" in one and "\\" in two else [""]
    if all(bound):
        return _put(one, bound[0], bound[1], two)
    some, other = _SOME.fullmatch(one), _SOME.fullmatch(two)
    if some and not other and len(free := _free(two)) == 1:
        return _put(some["body"], some["letter"], free.pop(), two)
    if other and not some and len(free := _free(one)) == 1:
        return _put(one, free.pop(), other["letter"], other["body"])
    letters = [_letters(side) & _WHOLE for side in (one, two)]
    if all(map(_PERIOD.search, (one, two))) and [len(side) for side in letters] == [1, 1]:
        return _put(one, letters[0].pop(), letters[1].pop(), two)
    return one


def _put(text: str, old: str, new: str, beside: str) -> str:
    """A text with another letter, if that is not there already, nor the old one beside it."""
    if old == new or new in _letters(text) or old in _letters(beside):
        return text
    return _LETTERS.sub(
        lambda word: word.group().replace(old, new) if _product(word.group()) else word.group(),
        text,
    )


def _bound(text: str) -> str:
    found = [next(filter(None, match.groups())) for match in _BOUND.finditer(text)]
    return found[0] if len(found) == 1 else ""


def _free(text: str) -> set[str]:
    """The letters of the values in a text."""
    return _letters(text.rpartition("=")[2])


def _letters(text: str) -> set[str]:
    words = (word for word in _LETTERS.findall(text) if _product(word))
    return {letter for word in words for letter in word} - {"e"}


def _product(word: str) -> bool:
    """Whether letters are variables side by side."""
    return (
        not word.startswith("\\")
        and len(word) <= 3
        and word not in FUNCTIONS
        and (len(word) == 1 or units.may_be_product(word))
    )
