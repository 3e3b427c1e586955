"""`factory check`: what is wrong with a recipe."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
def check(recipe: Path) -> None:
    """Read a RECIPE and say what is wrong with it, without starting anything.

    \b
    Example:
      factory check manifests/quickstart.yaml
    """
    from factory import recipe as recipes
    from factory.line import contexts
    from factory.line.table import wanted
    from factory.prompts import look

    plan = recipes.load(recipe)
    told = look.told(plan.prompts, plan.seed, recipe.parent)
    told += [*contexts.told(plan, recipe.parent), *contexts.prompts_told(plan, recipe.parent)]
    click.echo(f"{recipe}: good; stages: {', '.join(stage.name for stage in wanted(plan))}")
    for line in told:
        click.echo(f"  {line}")
