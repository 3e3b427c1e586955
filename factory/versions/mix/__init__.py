"""Several versions and datasets into one version, of which each row says where it came from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.prompts.benchmarks import ITEM, collect
from factory.recipe.mix import Mix
from factory.versions.folder import versions_in
from factory.versions.manifest import Manifest
from factory.versions.mix.choosing import decided
from factory.versions.mix.columns import Columns, common
from factory.versions.mix.describing import describe, made_by
from factory.versions.mix.parts import Read, pieces, read
from factory.versions.splits import by_prompt, some_to_train_on
from factory.versions.write import write

READING = "reading"
"""The folder for rows of anybody's tables, in our columns; gone at the end."""


def mix(told: Mix, home: Path, into: Path, say: Callable[[str], None]) -> tuple[Path, Manifest]:
    """Make the version that a mix file asks for, or find the one that is there already.

    Rows are read piece by piece, twice: once to choose among them, once to write them. Memory
    holds ids and what choosing goes by, some hundred bytes a row.

    Args:
        told: the mix file.
        home: folder that its relative paths start from.
        into: folder of the mix's versions: v1, v2, …
        say: is told what was found, and where there were fewer rows than asked for.

    Raises:
        RecipeError: a part is not there, or no column of it is known.
        StageError: a part is not what its manifest says, or no row is left.
    """
    scratch = into / READING
    shutil.rmtree(scratch, ignore_errors=True)  # left by a crash
    scratch.mkdir(parents=True)
    try:
        parts = [read(part, home, scratch / part.name, say) for part in told.parts]
        items = _benchmarks(told, home)
        fates = decided(told, parts, items, scratch, say)
        chosen = fates.filter(fate="chosen")
        if chosen.is_empty():
            raise StageError(f"mix {told.name}: no row is left of {fates.height:,}")
        split = by_prompt(told.splits)
        some_to_train_on(chosen, split)
        columns = common([part.schema for part in parts])
        for words in columns.clashes:
            say(words)
        return write(
            into,
            lambda _: _rows(parts, chosen, columns),
            made_by(told, parts, items),
            partial(describe, told, parts, items, fates, columns),
            parent=max(versions_in(into).items(), default=(0, None))[1],
            split=split,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _benchmarks(told: Mix, home: Path) -> pl.DataFrame:
    """The questions that no row may have, named without folders of this machine."""
    if not told.benchmarks:
        return pl.DataFrame(schema=ITEM)
    items, _ = collect(told.benchmarks, home)
    return items.with_columns(pl.col("place").str.replace(r"^.*/", ""))


def _rows(parts: list[Read], chosen: pl.DataFrame, columns: Columns) -> Iterator[pl.DataFrame]:
    """The chosen rows, part by part, each part in its own order."""
    for part in parts:
        own = chosen.filter(part=part.part.name)["place"].to_numpy()
        start: Any = 0
        for rows in pieces(part):
            first, last = own.searchsorted([start, start + rows.height])
            taken = rows[own[first:last] - start]
            start += rows.height
            if taken.height:
                yield columns.of(part.named(taken))
