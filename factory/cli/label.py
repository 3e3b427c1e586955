"""`factory label`: samples for a person to mark, and what marks say of filters and verifiers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from factory.audit.label.session import Session
    from factory.audit.subject import Subject


@click.command()
@click.argument("place", metavar="RUN|VERSION|hf://ORG/NAME")
@click.option(
    "--n", "count", type=click.IntRange(min=1), default=50, show_default=True, help="Rows drawn."
)
@click.option("--who", help="Your name, as in the name of a file [that of your login].")
@click.option("--questions", help="Only these questions, as right,language [all].")
@click.option("--report", is_flag=True, help="Print what the marks say; nothing is drawn.")
@click.option(
    "--import",
    "others",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A file of marks of somebody else, taken in.",
)
@click.option("--show", is_flag=True, help="Show what the program decided before the mark, too.")
@click.option(
    "--marks",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the marks [labels in the run].",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="[default: a free one]")
@click.option("--open", "browser", is_flag=True, help="Open the address in your browser.")
def label(
    place: str,
    count: int,
    who: str | None,
    questions: str | None,
    report: bool,
    others: tuple[Path, ...],
    show: bool,
    marks: Path | None,
    port: int,
    browser: bool,
) -> None:
    """Mark samples of PLACE in the browser, by keyboard: how far can its filters be trusted?

    Rows are drawn by lot: kept and removed ones of every rule, right and wrong verdicts of each
    verifier, contamination pairs, near-duplicates, doubtful keys. What the program decided is not
    shown before you have marked. Stop whenever you like; the same command goes on.

    \b
    Examples:
      factory label runs/quickstart --n 50
      factory label runs/quickstart --questions right,contamination --who ann
      factory label runs/quickstart --import ben.jsonl --report
    """
    from factory.audit.label.marks import import_file
    from factory.audit.label.report import tables, trust_of
    from factory.audit.label.site import Pages
    from factory.audit.serve import serve
    from factory.audit.subject.place import subject_at
    from factory.progress import terminal

    console, subject = terminal(), subject_at(place)
    folder = _folder(subject.run.labels if subject.run else None, marks, place)
    for file in others:
        for name, lines in import_file(file, folder).items():
            console.print(f"{file}: {lines:,} new lines of {name}", markup=False)
    if report:
        for part in tables(trust_of(subject, folder)):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
    elif not others:
        with _begun(subject, count, folder, who, questions) as begun:
            begun.show = show
            told = f"{begun.done():,} of {len(begun.cards):,} are marked, in {begun.writer.file}"
            console.print(told, markup=False, soft_wrap=True)
            site = Pages(begun, subject.name).site()
            serve(site, partial(console.print, markup=False, soft_wrap=True), port, browser)


def _folder(of_run: Path | None, marks: Path | None, place: str) -> Path:
    """The folder of the marks.

    Raises:
        StageError: nobody said which, and there is no run that has one.
    """
    from factory.errors import StageError

    folder = marks or of_run
    if folder is None:
        raise StageError(
            f"{place}: no run, and a version's folder stays as it is. Say where marks are kept: "
            "--marks FOLDER"
        )
    return folder


@contextmanager
def _begun(
    subject: Subject, count: int, folder: Path, who: str | None, only: str | None
) -> Iterator[Session]:
    """The rows that are drawn for a person; says what is not asked, and why.

    Raises:
        StageError: there is nothing to mark.
        RunInUse: somebody marks under this name now.
    """
    import getpass

    from factory.audit.label.questions import questions
    from factory.audit.label.session import session
    from factory.errors import StageError
    from factory.progress import terminal

    names = [name.strip() for name in (only or "").split(",") if name.strip()]
    asked, lacks = questions(subject, names)
    for name, why in lacks.items():
        terminal().print(f"{name} is not asked: {why}", markup=False, soft_wrap=True)
    begun, carried = session(subject, asked, count, folder, who or getpass.getuser())
    try:
        if not begun.cards:
            raise StageError(f"{subject.place}: nothing to mark, no row can be asked of")
        if carried:
            terminal().print(f"{carried:,} of your marks are taken over from other rules")
        yield begun
    finally:
        begun.writer.close()
