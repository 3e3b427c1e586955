"""`factory browse`: all rows, in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from factory.cli.table_options import measuring, of_anything


@click.command()
@of_anything
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of 127.0.0.1 [a free one].")
@click.option("--open", "browser", is_flag=True, help="Open the address in your browser.")
def browse(
    places: tuple[str, ...], recipe: Path | None, port: int, browser: bool, **options: Any
) -> None:
    """Read all rows of a PLACE in a browser: page by page, by value, by measure, by what they say.

    A PLACE is a run, a version's folder, RUN@2, hf://ORG/NAME@REVISION, or data, as `factory audit`
    takes it. The rows are served to this machine alone (127.0.0.1), at an address that nobody can
    guess, until Ctrl-C. From another machine, reach it through `ssh -L`.

    \b
    Examples:
      factory browse runs/quickstart --open
      factory browse hf://my-org/traces@1.2.0
      factory browse traces.jsonl --language en --recipe rules.yaml
    """
    from factory.audit.browse import site_of
    from factory.audit.serve import serve
    from factory.audit.subject.place import subject_at
    from factory.progress import terminal

    subject = subject_at(places, measuring(recipe, options))
    console = terminal()

    def say(address: str) -> None:
        rows = f"{subject.name}: {subject.samples.height:,} rows"
        for words in (rows, address, "Ctrl-C ends it"):
            console.print(words, markup=False, soft_wrap=True)

    serve(site_of(subject), say, port, browser)
