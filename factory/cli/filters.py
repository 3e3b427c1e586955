"""`factory filters`: what each filter drops."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from filters.filter import Filter


@click.command()
@click.argument("name", required=False)
def filters(name: str | None) -> None:
    """All filters in a line each, or the page of the one NAMEd.

    \b
    Examples:
      factory filters
      factory filters language
    """
    from filters import FILTERS

    if name is None:
        for key, filter in FILTERS.items():
            click.echo(f"{key:12} {inspect.getdoc(filter).splitlines()[0]}")  # pyrefly: ignore
        return
    if name not in FILTERS:
        from factory.errors import RecipeError

        raise RecipeError(f"no filter is called {name!r}; there are {', '.join(FILTERS)}")
    click.echo(inspect.getdoc(FILTERS[name]))
    click.echo(f"\nReasons: {', '.join(reasons_of(FILTERS[name]))}")
    for key, field in FILTERS[name].model_fields.items():
        click.echo(f"\n{key} (default {field.default!r}): {field.description}")


def reasons_of(filter: type[Filter]) -> list[str]:
    """Every reason that a filter can give, those of rules that are off by default included."""
    off = {key: 1 for key, field in filter.model_fields.items() if field.default is None}
    every = filter(**off)
    return [*every.reasons(), every.not_measured]


def measures_of(filter: type[Filter]) -> dict[str, str]:
    """What each measure says, by the section `Measures:` of the filter's docstring."""
    section = (inspect.getdoc(filter) or "").partition("\nMeasures:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in entries}
