"""`--what-if`: other rules, on the command line of `factory audit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from factory.audit.subject import Subject

Command = Callable[..., Any]

what_if_option: Callable[[Command], Command] = click.option(
    "--what-if",
    "texts",
    metavar="SETTING=VALUE",
    multiple=True,
    help="Tell only what other rules would do: length.max_tokens=8192, format=off, thinking=on, "
    "length[math].max_tokens=16384; may be repeated.",
)
"""Gives the command `texts`, a tuple; empty where nothing was asked."""


def say_what_if(subject: Subject, texts: Sequence[str], as_json: bool = False) -> None:
    """Print what other rules would do, together.

    Raises:
        RecipeError: a setting or value is not such as there is, or was not measured.
    """
    from factory.audit.what_if import what_if
    from factory.audit.what_if.shown import document, shown
    from factory.progress import terminal
    from filters.text.visible import as_json as json_of

    found, console = what_if(subject, texts), terminal()
    if as_json:
        click.echo(json_of(document(found)))
        return
    for part in shown(found):
        console.print(part, markup=False, soft_wrap=not console.is_terminal)
