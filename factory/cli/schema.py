"""`factory schema`: the recipe's JSON schema."""

from __future__ import annotations

import sys

import click


@click.command()
def schema() -> None:
    """Print the recipe's JSON schema, for editors.

    \b
    Example:
      factory schema > factory/recipe/recipe.schema.json
    """
    import json

    from factory.recipe import Recipe

    json.dump(Recipe.model_json_schema(), sys.stdout, indent=1, ensure_ascii=False)
    click.echo()
