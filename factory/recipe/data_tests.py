"""What a recipe says must hold of its dataset: `loops < 0.5 %`, `completion_tokens.p99 < 8000`.

A test is a quantity, a sign and a number, with a percent sign where it is a share. A quantity is

- `rows` or `prompts`: how many there are;
- a reason of a filter, a filter, or a word of `NAMED`: rows that have that fault, whatever the
  recipe's own thresholds let pass: by the filter's defaults, or by the settings in brackets, as in
  `too_long(max_tokens=8000) == 0`; with a percent sign their share, else how many they are;
- a column and one of `AGGREGATES`: `source.max_share < 40 %`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from ruamel.yaml import YAML

from factory.errors import first_fault, nearest
from factory.recipe.sources import Source, Table
from filters import FILTERS, Filters
from filters.filter import Filter

FORM = re.compile(
    r"\s*(?P<name>\w+)(?:\((?P<settings>[^)]*)\))?(?:\.(?P<aggregate>\w+))?"
    r"\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<number>-?\d[\d_,]*(?:\.\d+)?)\s*(?P<percent>%?)\s*"
)
NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "loops": ("repetition", ("loop", "counting_loop", "near_loop")),
    "contaminated": ("contamination", ()),
    "duplicated": ("duplicates", ()),
}
"""Words for several reasons of a filter; none: all of them."""
COUNTED = ("rows", "prompts", "key_suspect", "judge_only")
"""Quantities that no filter measures: `key_suspect`, rows of prompts with four draws or more of
which no more than a quarter are correct; `judge_only`, rows that only the judge accepted."""
AGGREGATES = ("mean", "median", "min", "max", "sum", "max_share", "entropy", "distinct", "unknown")
"""Of a column: `max_share` of its most frequent value, `entropy` of its values in bits, `distinct`
values, `unknown`: share of nulls; beside these `p50`, `p99`, …"""
NUMBERS = ("mean", "median", "min", "max", "sum")
SHARES = ("max_share", "unknown")
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")
COLUMNS = (
    "prompt_id", "source", "domain", "language", "license", "reference", "verifier", "answer",
    "teacher", "completion_tokens", "pass_rate", "topic", "score", "verdict_reason",
)  # fmt: skip
"""Columns that rows have whatever the filters, or decisions have of them."""
TEXTS = frozenset(COLUMNS) - {"completion_tokens", "pass_rate", "score"}


class DataTest(NamedTuple):
    """One test."""

    text: str
    name: str
    settings: Mapping[str, Any]
    aggregate: str | None
    sign: str
    number: float
    percent: bool


def parse(text: str) -> DataTest:
    """Read a test.

    Raises:
        ValueError: it is none.
    """
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is no test: expected a quantity, one of < <= > >= == != and a number, as "
            "`loops < 0.5 %` or `completion_tokens.p99 < 8000`"
        )
    number = float(found["number"].replace(",", "").replace("_", ""))
    settings = _settings(text, found["settings"])
    name, aggregate, percent = found["name"], found["aggregate"], bool(found["percent"])
    told = DataTest(text.strip(), name, settings, aggregate, found["sign"], number, percent)
    if percent and (name in ("rows", "prompts") or (aggregate and aggregate not in SHARES)):
        raise ValueError(f"{text!r}: {name}{f'.{aggregate}' if aggregate else ''} is no share")
    return told


def _settings(text: str, told: str | None) -> dict[str, Any]:
    """`min_loop_repeats=2, max_echo=0.5` as names and values; a value is as in a recipe."""
    settings = {}
    for part in (told or "").split(",") if told else ():
        name, equals, value = part.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ValueError(f"{text!r}: in brackets stands NAME=VALUE, with commas between")
        settings[name.strip()] = YAML(typ="safe", pure=True).load(value)
    return settings


def measuring(test: DataTest, classes: Mapping[str, type[Filter]]) -> tuple[Filter, list[str]]:
    """The filter, with the test's settings, and those of its reasons that the test speaks of.

    Args:
        classes: filters by name: the shipped ones, and the recipe's own.

    Raises:
        ValueError: no filter has this reason, or these settings.
    """
    told = _filter_of(test.name, classes)
    if told is None:
        raise ValueError(f"no filter has the reason {test.name}")
    name, wanted = told
    try:
        filter = classes[name](**test.settings)
    except ValidationError as error:
        raise ValueError(f"{test.text!r}: filters.{name}.{first_fault(error)}") from None
    there = list(filter.reasons())
    reasons = list(wanted) or there
    if not reasons or set(reasons) - set(there):
        raise ValueError(
            f"{test.text!r}: filters.{name} has no limit by default: write one in brackets, as "
            f"`{test.name}(SETTING=NUMBER)`; its settings are {', '.join(_own(classes[name]))}"
        )
    return filter, reasons


def _filter_of(
    name: str, classes: Mapping[str, type[Filter]]
) -> tuple[str, tuple[str, ...]] | None:
    """The filter that a quantity is measured by, and its reasons; none of them: all."""
    if name in NAMED:
        return NAMED[name]
    if name in classes:
        return name, ()
    return next(((own, (name,)) for own in classes if name in _reasons(classes[own])), None)


def _reasons(filter: type[Filter]) -> set[str]:
    """Every reason that a filter can have, whatever its settings."""
    return {*(LIMITED.get(filter.name, ())), *_by_default(filter)}


def _by_default(filter: type[Filter]) -> Iterator[str]:
    try:
        yield from filter().reasons()
    except (ValidationError, TypeError):  # it has settings without a default
        return


LIMITED = {
    "length": ("too_short", "too_long", "long_paragraph"),
    "repetition": ("compressible",),
    "format": ("unwanted_thinking",),
    "language": ("language_switches", "language_not_judged"),
    "thinking": (
        "overthinking",
        "long_after_answer",
        "underthinking",
        "many_reflections",
        "many_backtracks",
        "many_switches",
    ),
    "chain": ("short_chain", "unverified_chain"),
}
"""Reasons that no filter has by default, but with a setting."""


def _own(filter: type[Filter]) -> list[str]:
    return [name for name in filter.model_fields if name != "domains"]


def classes(filters: Filters) -> dict[str, type[Filter]]:
    """All filters by name, the recipe's own as well."""
    return FILTERS | {name: rules.filter for name, rules in filters.active().items()}


