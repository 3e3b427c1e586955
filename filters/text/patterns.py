"""Kinds of text found by a pattern, and what tells whether a find is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import polars as pl

NEAR = 40
"""Characters before a number in which a word says what it is."""
_CLASS = r"(?:\[(?!\^)(?:\\.|[^\]\\])*\]|\\[wds])"
_UNKNOWN = re.compile(
    rf"\(\?<!(?P<before>{_CLASS})\)|\(\?!(?P<behind>{_CLASS})\)"
    r"|\(\?<?[!=](?:\[(?:\\.|[^\]\\])*\]|\\.|[^()\[\]\\])*\)|\\b"
    r"|(?P<again>\\[1-9])|(?P<least>\{\d+,)\d+\}|(?P<kept>\\.)"
)
"""What polars' patterns do not know: looking around, and a group's text again. And what costs them
much: ends of words, outside of ASCII, and how often something may come again at most."""


class Kind(NamedTuple):
    """One kind of what should not be told."""

    name: str
    pattern: re.Pattern[str]
    is_one: Callable[[re.Match[str]], bool] = lambda found: True
    """Whether what looks like one is one."""

    def is_in(self, text: str) -> bool:
        """Whether a text has one."""
        return any(map(self.is_one, self.pattern.finditer(text)))

    def all_in(self, text: str) -> Iterator[re.Match[str]]:
        """Each that a text has."""
        return filter(self.is_one, self.pattern.finditer(text))


def kinds(text: str, known: tuple[Kind, ...]) -> list[str]:
    r"""The names of the kinds that a text has, in the order of the table.

    >>> even = Kind("even", re.compile(r"\d+"), lambda found: int(found[0]) % 2 == 0)
    >>> kinds("1, 2", (even,)), kinds("1, 3", (even,))
    (['even'], [])
    """
    return [kind.name for kind in known if kind.is_in(text)]


def kinds_in(texts: pl.Series, known: tuple[Kind, ...]) -> pl.Series:
    """The same of a column of texts, with commas between the names."""
    looks = [texts.str.contains(hint(kind.pattern)).arg_true() for kind in known]
    found: list[list[str]] = [[] for _ in range(len(texts))]
    for kind, rows in zip(known, looks, strict=True):
        for row, text in zip(rows, texts.gather(rows), strict=True):
            if kind.is_in(text):
                found[row].append(kind.name)
    return pl.Series([",".join(names) for names in found], dtype=pl.String)


@cache
def hint(pattern: re.Pattern[str]) -> str:
    r"""A pattern of polars that is found wherever this one is, and elsewhere, too.

    >>> hint(re.compile(r"(?<![\d.])([a-z]{2,9})\1\b(?!\w)", re.IGNORECASE))
    '(?i)(?:^|[^\\d.])([a-z]{2,})(?s:.*?)(?:\\W|$)'
    """
    flags = "(?i)" if pattern.flags & re.IGNORECASE else ""

    def spelt(found: re.Match[str]) -> str:
        match found.lastgroup, found[found.lastgroup or 0]:
            case "kept", text:
                return text
            case "least", text:
                return text + "}"
            case "again", _:
                return "(?s:.*?)"
            case "before", signs:
                return f"(?:^|{_others(signs)})"
            case "behind", signs:
                return f"(?:{_others(signs)}|$)"
        return ""

    return flags + _UNKNOWN.sub(spelt, pattern.pattern)


def _others(signs: str) -> str:
    return signs.upper() if signs.startswith("\\") else f"[^{signs[1:]}"


def before(found: re.Match[str]) -> str:
    """What stands before a find, up to `NEAR` characters."""
    return found.string[max(0, found.start() - NEAR) : found.start()]
