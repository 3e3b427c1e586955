"""From what a command says to what is to be done: columns found, and what they cannot give said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import RecipeError
from factory.generations import columns, inputs
from factory.generations.parts import Work
from factory.generations.samples import ENDED, Told
from factory.prompts.rows import Opened, root
from factory.recipe.layout import Layout
from factory.recipe.mappings import ready
from filters import Filters
from filters.filter import Filter
from filters.text.shorten import shorten
from filters.verifiers import named, unknown

ASKS_A_MODEL = ("judge", "rubric", "majority")
"""Verifiers that no table of generations is judged by."""


@dataclass(frozen=True)
class Options:
    """What `factory measure` and `factory filter` are told of a table."""

    data: tuple[str, ...]
    columns: str | None = None
    choice: inputs.Choice = field(default_factory=inputs.Choice)
    verifier: str | None = None
    domain: str | None = None
    language: str | None = None
    tokenizer: str | None = None
    opened: bool = False
    instructions: tuple[str, ...] = ()
    rows: int | None = None


def prepared(
    options: Options, filters: Filters | None, folder: Path, say: Callable[[str], None]
) -> Work:
    """Open the tables, find their columns, and see that every rule can be answered.

    Args:
        options: what was typed.
        filters: which measures are wanted, and the rules; None: all that measure a sample, by
            their defaults, `correctness` where there is a key.
        folder: where parts go.
        say: is told what was found, and what cannot be known.

    Raises:
        RecipeError: a file or column is not there, or a rule asks for what the table lacks.
        StageError: the Hub cannot be reached.
    """
    tables = inputs.tables(options.data, options.choice)
    opened = [table.opened() for table in tables]
    told = columns.told(options.columns) if options.columns else None
    there = inputs.columns_of(opened)
    layout = columns.layout_of(told, tables[0].name, there, inputs.first_rows(tables, there))
    known = ready(told) if isinstance(told, str) else ready(tables[0].name)
    say(f"columns: {columns.said(layout)}")
    rows = Told(
        layout,
        _verifier(options.verifier or (known.verifier if known else "math")),
        options.domain or (known.domain if known else None),
        options.language,
        None if layout.finish_reason else ENDED,
        _without(layout.finish_reason, opened) if layout.finish_reason else (),
        options.tokenizer,
        options.opened,
        options.instructions,
    )
    if filters is None:
        filters = chosen((), judged=_can_judge(rows))
    for name, rules in filters.active().items():
        for entry in rules.entries:
            _check(name, entry, rows)
    for words in _unknown(filters, layout, rows):
        say(words)
    return Work(tables, rows, filters, folder, _judges(filters, rows), options.rows)


def _without(column: str, opened: Sequence[Opened]) -> tuple[str, ...]:
    """The tables that lack a column, as far as their first rows tell."""
    return tuple(one.name for one in opened if root(column, one.columns) not in one.columns)


def _judges(filters: Filters, told: Told) -> bool:
    return "correctness" in filters.active() and _can_judge(told)


def _can_judge(told: Told) -> bool:
    keyless = ":" in told.verifier or named(told.verifier).keyless
    return bool(told.layout.references or told.layout.verdict or keyless)


def _verifier(name: str) -> str:
    if name in ASKS_A_MODEL:
        raise RecipeError(
            f"the verifier {name} asks a model, or all draws of a prompt, and is not to be had "
            "here: name another with --verifier, or leave correctness out"
        )
    if wrong := unknown(name):
        raise RecipeError(wrong)
    return name


def _check(name: str, entry: Filter, told: Told) -> None:
    """Whether the table has what an entry's rules ask for. Raises RecipeError."""
    settings: dict[str, Any] = entry.model_dump()
    layout = told.layout
    if name == "correctness" and not _can_judge(told):
        raise RecipeError(
            "filters.correctness compares with a key, and no column is known to have it: name it, "
            'as --columns "reference: answer", or leave correctness out'
        )
    limits = [key for key in ("min_tokens", "max_tokens") if settings.get(key) is not None]
    if name == "length" and limits and not (layout.completion_tokens or told.tokenizer):
        raise RecipeError(
            f"filters.length.{limits[0]} counts tokens, and no column has their number: name it, "
            'as --columns "completion_tokens: num_tokens", or what counts them, by --tokenizer, or '
            "leave the limit out"
        )
    if name == "duplicates" and not layout.asks and settings["over"] != "everything":
        raise RecipeError(
            f"filters.duplicates over {settings['over']} needs questions, and no column is known "
            'to have them: name it, as --columns "question: problem", or say over: everything'
        )


def _unknown(filters: Filters, layout: Layout, told: Told) -> list[str]:
    """What will not be known of any row, a sentence each."""
    active, said = filters.active(), []
    if "truncation" in active and not layout.finish_reason:
        said.append(
            "no column says how texts ended (finish_reason): all count as ended by themselves"
        )
    if "truncation" in active and told.unsaid:
        names = shorten(", ".join(told.unsaid), 200)
        said.append(f"{layout.finish_reason} is no column of {names}: all count as ended there")
    if "language" in active and not (layout.language or told.language):
        said.append(
            "no column says the language of the questions: `language` judges none; name it by "
            "--language, if it is one"
        )
    if active.keys() & {"contamination", "duplicates"} and not layout.asks:
        said.append("no column has questions: only the texts are compared")
    domains = set().union(*(rules.domains for rules in active.values()))
    if domains and not (layout.domain or told.domain):
        said.append(
            f"no column says the domain: entries for {', '.join(sorted(domains))} judge none; name "
            "it by --domain, if it is one"
        )
    return said


def chosen(names: Sequence[str], judged: bool = False) -> Filters:
    """The filters of these names by their defaults; without names, all that measure a sample.

    Args:
        names: of filters.
        judged: whether `correctness` is one of all.

    Raises:
        RecipeError: there is no filter of a name.
    """
    from factory.errors import nearest
    from filters import FILTERS
    from filters.filter import SetFilter

    known = {name: filter for name, filter in FILTERS.items() if not issubclass(filter, SetFilter)}
    for name in names:
        if name in FILTERS and name not in known:
            raise RecipeError(f"{name} compares rows with each other: name it in a recipe")
        if name not in known:
            hint = nearest(name, known)
            raise RecipeError(f"no filter is called {name!r}; there are {', '.join(known)}{hint}")
    default = [name for name in known if judged or name != "correctness"]
    return Filters.model_validate({name: {} for name in known if name in (names or default)})
