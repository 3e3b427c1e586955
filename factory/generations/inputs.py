"""The tables that a command is given: opened once to see their columns, then read to their end."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from factory.errors import RecipeError
from factory.prompts import hub
from factory.prompts.files import one
from factory.prompts.rows import Cells, Opened
from factory.prompts.text_files import TextFile
from factory.recipe.mapping import Mapping
from factory.recipe.paths import files, kind, shown
from factory.recipe.sources import Hub
from factory.records import digest

ON_HUB = re.compile(r"(?:hf://datasets/|https://huggingface\.co/datasets/)?([\w.-]+/[\w.-]+)/?")
FIRST = 5
"""Rows that are looked at before any column is known."""
BLOCK = 2**24
"""Bytes read at once where lines are counted."""


@dataclass(frozen=True)
class Choice:
    """What a command says of where rows are: the keys of a source."""

    config: str | None = None
    split: str = "train"
    revision: str | None = None
    field: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Table:
    """A file, a saved folder, or a dataset on the Hub."""

    name: str
    """As it was named; messages and ids begin with it."""
    path: Path | None
    """None on the Hub."""
    choice: Choice

    def opened(self, columns: Sequence[str] = ()) -> Opened:
        """The table, of which these columns will be read, with dots where they lead inside.

        Raises:
            RecipeError: it cannot be read.
            StageError: the Hub cannot be reached.
        """
        if self.path is not None:
            return one(self.path, self.name, columns, self.choice.encoding, self.choice.field)
        return hub.opened(Path(), self.source, columns)

    @property
    def source(self) -> Hub:
        """The source that a recipe would name."""
        told = {"config": self.choice.config, "revision": self.choice.revision}
        split, any_ = self.choice.split, Mapping(question="question")  # nobody reads by it
        return Hub(source="hub", dataset=self.name, split=split, columns=any_, **told)

    @cached_property
    def identity(self) -> list[Any]:
        """What another content would change: size and time of change; on the Hub the commit."""
        if self.path is None:
            return [self.name, self.choice.config, self.choice.split, _commit(self.source)]
        inside = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
        stats = [(file.name, file.stat()) for file in inside if file.is_file()]
        told = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
        return [str(self.path.absolute()), self.choice.field, self.choice.encoding, *told]

    def count(self) -> int:
        """How many rows there are, for the progress: of texts the lines; 0 where nobody knows."""
        if self.path is None or self.path.is_dir():
            return 0
        if kind(self.path)[0] == "parquet":
            import pyarrow.parquet as pq

            return pq.read_metadata(self.path).num_rows
        if kind(self.path)[0] != "json lines":
            return 0
        with TextFile(self.path, self.name).unpacked() as stream:
            return sum(block.count(b"\n") for block in iter(lambda: stream.read(BLOCK), b""))


def tables(named: Sequence[str], choice: Choice) -> list[Table]:
    """The tables that DATA stands for: files, patterns, folders, or datasets on the Hub.

    Raises:
        RecipeError: one of them is not there.
    """
    found: dict[str, Table] = {}
    for name in named:
        on_hub = ON_HUB.fullmatch(name)
        is_path = Path(name).expanduser().exists() or any(sign in name for sign in "*?[")
        if on_hub and not is_path and not kind(Path(name))[0]:
            found.setdefault(on_hub[1], Table(on_hub[1], None, choice))
            continue
        try:
            paths = files(Path(), name)
        except ValueError as wrong:
            raise RecipeError(str(wrong)) from None
        for path in paths:
            found.setdefault(str(path.absolute()), Table(shown(path, Path()), path, choice))
    return _shortly_named(list(found.values()))


def _shortly_named(found: list[Table]) -> list[Table]:
    """Files named from the folder on that they share: their names begin every id."""
    parents = [str(table.path.absolute().parent) for table in found if table.path is not None]
    shared = os.path.commonpath(parents) if parents else ""
    return [
        table
        if table.path is None
        else replace(table, name=str(table.path.absolute().relative_to(shared)))
        for table in found
    ]


def columns_of(opened: Sequence[Opened]) -> list[str]:
    """All columns that some table has. Raises RecipeError where there is none."""
    columns = list(dict.fromkeys(column for table in opened for column in table.columns))
    if not columns:
        names = ", ".join(table.name for table in opened)
        raise RecipeError(f"{names}: there is no row in it")
    return columns


def first_rows(found: Sequence[Table], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Some rows with all of their columns, to see what is in these."""
    some = islice(rows(found, columns), FIRST)
    return [cells for _, _, _, cells in some if isinstance(cells, dict)]


def identity(found: Sequence[Table]) -> str:
    """Digest of what the tables are; another one where a file was changed."""
    return digest([table.identity for table in found])


def rows(found: Sequence[Table], columns: Sequence[str]) -> Iterator[tuple[int, int, str, Any]]:
    """All rows in order: number of the table, of the row in it, the row's place, its cells."""
    for number, table in enumerate(found):
        opened: Cells = table.opened(columns).rows()
        for row, (place, cells) in enumerate(opened):
            yield number, row, place, cells


def _commit(source: Hub) -> str | None:
    """The commit that the Hub has now; None without a network, where the cache is what counts."""
    from huggingface_hub import HfApi

    if source.folder(Path()) is not None:
        return None
    try:
        return HfApi().dataset_info(source.dataset, revision=source.revision).sha
    except Exception:
        return source.revision
