"""`factory diff`: two dataset versions, and the reason of each row that is different."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from factory.versions.diff import Side
    from factory.versions.diff.told import Upload

DIFFERENT, UNEXPLAINED = 1, 3
"""Exit codes."""
UNASKED_BYTES = 2 * 10**9
"""Files of both versions up to which the upload is measured unasked: they are copied for it."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Rows shown, some of every reason.",
)
@click.option(
    "--details",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A Parquet file for all rows that are different, in Delta's words for changes.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document in place of text.")
@click.option(
    "--bytes/--no-bytes",
    "measure",
    default=None,
    help="Measure what a re-publish uploads: it copies both versions [up to 2 GB of them].",
)
def diff(
    a: str, b: str, rows: int, details: Path | None, as_json: bool, measure: bool | None
) -> None:
    """What is different between the dataset versions A and B, with the reason of every row.

    Each is a version's folder, a run (its current version), RUN@2 (its version 2), or a dataset on
    the Hub, hf://ORG/NAME@REVISION, of which only what is needed is fetched. Rows are paired by
    question, so another answer is told from another question.

    \b
    Exit code:
      0  all rows are the same
      1  some are different, each for a known reason; or it could not end
      2  an argument is wrong
      3  some are different for no reason that the versions tell

    \b
    Examples:
      factory diff runs/quickstart@1 runs/quickstart
      factory diff hf://org/name@1.0.0 runs/quickstart --details changes.parquet
    """
    import sys

    from rich.text import Text

    from factory.progress import terminal
    from factory.versions.diff import difference
    from factory.versions.diff.shown import shown
    from factory.versions.diff.told import document, write_details
    from filters.text.visible import as_json as to_json

    found = difference(_side(a), _side(b))
    told = document(found, _upload(found.a, found.b, measure), rows)
    if details:
        write_details(found, details)
    if as_json:
        click.echo(to_json(told))
    else:
        console = terminal()
        for part in shown(found, told):
            line = isinstance(part, Text) and not console.is_terminal
            console.print(part, markup=False, soft_wrap=line)
    if not found.same:
        sys.exit(UNEXPLAINED if found.recorded and told["unexplained"] else DIFFERENT)


def _side(place: str) -> Side:
    """The version that a word of the command line names.

    Raises:
        StageError: there is none.
    """
    from factory.hub.place import local, on_the_hub
    from factory.versions.diff import Side
    from factory.versions.diff.side import FIRST

    if on_the_hub(place):
        return Side(local(place, FIRST), place, partial(local, place))
    folder = _of_run(place)
    return Side(folder, place if folder == Path(place) else f"{place} ({folder.name})")


def _of_run(place: str) -> Path:
    """A version of a run, or the folder that is named."""
    from factory.hub.which import version_folder
    from factory.run_folder import RunFolder
    from factory.versions.folder import manifest_of

    folder, run = Path(place), RunFolder(Path(place))
    theirs = folder.is_dir() and not manifest_of(folder).exists()
    if theirs and not (run.noted_recipe.exists() or run.current_version_note.exists()):
        return folder
    return version_folder(place)


def _upload(a: Side, b: Side, measure: bool | None) -> Upload | None:
    """What a re-publish uploads; None where it is not measured."""
    import tempfile

    from factory.hub.new_bytes import new_bytes

    if measure is False or (measure is None and not _both_here(a, b)):
        return None
    for side in (a, b):
        side.fetch(["**"])
    before, after = (_files(side) for side in (a, b))
    if measure is None and sum(file.stat().st_size for file in before + after) > UNASKED_BYTES:
        return None
    return new_bytes(before, after, Path(tempfile.gettempdir()))


def _files(side: Side) -> list[Path]:
    there = (file for file in side.folder.rglob("*") if file.is_file() and file.stat().st_size)
    return sorted(there)


def _both_here(a: Side, b: Side) -> bool:
    return not any(side.name.startswith("hf://") for side in (a, b))
