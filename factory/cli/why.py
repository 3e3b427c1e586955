"""`factory why`: one sample's whole story."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factory.cli.table_options import measuring, of_anything

if TYPE_CHECKING:
    from rich.console import Console

    from factory.audit.reading import Row

CHARACTERS = 12_000
"""Characters of question and reply that are shown, unless all are wanted."""


@click.command()
@click.argument("sample_id")
@of_anything
@click.option("--all", "whole", is_flag=True, help="Question and reply whole, however long.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, texts whole.")
def why(
    sample_id: str,
    places: tuple[str, ...],
    recipe: Path | None,
    whole: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Tell one sample's whole story: why it was kept or dropped.

    From its prompt over how it was drawn and judged, what each rule measured and wanted, which
    other draws were chosen, the versions that it is in, to the tokens that a student learned. Its
    texts stand last; what a reason goes by is marked in them. SAMPLE_ID is an id, or so much of one
    that no other begins so. PLACES and their options are as for `factory audit`.

    \b
    Examples:
      factory why 7f3a runs/quickstart
      factory why 7f3a91 hf://my-org/traces@1.2.0 --all
      factory why traces.jsonl:41 traces.jsonl --language en
    """
    from factory.audit.reading.rows import shortened
    from factory.audit.subject.place import subject_at
    from factory.audit.why import story
    from factory.audit.why.shown import shown
    from factory.progress import terminal
    from filters.text.visible import as_json as to_json

    subject = subject_at(places, measuring(recipe, options))
    told = story(subject, sample_id)
    if as_json:
        click.echo(to_json(told.document()))
        return
    console = terminal()
    for line in shown(told):
        console.print(line, soft_wrap=True)
    _texts(console, told.row if whole else shortened(told.row, CHARACTERS, subject.command))


def _texts(console: Console, row: Row) -> None:
    """Question and reply, each with its passages below."""
    from factory.audit.why.shown import text_of

    number = 1
    for where, name, text in (("question", "question", row.question), ("text", "reply", row.text)):
        if text is None:
            continue
        own = [one for one in row.passages if one.where == where]
        marked, notes = text_of(text, own, row.gaps[where], number)
        number += len(own)
        console.print(f"\n{name}", style="bold")
        console.print(marked, soft_wrap=True)
        for note in notes:
            console.print(note, soft_wrap=True)
