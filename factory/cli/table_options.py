"""What both commands are told of anybody's table, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from factory.audit.subject.of_data import Measuring
    from factory.generations.prepare import Options

COLUMNS = (
    "Which columns hold what, as 'question: problem, generation: output', or a dataset's name."
)
LIST = [
    click.option("--columns", metavar="KEYS", help=COLUMNS),
    click.option("--verifier", metavar="NAME", help="Who judges, where no column says it [math]."),
    click.option("--domain", metavar="NAME", help="Domain, where no column says it."),
    click.option("--language", metavar="CODE", help="Language of the questions, likewise: en."),
    click.option(
        "--tokenizer",
        metavar="NAME",
        help="Counts tokens, where no column does: a folder, or a model on the Hub.",
    ),
    click.option("--opened", is_flag=True, help="Texts lack the <think> that the template wrote."),
    click.option(
        "--instruction",
        multiple=True,
        metavar="TEXT",
        help="Stands behind questions, and is no part of them; may be repeated.",
    ),
    click.option(
        "--rows", type=click.IntRange(min=1), metavar="N", help="Only the first rows, to try it."
    ),
    click.option("--config", metavar="NAME", help="Configuration of a dataset on the Hub."),
    click.option("--split", default="train", show_default=True, help="Its split."),
    click.option("--revision", metavar="COMMIT", help="Its commit, tag or branch."),
    click.option("--field", metavar="PLACE", help="Where rows are in a JSON file, as 'results'."),
    click.option("--encoding", metavar="NAME", help="What text files are written in, as cp1252."),
]


RULES = click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="Rules for data: a recipe, or a file that has `filters:` alone; all filters else.",
)


def of_a_table(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command DATA and its options."""
    return click.argument("data", nargs=-1, required=True)(_with(LIST, command))


def of_anything(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command PLACES, each a run, a version or data, and the options that data has, with
    its rules."""
    return click.argument("places", nargs=-1, required=True)(_with([RULES, *LIST], command))


def measuring(
    recipe: Path | None, options: dict[str, Any], folder: Path | None = None
) -> Measuring:
    """What was typed of data, of which `subject_at` makes a subject; other options are left alone.

    Args:
        recipe: the rules.
        options: all that `of_anything` gave.
        folder: where measures are kept, unless beside the data.
    """
    from factory.audit.subject.of_data import Measuring

    return Measuring(told((), options), recipe, folder)


def _with(options: list[Any], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def told(data: tuple[str, ...], options: dict[str, Any]) -> Options:
    """What was typed."""
    from factory.generations.inputs import Choice
    from factory.generations.prepare import Options

    names = ("config", "split", "revision", "field", "encoding")
    own = {
        key: options[key]
        for key in ("columns", "verifier", "domain", "language", "tokenizer", "opened", "rows")
    }
    choice = Choice(**{name: options[name] for name in names})
    return Options(data, choice=choice, instructions=options["instruction"], **own)
