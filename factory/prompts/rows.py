"""Rows of any source: cells by column, with their place, or why they cannot be read."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from factory.errors import RecipeError
from filters.text.shorten import shorten

PEEK = 100  # rows that a file is known by; a column that none of them has is looked for further on


class BadRow(Exception):
    """A row that cannot become a prompt: a reason to count by, a sentence for people."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail  # `vars` of it are a row of the table set aside


Row = TypeVar("Row")
Cells = Iterator[tuple[str, "dict[str, Any] | BadRow"]]
"""Rows as (place, cells by column, or why they cannot be read)."""


@dataclass(frozen=True)
class Opened:
    """A file or dataset whose rows can be read, from the top each time."""

    name: str
    """As the recipe writes it."""
    columns: list[str]
    """Its columns; those of its first rows, where each row names its own."""
    rows: Callable[[], Cells]
    all_columns: bool = True
    """Whether it has no other columns."""
    binary: Sequence[str] = ()
    """Columns of pictures, sounds and other bytes."""
    seek: Callable[[Sequence[int]], Cells] | None = None
    """Some rows by their numbers, which count from 0 and ascend, without reading all others; None
    where the form of the file knows no such way."""

    def at(self, numbers: Sequence[int]) -> Cells:
        """Some rows by their numbers, which count from 0 and ascend, each once."""
        return self.seek(numbers) if self.seek else picked(self.rows(), numbers)


def picked(rows: Iterator[Row], numbers: Sequence[int]) -> Iterator[Row]:
    """Those of some rows that have these numbers; what comes behind the last is not read.

    >>> list(picked(iter("abcd"), [0, 2]))
    ['a', 'c']
    """
    wanted = iter(numbers)
    next_one = next(wanted, None)
    for number, row in enumerate(rows):
        if number == next_one:
            yield row
            next_one = next(wanted, None)
        if next_one is None:
            return


def head(opened: Opened) -> list[dict[str, Any]]:
    """The first rows that can be read."""
    rows = islice(opened.rows(), PEEK)
    return [cells for _, cells in rows if not isinstance(cells, BadRow)]


def named_by_rows(
    name: str,
    rows: Callable[[], Cells],
    seek: Callable[[Sequence[int]], Cells] | None = None,
) -> Opened:
    """What its own first rows say the columns are."""
    columns, seen = dict[str, None](), 0
    for _, cells in islice(rows(), PEEK):  # one at a time: a row may be large
        seen += 1
        columns |= dict.fromkeys(cells if isinstance(cells, dict) else ())
    return Opened(name, list(columns), rows, all_columns=seen < PEEK, seek=seek)


def cell(cells: dict[str, Any], column: str) -> Any:
    """The value at a column, or at a place inside one; None where there is none.

    A column of just that name comes first. Else dots lead inside: to a field of an object, by
    number to an entry of a list, through JSON text too. Tables write NaN for a missing number.

    >>> cell({"reward_model": {"ground_truth": "5"}}, "reward_model.ground_truth")
    '5'
    >>> cell({"answers": '["5", "6"]'}, "answers.1"), cell({"a.b": 1, "a": {"b": 2}}, "a.b")
    ('6', 1)
    """
    if column in cells:
        return _known(cells[column])
    first, *rest = column.split(".")
    value = cells.get(first)
    for step in rest:
        value = _inside(value, step)
    return _known(value)


def root(column: str, columns: Sequence[str]) -> str:
    """The column of the table that a name leads into."""
    return column if column in columns else column.partition(".")[0]


def roots(wanted: Sequence[str], columns: Sequence[str], place: str) -> list[str]:
    """The columns of the table that names lead into, each once; some may not be there.

    Raises:
        RecipeError: one of them is there twice, at this place.
    """
    found = list(dict.fromkeys(root(column, columns) for column in wanted))
    for column in found:
        if (count := columns.count(column)) > 1:
            raise RecipeError(f"{place}: {count} columns are called {column!r}: rename one")
    return found


def fields(value: Any) -> list[str]:
    """What a value has inside, by the names that lead there."""
    value = literal(value)
    if isinstance(value, dict):
        return list(map(str, value))
    return [str(number) for number in range(len(value))] if isinstance(value, list) else []


def literal(text: Any) -> Any:
    """Lists and objects that were written into a cell as JSON, or as Python prints them.

    >>> literal('[{"a": 1}]'), literal("['46']"), literal("{x}"), literal("[1, 2")
    ([{'a': 1}], ['46'], '{x}', '[1, 2')
    """
    if not isinstance(text, str) or text.lstrip()[:1] not in ("[", "{"):
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return value if isinstance(value, list | dict) else text
    return text


def short(value: Any) -> str:
    """A value in a message."""
    return shorten("empty" if value is None or value == "" else repr(value), 60)


def _inside(value: Any, step: str) -> Any:
    value = literal(value)
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None


def _known(value: Any) -> Any:
    if isinstance(value, bytes):
        try:  # some programs do not mark the text in their Parquet files as such
            return value.decode()
        except UnicodeDecodeError:
            return value
    return None if isinstance(value, float) and math.isnan(value) else value