def faults(tests: Sequence[str], filters: Filters, prompts: Sequence[Source]) -> Iterator[str]:
    """What tests ask for that a dataset by this recipe does not have, a sentence each."""
    kept = {
        column
        for source in prompts
        if isinstance(source, Table) and (mapping := source.mapping())
        for column in mapping.keep
    }
    active, known = filters.active(), classes(filters)
    measured = {column for rules in active.values() for column in rules.filter.columns}
    columns = {*COLUMNS, *measured, *kept}
    for text in tests:
        test = parse(text)
        if test.aggregate is not None:
            yield from _of_column(test, columns, known)
        elif test.name not in COUNTED:
            yield from _of_filter(test, active, known, columns)


def _of_column(
    test: DataTest, columns: set[str], known: Mapping[str, type[Filter]]
) -> Iterator[str]:
    if test.aggregate not in AGGREGATES and not PERCENTILE.fullmatch(test.aggregate or ""):
        near = nearest(test.aggregate or "", [*AGGREGATES, "p99"])
        words = f"{test.text!r}: nothing is called {test.aggregate}{near}"
        yield f"{words}; there are {', '.join(AGGREGATES)}, p50, p99"
    elif test.name not in columns:
        owner = next((n for n, filter in known.items() if test.name in filter.columns), None)
        if owner:
            yield f"{test.text!r}: {_left_out(owner)}"
        else:
            yield f"{test.text!r}: rows have no column {test.name}{nearest(test.name, columns)}"
    elif test.name in TEXTS and (test.aggregate in NUMBERS or _percentile(test.aggregate)):
        yield f"{test.text!r}: {test.name} is no number"


def _percentile(aggregate: str | None) -> bool:
    return bool(aggregate and PERCENTILE.fullmatch(aggregate))


def _of_filter(
    test: DataTest,
    active: Mapping[str, Any],
    known: Mapping[str, type[Filter]],
    columns: set[str],
) -> Iterator[str]:
    told = _filter_of(test.name, known)
    if told is None:
        reasons = {reason for filter in known.values() for reason in _reasons(filter)}
        near = nearest(test.name, [*reasons, *known, *NAMED, *COUNTED, *columns])
        hint = f"; of a column write what of it, as {test.name}.max_share"
        more = hint if test.name in columns else near
        yield f"{test.text!r}: nothing is called {test.name}{more}"
    elif told[0] not in active:
        yield f"{test.text!r}: {_left_out(told[0])}"
    else:
        try:
            measuring(test, known)
        except ValueError as error:
            yield str(error)


def _left_out(filter: str) -> str:
    return (
        f"filters.{filter} measures it, which is left out: write `{filter}: {{}}` among the "
        "filters, with limits so wide that it drops nothing where you only want to know"
    )
