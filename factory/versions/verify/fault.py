"""What is wrong with a version: a line each with file, row, what was expected and was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

SHOWN = 20
"""Faults of one kind in one file that are told one by one."""


class Fault(NamedTuple):
    """One thing that is not as the version says."""

    file: str
    """Path in the version."""
    row: str
    """Which rows, in words; empty where it is no matter of rows."""
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.row}" if self.row else self.file
        return f"{where}: expected {self.expected}, found {self.found}"


def row(place: int, sample_id: str | None) -> str:
    """A row in words: its place in its file, from 0, and its id."""
    return f"row {place} ({sample_id})"


def rows(start: int, ids: Sequence[str]) -> str:
    """Rows that follow each other, in words: places in their file, from 0, and ids."""
    if len(ids) == 1:
        return row(start, ids[0])
    return f"rows {start} to {start + len(ids) - 1} ({ids[0]} to {ids[-1]})"


def some(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The first faults of one kind, and how many more there are."""
    more, last = 0, None
    for number, fault in enumerate(faults):
        if number < SHOWN:
            yield fault
        else:
            more, last = more + 1, fault
    if last:
        yield last._replace(row=f"{more:,} more rows", found="the same kind of fault")
