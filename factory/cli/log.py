"""`factory log`: the line of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from factory.versions.history import Known, Step


@click.command()
@click.argument("place", metavar="RUN|DIR|hf://ORG/NAME")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a list of versions.")
def log(place: str, as_json: bool) -> None:
    """The versions of a run, a folder or a repository on the Hub, the newest first.

    Of each its name and number, when it was made, its rows and their digest; how many rows came and
    went since the version whose place it took, and by which change; where it was published.

    \b
    Examples:
      factory log runs/quickstart
      factory log hf://my-org/traces --json
    """
    import json

    from factory.progress import terminal
    from factory.versions.history import line

    steps = line(_versions(place))
    if as_json:
        click.echo(json.dumps([step.model_dump() for step in steps], indent=1))
        return
    console = terminal()
    for step in steps:
        for words in _words(step):
            console.print(words, markup=False, soft_wrap=True)


def _versions(place: str) -> list[Known]:
    """The versions that a place has."""
    from pathlib import Path

    from factory.errors import StageError
    from factory.hub.place import on_the_hub
    from factory.run_folder import RunFolder
    from factory.versions.history import home_of, in_folder

    if on_the_hub(place):
        from factory.hub.versions_at import versions_at

        return versions_at(place)
    folder = Path(place)
    run = RunFolder(folder)
    home = run.stage("dataset") if run.versions() else home_of(folder)
    if home is None:
        raise StageError(f"{place}: neither a run nor a folder of dataset versions")
    return in_folder(home, RunFolder(home.parent).current_version())


def _words(step: Step) -> list[str]:
    """A version in words: a line, and what came and went."""
    name = step.name + (f" (v{step.number})" if step.version and step.number else "")
    told = f"{name}  {step.created}  {step.rows:,} rows  sha256 {step.digest[:12]}"
    marks = [*(["current"] if step.current else []), *step.published]
    if step.tests_failed:
        marks.append(f"{step.tests_failed} tests do not hold")
    lines = [told + (f"  [{', '.join(marks)}]" if marks else "")]
    if step.parent:
        lines.append(f"    since {step.parent}: {_moved(step)}")
    return lines


def _moved(step: Step) -> str:
    if step.added is None:
        return "not at hand"
    changed = f" ~ {step.changed:,}" if step.changed else ""
    by = f", by {', '.join(step.by)}" if step.by else ""
    return f"+ {step.added:,} - {step.removed:,}{changed} rows{by}"
