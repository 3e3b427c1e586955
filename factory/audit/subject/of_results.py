"""What `factory measure` and `factory filter` left: measured already, judged by the same rules or
others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from factory.audit.subject import Subject, Texts
from factory.audit.subject.of_data import Measuring
from factory.audit.subject.of_samples import of_samples
from factory.audit.subject.of_version import rules_in
from factory.audit.subject.table_texts import KeptTexts, NoTexts, TableTexts, places
from factory.errors import RecipeError
from factory.generations import folder, work
from factory.generations.judging import FATES, measures_in, rejudged
from factory.generations.noted import Note, note_in
from factory.generations.parts import HEAVY
from filters import FILTERS, Filters

RESULTS = {"sample_id", "prompt_id", "source", "draw", "error"}
"""Columns that every file of results has."""


def results_at(place: Path) -> Path | None:
    """The file of all samples that one of the two commands left here, or None."""
    if place.is_dir():
        return folder.decisions_in(place)
    if place.suffix != ".parquet" or not place.is_file():
        return None
    try:
        names = set(pl.read_parquet_schema(place))
    except (pl.exceptions.PolarsError, OSError):
        return None  # whoever reads it as data says what is wrong with it
    return place if names >= RESULTS and any(n.startswith("rule_") for n in names) else None


def of_results(file: Path, measuring: Measuring, place: str) -> Subject:
    """A file of results; nothing is measured.

    Args:
        file: as `results_at` finds it.
        measuring: its recipe counts: other rules over the same measures.
        place: as a person named it.

    Raises:
        RecipeError: a rule goes by what was not measured, or the recipe is wrong.
    """
    note, names = note_in(file), set(pl.read_parquet_schema(file))
    filters, lacks = _rules(names, note, measuring, place)
    rows = rejudged(measures_in([file], _not_wanted(names, filters)), filters)
    texts, why = _texts(file, places(rows), note, names)
    told = note.told_of_rows() if note else None
    subject = of_samples(rows, filters, told, place, _name(file), texts)
    subject.missing.update(lacks)
    if why:
        subject.missing["texts"] = why
    if note is None and not measuring.recipe:
        subject.missing["rules"] = (
            "the file does not say by which rules it was made: these are defaults; `--recipe` "
            "names others"
        )
    return replace(subject, typed=measuring.typed(place))


def _not_wanted(names: set[str], filters: Filters) -> set[str]:
    """What is found again, and texts that no rule asks for."""
    asked = {name for rules in filters.active().values() for name in rules.asks()}
    rules = {name for name in names if name.startswith("rule_")}
    return (rules | {*FATES, "prompt", *HEAVY}) - asked


def _rules(
    there: set[str], note: Note | None, measuring: Measuring, place: str
) -> tuple[Filters, dict[str, str]]:
    """The rules, and what of them cannot be applied."""
    if measuring.recipe is not None:
        filters = work.rules_of(measuring.recipe).filters
        for name, rules in filters.active().items():
            if owed := sorted((set(rules.filter.columns) | rules.asks()) - there - {"accepted"}):
                raise RecipeError(
                    f"{measuring.recipe}: filters.{name} goes by {', '.join(owed)}, which {place} "
                    "has not: leave it out, or measure the data again with this recipe"
                )
        return filters, {}
    if note is not None:
        return rules_in(note.filters, Path())
    known = [name for name, filter in FILTERS.items() if set(filter.columns) <= there]
    return Filters.model_validate({name: {} for name in known}), {}


def _texts(
    file: Path, where: pl.DataFrame, note: Note | None, names: set[str]
) -> tuple[Texts, str | None]:
    """Where the texts are, or why they are nowhere."""
    tables = note.tables(file.parent) if note else None
    if note and tables:
        return TableTexts(tables, note.told_of_rows(), where, note.rows), None
    if {"prompt", "text"} <= names:
        return KeptTexts(file, where), None
    if note is None:
        return NoTexts(), "the file does not say which data it was made of: audit that itself"
    data = ", ".join(one.path or one.name for one in note.inputs)
    return NoTexts(), f"{data}: not there any more, or not as it was when it was measured"


def _name(file: Path) -> str:
    return file.absolute().parent.name if file.name == folder.DECISIONS else file.stem
