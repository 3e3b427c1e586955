"""`factory students`: what each student would see of a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@click.argument("version", metavar="VERSION|RUN|hf://ORG/NAME@TAG")
@click.option(
    "--model", "models", multiple=True, metavar="PATH",
    help="A model's folder or name on the Hub; left out: those that the recipe names.",
)  # fmt: skip
@click.option("--context", type=click.IntRange(64), help="Tokens of the longest row they take.")
@click.option("--json", "as_json", is_flag=True, help="All that was counted, as JSON.")
@click.pass_context
def students(
    ctx: click.Context, version: str, models: tuple[str, ...], context: int | None, as_json: bool
) -> None:
    """Render a version's rows with the chat template of each student, as training would.

    Does the thinking survive, do ids give the text back, does one token end each reply, how many
    tokens are in the loss, how many rows are longer than the context? Only tokenizer files are
    needed. Exit status 1 where a row would teach a student nothing.

    \b
    Examples:
      factory students runs/quickstart --model HuggingFaceTB/SmolLM2-135M-Instruct
      factory students hf://my-org/traces@1.2.0
    """
    from pathlib import Path

    from factory.errors import StageError
    from factory.hub.which import version_at
    from factory.progress import terminal
    from factory.recipe.dataset import Reader
    from factory.versions.manifest import read
    from filters.text.visible import as_json as to_json
    from sft import seen

    folder = version_at(version)
    asked = [Reader(path=path, context=context) for path in models]
    asked = asked or seen.named(read(folder).recipe)
    if not asked:
        raise StageError(f"{version}: its recipe names no students; name some with --model")
    found = seen.seen(folder, seen.located(asked, Path()), lambda *_, **__: None)
    console = terminal()
    if as_json:
        click.echo(to_json(found))
    else:
        console.print(_table(seen.table(found)))
        for told in found:
            console.print(f"{told['student']}: {told['template']}", markup=False, soft_wrap=True)
            for reason, rows in told["left_out"].items():
                console.print(f"  {reason}: {rows:,} rows", markup=False, soft_wrap=True)
    for words in (blind := seen.blind(found)):
        console.print(words, markup=False, soft_wrap=True)
    ctx.exit(bool(blind))


def _table(lines: Sequence[tuple[str, ...]]) -> Table:
    from rich.table import Table

    table = Table(box=None)
    for name in lines[0]:
        table.add_column(name, justify="left" if name == "student" else "right")
    for line in lines[1:]:
        table.add_row(*line)
    return table
