"""Samples that rules cannot tell apart: what is asked of a million is asked of some thousand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from factory.versions.grounds import COMPARED

if TYPE_CHECKING:
    import numpy as np

NULL = re.compile(r'col\("\w+"\)\.is_(?:not_)?null\(\)')
"""How polars writes that it asks whether there is a value."""
COLUMN = re.compile(r'col\("(\w+)"\)')
MOST = 2**62
"""Largest number of a row's kind."""
SPARSE = 4
"""Numbers are looked up one by one where there are no more than so many times the rows."""
FEW = 1 << 16
"""The same, however few rows there are."""


def alike(table: pl.DataFrame, rules: Sequence[pl.Expr]) -> tuple[np.ndarray, np.ndarray]:
    """By sample, the number of its kind; and of each kind the place of a sample.

    Samples of a kind are alike in all that these rules look at: a measure that they only compare
    with numbers is alike where it is between the same two of these.

    Args:
        rules: each looks at a sample alone.
    """
    names = dict.fromkeys(name for rule in rules for name in rule.meta.root_names())
    limits = _limits(rules)
    return kinds([_numbered(table[name], limits.get(name)) for name in names], table.height)


def kinds(columns: Iterable[np.ndarray], height: int) -> tuple[np.ndarray, np.ndarray]:
    """By row, the number of its kind, and the place of a row of each kind; rows of a kind have the
    same numbers in all columns, and kinds are in order of these.

    >>> import numpy as np
    >>> number, row = kinds([np.array([1, 0, 1]), np.array([7, 9, 7])], 3)
    >>> number.tolist(), row.tolist()
    ([1, 0, 1], [1, 2])
    """
    import numpy as np

    key, size = np.zeros(height, np.int64), 1
    for column in columns:
        own = int(column.max(initial=0)) + 1
        if size * own > MOST:
            key = np.unique(key, return_inverse=True)[1]
            size = int(key.max(initial=0)) + 1
        if own > 1:
            key *= own
            key += column
            size *= own
    if size > max(FEW, SPARSE * height):
        _, some, number = np.unique(key, return_index=True, return_inverse=True)
        return number, some
    at = np.full(size, -1, np.int64)
    at[key] = np.arange(height)
    there = np.flatnonzero(at >= 0)
    some = at[there]
    at[there] = np.arange(len(there))
    return at[key], some


def _limits(rules: Sequence[pl.Expr]) -> dict[str, list[float]]:
    """The columns that rules compare with numbers and ask nothing else of, and these numbers."""
    told = "\n".join(map(str, rules))
    found: dict[str, set[float]] = {}
    others = set(COLUMN.findall(NULL.sub("", COMPARED.sub("", told))))
    for match in COMPARED.finditer(told):
        try:
            found.setdefault(match["measure"], set()).add(float(match["value"]))
        except ValueError:  # a text, or yes and no
            others.add(match["measure"])
    return {name: sorted(values) for name, values in found.items() if name not in others}


def _numbered(column: pl.Series, limits: Sequence[float] | None) -> np.ndarray:
    """Small numbers, the same for values that are alike; 0 for null."""
    kind = column.dtype
    if isinstance(kind, pl.List):  # each that is not empty is like no other
        filled = (column.list.len() > 0).cast(pl.UInt32)
        return (filled * filled.cum_sum() + 1).fill_null(0).to_numpy()
    if kind == pl.String:
        column = column.cast(pl.Categorical).to_physical()
    elif limits and kind.is_numeric():
        return _between(column, limits)
    return column.rank("dense").fill_null(0).to_numpy()


def _between(column: pl.Series, limits: Sequence[float]) -> np.ndarray:
    """By value, between which two limits it is, or on which; from 1 on, 0 for null."""
    import numpy as np

    values = column.fill_null(0).to_numpy()
    ends = np.unique(np.array(limits, values.dtype if values.dtype.kind == "f" else float))
    ends = np.sort(
        np.concatenate([ends, np.nextafter(ends, np.inf)])
    )  # what is on one lies between
    found = np.searchsorted(ends, values, side="right").astype(np.uint16) + np.uint16(1)
    if column.null_count():
        found[column.is_null().to_numpy()] = 0
    return found
