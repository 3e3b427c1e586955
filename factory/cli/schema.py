"""`factory schema`: the JSON schemas of recipes and of manifests."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option("--manifest", "of_manifest", is_flag=True, help="That of a version's manifest.")
def schema(of_manifest: bool) -> None:
    """Print the recipe's JSON schema, for editors; or that of a dataset version's manifest.

    \b
    Examples:
      factory schema > factory/recipe/recipe.schema.json
      factory schema --manifest > factory/versions/manifest.schema.json
    """
    import json

    from factory.recipe import Recipe
    from factory.versions.manifest import json_schema

    told = json_schema() if of_manifest else Recipe.model_json_schema()
    json.dump(told, sys.stdout, indent=1, ensure_ascii=False)
    click.echo()
