"""Rows of every source, each as what it gives a prompt, or why it gives none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from factory.errors import RecipeError, nearest
from factory.prompts import files, gym, hub
from factory.prompts.drafts import Drafts, draft
from factory.prompts.rows import BadRow, Cells, Opened, cell, fields, head, root
from factory.recipe.mapping import Mapping
from factory.recipe.sources import Files, ReasoningGym, Source


def read(source: Source, seed: int, base: Path) -> Drafts:
    """Checks what can be checked before the first row, then gives the rows.

    Args:
        source: a source of the recipe.
        seed: the recipe's seed, which generators start from.
        base: folder that relative paths start from.

    Raises:
        RecipeError: a file, column, task or dataset is not there, or cannot be used.
        StageError: the Hub cannot be reached.
    """
    if isinstance(source, ReasoningGym):
        return gym.generate(source, seed)
    mapping = source.mapping()
    if isinstance(source, Files):
        tables = files.opened(base, source, mapping.columns())
    else:
        tables = [hub.opened(base, source, mapping.columns())]
    for table in tables:
        _check_columns(table, tables, mapping)
    rows = chain.from_iterable(table.rows() for table in tables)
    return _mapped(rows, mapping, source.verifier)


def _mapped(rows: Cells, mapping: Mapping, verifier: str) -> Drafts:
    for place, cells in rows:
        try:
            yield place, cells if isinstance(cells, BadRow) else draft(mapping, cells, verifier)
        except BadRow as bad:
            yield place, bad


def _check_columns(table: Opened, tables: Sequence[Opened], mapping: Mapping) -> None:
    if not table.columns:
        return  # an empty file
    first = head(table) if any("." in column for column in mapping.columns()) else []
    for column in mapping.columns():
        outer = root(column, table.columns)
        if outer not in table.columns and not (not table.all_columns and _later(table, outer)):
            hint, known = _hint(outer, table.columns), ", ".join(table.columns)
            others = [other.name for other in tables if outer in other.columns]
            also = f" {others[0]} has it." if others else ""
            raise RecipeError(
                f"{table.name}: no column {outer!r}{hint or '.'}{also} Columns: {known}"
            )
        if column != outer and first:
            _check_inside(table, column, outer, first)
        if outer in table.binary and column in mapping.keep:
            why = "bytes, as pictures are, and what is kept becomes JSON"
            raise RecipeError(f"{table.name}: keep: column {column!r} has {why}: leave it out")


def _hint(column: str, columns: Sequence[str]) -> str:
    """The column that may be meant: one that differs in case or blanks, or the nearest."""
    same = [known for known in columns if known.strip().lower() == column.strip().lower()]
    return f"; did you mean {same[0]!r}?" if same else nearest(column, columns)


def _later(table: Opened, column: str) -> bool:
    """Whether a row further on has a column that the first rows lack."""
    return any(isinstance(cells, dict) and column in cells for _, cells in table.rows())


def _check_inside(table: Opened, column: str, outer: str, first: Sequence[dict]) -> None:
    """Whether dots lead anywhere in at least one row."""
    filled = [cells for cells in first if cell(cells, outer) is not None]
    if not filled or any(cell(cells, column) is not None for cells in filled):
        return
    inner = column.removeprefix(f"{outer}.").partition(".")[0]
    there = dict.fromkeys(name for cells in filled for name in fields(cells[outer]))
    if inner in there:
        return  # it is there, and empty
    rows = table.rows()
    if any(isinstance(cells, dict) and cell(cells, column) is not None for _, cells in rows):
        return
    inside = f"; it has {', '.join(there)}" if there else "; it is no object"
    hint = _hint(inner, list(there))
    raise RecipeError(f"{table.name}: no {inner!r} inside column {outer!r}{hint}{inside}")
