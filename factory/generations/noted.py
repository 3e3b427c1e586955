"""What stands in a file of results about itself: its rules, and where its texts are read again."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from factory.generations.inputs import Choice, Table
from factory.generations.parts import Work
from factory.generations.samples import Told
from factory.recipe.layout import Layout
from factory.recipe.strict import Strict

KEY = b"factory.generations"
"""The note's name in the metadata of a Parquet file."""


class Input(Strict):
    """A table that was measured."""

    name: str
    """Begins the places of its samples."""
    path: str | None = None
    """From the folder of the results on; None on the Hub."""
    state: list[tuple[str, int, int]] = Field(default_factory=list)
    """Name, bytes and time of change of its files, in nanoseconds."""


class Note(Strict):
    """How results were made, as far as reading them asks for it."""

    filters: dict[str, Any]
    """The rules, as a recipe has them."""
    columns: dict[str, Any]
    """Which columns hold what."""
    told: dict[str, Any]
    """What the command said of all rows."""
    choice: dict[str, Any]
    """What it said of where rows are."""
    inputs: list[Input]
    rows: int | None = None
    """Rows that were read at most."""

    def told_of_rows(self) -> Told:
        """What holds for all rows."""
        lists = {name: tuple(self.told[name]) for name in ("instructions", "unsaid")}
        own: dict[str, Any] = {**self.told, **lists}
        return Told(Layout.model_validate(self.columns), **own)

    def tables(self, home: Path) -> list[Table] | None:
        """The tables, or None where one is not there, or not as it was.

        Args:
            home: the folder of the results.
        """
        choice, found = Choice(**self.choice), []
        for one in self.inputs:
            path = None if one.path is None else Path(os.path.normpath(home / one.path))
            if path is not None and _state(path) != one.state:
                return None
            found.append(Table(one.name, path, choice))
        return found


def note(work: Work, home: Path) -> bytes:
    """The note of what was measured, for results in a folder."""
    layout = work.told.layout.model_dump(mode="json")
    told: dict[str, Any] = asdict(work.told)
    del told["layout"]
    return (
        Note(
            filters=work.filters.model_dump(mode="json", exclude_none=True),
            columns={key: value for key, value in layout.items() if value},
            told=told,
            choice=asdict(work.tables[0].choice),
            inputs=[_input(table, home) for table in work.tables],
            rows=work.rows,
        )
        .model_dump_json(exclude_none=True)
        .encode()
    )


def note_in(file: Path) -> Note | None:
    """The note that a file of results has; None where it has none that can be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        told = (pq.read_schema(file).metadata or {}).get(KEY)
        return None if told is None else Note.model_validate_json(told)
    except (pa.ArrowException, OSError, ValidationError):
        return None


def _input(table: Table, home: Path) -> Input:
    if table.path is None:
        return Input(name=table.name)
    path = os.path.relpath(table.path.absolute(), home.absolute())
    return Input(name=table.name, path=path, state=_state(table.path))


def _state(path: Path) -> list[tuple[str, int, int]]:
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    stats = [(file.name, file.stat()) for file in inside if file.is_file()]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
