"""`factory status`: the ledger of a run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(run: Path) -> None:
    """The ledger of a RUN: what is done, what is not, and whether every sum closes.

    \b
    Example:
      factory status runs/quickstart
    """
    import json

    from factory.audit import report
    from factory.errors import RecipeError
    from factory.progress import terminal
    from factory.recipe import Recipe

    settings = run / "recipe.json"
    if not settings.exists():
        raise RecipeError(f"{run}: no run folder, it has no recipe.json; `factory run` makes one")
    recipe = Recipe.model_validate(json.loads(settings.read_text())["recipe"])
    console = terminal()
    console.print(report.ledger_table(recipe, run))
    for line in report.faults(recipe, run):
        console.print(line, markup=False)
