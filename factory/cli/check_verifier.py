"""`factory check-verifier`: a verifier against labelled answers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("check-verifier")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--verifier", required=True, help="A name, or your own as module:function.")
def check_verifier(file: Path, verifier: str) -> None:
    """Compare a verifier with the labels in a FILE: agreement, false accepts, false rejects.

    Each line is a JSON object with gold, prediction, expected (correct, incorrect or unverifiable)
    and perhaps kind. The exit code is 0 whatever the report says, and 1 for a malformed line.

    \b
    Examples:
      factory check-verifier tests/data/verifiers/math.jsonl --verifier math
      factory check-verifier answers.jsonl --verifier my_module:judge
    """
    from factory.errors import FactoryError, RecipeError
    from filters.verifiers import check

    try:
        judge = check.load(verifier)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    try:
        click.echo(str(check.check(list(check.read(file)), judge)))
    except ValueError as error:
        raise FactoryError(str(error)) from error
