"""`factory filters`: what each filter drops."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from filters.filter import Filter


@click.command()
@click.argument("name", required=False)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="Those of this recipe: the ones it uses, its own among them.",
)
def filters(name: str | None, recipe: Path | None) -> None:
    """All filters in a line each, or the page of the one NAMEd.

    A filter of one's own is named MODULE:CLASS, with its file in the current folder, or as in the
    recipe.

    \b
    Examples:
      factory filters
      factory filters language
      factory filters my_filters:GivingUp
      factory filters --recipe manifests/mine.yaml
    """
    known = _known(name, recipe)
    if name is None:
        for key, filter in known.items():
            first, _, _ = (inspect.getdoc(filter) or "").partition("\n")
            click.echo(f"{key:12} {first}")
        return
    if name not in known:
        from factory.errors import RecipeError, nearest

        raise RecipeError(
            f"no filter is called {name!r}; there are {', '.join(known)}{nearest(name, known)}"
        )
    click.echo(inspect.getdoc(known[name]))
    click.echo(f"\nReasons: {', '.join(reasons_of(known[name]))}")
    for key, field in known[name].model_fields.items():
        click.echo(f"\n{key} (default {field.default!r}): {field.description}")


def _known(name: str | None, recipe: Path | None) -> dict[str, type[Filter]]:
    """The filters that may be named: the project's, those of a recipe, or one of one's own."""
    from filters import FILTERS, own_filters

    if recipe:
        from factory import recipe as recipes

        active = recipes.load(recipe).filters.active()
        used = {key: rules.filter for key, rules in active.items()}
        return used if name is None else FILTERS | used
    if name and ":" in name:
        from factory.errors import RecipeError

        try:
            return {name: own_filters.load(name, Path())}
        except ValueError as error:
            raise RecipeError(str(error)) from None
    return FILTERS


def reasons_of(filter: type[Filter]) -> list[str]:
    """Every reason that a filter can give, those of rules that are off by default included."""
    off = {key: field for key, field in filter.model_fields.items() if key != "domains"}
    on: dict[str, Any] = {key: True for key, field in off.items() if field.default is False}
    on |= {key: 1 for key, field in off.items() if field.default is None}
    every = filter.model_construct(**on)  # rules that exclude each other among them
    return [*every.reasons(), every.not_measured]
