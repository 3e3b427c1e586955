"""Values in words: what a reason says of thresholds, measures and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from filters.text.shorten import shorten
from filters.text.visible import visible

HEX = re.compile(r"[0-9a-f]{32,64}")
"""A digest, or a commit: its first 12 digits are enough."""
MOST = 60
"""Characters of a value that are shown."""


def value(told: Any) -> str:
    """A value, short.

    >>> value(9012), value(0.123456), value(None), value("a  b"), value([1, 2])
    ('9,012', '0.123', 'none', 'a b', '1, 2')
    """
    match told:
        case None:
            return "none"
        case bool():
            return "true" if told else "false"
        case int():
            return f"{told:,}"
        case float():
            return f"{told:,.0f}" if abs(told) >= 1000 else f"{told:.3g}"
        case list() | tuple():
            return shorten(", ".join(map(value, told)), MOST)
        case Mapping():
            return shorten(", ".join(f"{name} {value(one)}" for name, one in told.items()), MOST)
        case _:
            return visible(shorten(" ".join(str(told).split()), MOST))


def values(column: pl.Series) -> pl.Series:
    """The values of a column, short."""
    if column.dtype == pl.String and column.n_unique() < column.len() // 2:
        known = column.unique()
        words = pl.Series([value(one) for one in known], dtype=pl.String)
        return column.replace_strict(known, words, return_dtype=pl.String)
    return pl.Series(column.name, [value(one) for one in column.to_list()], dtype=pl.String)


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Settings by their whole names.

    >>> flat({"a": 1, "b": {"c": 2}})
    {'a': 1, 'b.c': 2}
    """
    found: dict[str, Any] = {}
    for name, told in settings.items():
        if isinstance(told, Mapping) and told:
            found |= flat(told, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = None if told in ([], {}) else told
    return found


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """What two settings say otherwise, from the first to the second.

    >>> differences({"temperature": 0.6, "top_p": 0.9}, {"temperature": 0.7, "top_p": 0.9})
    ['temperature 0.6 → 0.7']
    """
    mine, theirs = flat(a), flat(b)
    names = dict.fromkeys([*mine, *theirs])
    return [
        turned(name, mine.get(name), theirs.get(name))
        for name in names
        if mine.get(name) != theirs.get(name)
    ]


def turned(name: str, was: Any, now: Any) -> str:
    """From one value to another; of long texts, where they begin to differ.

    >>> turned("top_p", 0.9, None)
    'top_p 0.9 → none'
    """
    was, now = (told[:12] if HEX.fullmatch(str(told)) else told for told in (was, now))
    if isinstance(was, str) and isinstance(now, str) and max(len(was), len(now)) > MOST:
        same = next((n for n, (x, y) in enumerate(zip(was, now, strict=False)) if x != y), 0)
        start = max(0, same - 10)
        was, now = (f"…{text[start : start + 40]}…" for text in (was, now))
    return f"{name} {value(was)} → {value(now)}"
