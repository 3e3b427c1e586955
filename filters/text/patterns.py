"""Kinds of text found by a pattern, and what tells whether a find is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

NEAR = 40
"""Characters before a number in which a word says what it is."""


class Kind(NamedTuple):
    """One kind of what should not be told."""

    name: str
    pattern: re.Pattern[str]
    is_one: Callable[[re.Match[str]], bool] = lambda found: True
    """Whether what looks like one is one."""


def kinds(text: str, known: tuple[Kind, ...]) -> list[str]:
    """The names of the kinds that a text has, in the order of the table.

    >>> even = Kind("even", re.compile(r"\d+"), lambda found: int(found[0]) % 2 == 0)
    >>> kinds("1, 2", (even,)), kinds("1, 3", (even,))
    (['even'], [])
    """
    return [k.name for k in known if any(k.is_one(found) for found in k.pattern.finditer(text))]


def before(found: re.Match[str]) -> str:
    """What stands before a find, up to `NEAR` characters."""
    return found.string[max(0, found.start() - NEAR) : found.start()]
