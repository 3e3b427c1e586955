"""`factory filters`: what each filter drops."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
def filters(name: str | None) -> None:
    """All filters in a line each, or the page of the one NAMEd.

    \b
    Examples:
      factory filters
      factory filters language
    """
    import inspect

    from filters import FILTERS

    if name is None:
        for key, filter in FILTERS.items():
            click.echo(f"{key:12} {inspect.getdoc(filter).splitlines()[0]}")  # pyrefly: ignore
        return
    if name not in FILTERS:
        from factory.errors import RecipeError

        raise RecipeError(f"no filter is called {name!r}; there are {', '.join(FILTERS)}")
    click.echo(inspect.getdoc(FILTERS[name]))
    for key, field in FILTERS[name].model_fields.items():
        click.echo(f"\n{key} (default {field.default!r}): {field.description}")
