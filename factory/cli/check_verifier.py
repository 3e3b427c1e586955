"""`factory check-verifier`: a verifier against labelled answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("check-verifier")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--verifier", required=True, help="A name, or your own as module:function.")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="Let this recipe's judge have the last word; with --verifier judge the only one.",
)
def check_verifier(file: Path, verifier: str, recipe: Path | None) -> None:
    """Compare a verifier with the labels in a FILE: agreement, false accepts, false rejects.

    Each line is a JSON object with gold, prediction, expected (correct, incorrect or unverifiable)
    and perhaps kind. The exit code is 0 whatever the report says, and 1 for a malformed line. For a
    judge, gold has question and answer; bare is the same wrong answer without a claim to be right.

    \b
    Examples:
      factory check-verifier tests/data/verifiers/math.jsonl --verifier math
      factory check-verifier answers.jsonl --verifier my_module:judge
      factory check-verifier answers.jsonl --verifier judge --recipe recipe.yaml
    """
    from factory.errors import FactoryError, RecipeError
    from filters import own
    from filters.text.visible import visible
    from filters.verifiers import check

    own.look_in(recipe.parent if recipe else None)
    try:
        judge = check.load(verifier)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    try:
        rows = list(check.read(file))
        told = _by_judge(rows, verifier, recipe) if recipe else str(check.check(rows, judge))
        click.echo(visible(told, newlines=True))
    except ValueError as error:
        raise FactoryError(str(error)) from error


def _by_judge(rows: list[dict[str, Any]], verifier: str, recipe: Path) -> str:
    """The report on a recipe's judge; and on attempts to talk it over, where there are some."""
    from factory import recipe as recipes
    from factory.errors import RecipeError
    from factory.line.judge_stage import asking, found
    from factory.sampler.judge_trial import examined
    from filters.verifiers.judge.measure import Overrides, bare, with_attempts

    told = recipes.load(recipe).judge
    if told is None:
        raise RecipeError(f"{recipe}: it has no judge, and --recipe asks one")
    attempts = with_attempts(rows)
    with asking(found(told, recipe.parent), None) as ask:
        report = examined(rows, ask, verifier)
        if not attempts:
            return str(report)
        won = Overrides(examined(attempts, ask, verifier), examined(bare(attempts), ask, verifier))
    return f"{report}\n\n{won}"
