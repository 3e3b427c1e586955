"""Rows of local files: each with its place, a bad one by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factory.errors import RecipeError
from factory.prompts import arrow_files, json_files, tables
from factory.prompts.rows import Opened
from factory.prompts.text_files import TextFile
from factory.recipe.paths import files, kind, shown
from factory.recipe.sources import Files


def opened(base: Path, source: Files, wanted: Sequence[str]) -> list[Opened]:
    """Every file of a source, in the order of the recipe, those of a pattern by their names.

    Args:
        base: folder that relative paths start from.
        source: the source.
        wanted: columns to read, with dots where they lead inside.

    Raises:
        RecipeError: a file is not there, or is not what its name says.
    """
    found: dict[Path, str] = {}
    for name in source.paths:
        try:
            paths = files(base, name)
        except ValueError as wrong:
            raise RecipeError(str(wrong)) from None
        for path in paths:
            itself = path == base / Path(name).expanduser()
            found.setdefault(path, name if itself else shown(path, base))
    told = (wanted, source.encoding, source.field)
    return [one(path, name, *told) for path, name in found.items()]


def one(
    path: Path,
    name: str,
    wanted: Sequence[str] = (),
    encoding: str | None = None,
    field: str | None = None,
) -> Opened:
    """One file, or one folder that `save_to_disk` wrote."""
    file = TextFile(path, name, encoding)
    match kind(path)[0]:
        case "json lines":
            return json_files.opened(file, field, by_line=True)
        case "json":
            return json_files.opened(file, field, by_line=False)
        case "csv":
            return tables.opened(file, wanted)
        case "tsv":
            return tables.opened(file, wanted, ("\t",))
        case "parquet":
            return arrow_files.parquet(path, name, wanted)
        case "arrow":
            return arrow_files.arrow([path], name, wanted)
    return arrow_files.saved(path, name, wanted)
