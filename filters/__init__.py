"""What makes a sample acceptable: the table of filters, and the verdict of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

import polars as pl
from pydantic import (
    BaseModel,
    ConfigDict,
    SerializeAsAny,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from filters import classifier, faults
from filters import own_filters as owned
from filters.chain import Chain
from filters.code_blocks import CodeBlocks
from filters.contamination import Contamination
from filters.correctness import Correctness
from filters.duplicates import Duplicates
from filters.faults import STEP
from filters.filter import Filter, SetFilter
from filters.format import Format
from filters.language import Language
from filters.length import Length
from filters.repetition import Repetition
from filters.rules import Rules
from filters.safety import Safety
from filters.thinking import Thinking
from filters.truncation import Truncation

FILTERS: dict[str, type[Filter]] = {
    "truncation": Truncation,
    "format": Format,
    "correctness": Correctness,
    "language": Language,
    "code_blocks": CodeBlocks,
    "length": Length,
    "repetition": Repetition,
    "thinking": Thinking,
    "chain": Chain,
    "safety": Safety,
    "contamination": Contamination,
    "duplicates": Duplicates,
}
"""Every filter, in the order in which the funnel shows them. A new one needs a line here and one
below."""


class Filters(BaseModel):
    """Which filters are used; one that is left out drops nothing.

    Under a filter's name stands its entry, or a list of entries that name their `domains`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    truncation: Truncation | tuple[Truncation, ...] | None = None
    """Was the draw cut off, or did its thinking never end?"""
    format: Format | tuple[Format, ...] | None = None
    """Thinking inside its tags, then exactly one final answer."""
    correctness: Correctness | tuple[Correctness, ...] | None = None
    """Is the final answer right?"""
    language: Language | tuple[Language, ...] | None = None
    """Does the sample stay in the language of its question?"""
    code_blocks: CodeBlocks | tuple[CodeBlocks, ...] | None = None
    """Are there fenced code blocks where prose is wanted?"""
    length: Length | tuple[Length, ...] | None = None
    """Limits in tokens, and in characters of the longest paragraph."""
    repetition: Repetition | tuple[Repetition, ...] | None = None
    """Is the same said again and again, or in a loop at the end?"""
    thinking: Thinking | tuple[Thinking, ...] | None = None
    """Is there much thinking after the answer, or a turn at every step?"""
    chain: Chain | tuple[Chain, ...] | None = None
    """How long is the thinking, and how much does it verify, explore and connect?"""
    safety: Safety | tuple[Safety, ...] | None = None
    """Refusals, another's name, leaked tokens, personal data and secrets."""
    contamination: Contamination | None = None
    """Does the question, or the text, stand in a benchmark?"""
    duplicates: Duplicates | None = None
    """Is it nearly the same as an earlier one?"""

    own: Annotated[
        dict[str, SerializeAsAny[Filter] | tuple[SerializeAsAny[Filter], ...]] | None,
        WithJsonSchema({"type": "object", "additionalProperties": {"type": ["object", "array"]}}),
    ] = None
    """Filters of one's own: `MODULE:CLASS`, found beside the recipe, with an entry or a list."""

    classifiers: Annotated[
        dict[str, SerializeAsAny[Filter]] | None,
        WithJsonSchema({"type": "object", "additionalProperties": {"type": "object"}}),
    ] = None
    """Classifier models: a name of yours, with the model's folder and the highest score to keep."""

    @field_validator("own", "classifiers", mode="before")
    @classmethod
    def _find(cls, said: Any, info: ValidationInfo) -> Any:
        if not isinstance(said, dict):
            return said
        entry = owned.entries if info.field_name == "own" else classifier.entry
        return {name: entry(name, one, _home(info)) for name, one in said.items()}

    @model_validator(mode="after")
    def _each_sample_has_one_entry(self) -> Self:
        for name, said in self._said().items():
            try:
                Rules.of(said)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        owned.must_differ([rules.filter for rules in self._own().values()], FILTERS)
        return self

    def active(self) -> dict[str, Rules]:
        """The filters that are used, by name, in the order of the funnel: classifiers and one's own
        come last."""
        chosen = {name: said for name, said in self._said().items() if name in FILTERS}
        return {name: Rules.of(said) for name, said in chosen.items()} | self._own()

    def comparing(self) -> dict[str, SetFilter]:
        """Those of them that compare the rows of a set with each other, or with benchmarks."""
        chosen = {name: getattr(self, name) for name in FILTERS}
        return {name: said for name, said in chosen.items() if isinstance(said, SetFilter)}

    def own_columns(self) -> tuple[str, ...]:
        """What classifiers and the filters of one's own measure."""
        return tuple(column for rules in self._own().values() for column in rules.filter.columns)

    def _own(self) -> dict[str, Rules]:
        loaded = [Rules.of(said) for said in self._of_users().values()]
        return {rules.filter.name: rules for rules in loaded}

    def _of_users(self) -> dict[str, Any]:
        return (self.classifiers or {}) | (self.own or {})

    def _said(self) -> dict[str, Any]:
        """Name or MODULE:CLASS -> what a recipe says of it."""
        chosen = {name: getattr(self, name) for name in FILTERS} | self._of_users()
        return {name: said for name, said in chosen.items() if said is not None}


def _home(info: ValidationInfo) -> Path:
    """The recipe's folder."""
    told = info.context or {}
    return Path(told.get("filters_home") or told.get("home") or ".")


def measure(table: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """A table of samples with the measures of every filter in use beside them."""
    for rules in filters.active().values():
        table = table.with_columns(rules.filter.measured(table).get_columns())
    return table


def judge(table: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """Says of every sample why it is to be dropped.

    Args:
        table: samples with their measures, as `measure` returns them.
        filters: the rules.

    Returns:
        The same rows in the same order, and two columns more. `reasons`: the names of all faults,
        in the order of the funnel, an empty list for a sample to keep. `dropped_by`: the first
        filter in that order which has a reason, or null.

    Raises:
        KeyError: measures are missing, or a column that rules go by.
    """
    active = filters.active()
    for name, rules in active.items():
        if missing := [column for column in rules.filter.columns if column not in table.columns]:
            raise KeyError(
                f"filter {name} has no measures in this table: {', '.join(missing)} "
                "missing; call filters.measure first"
            )
        if missing := sorted(rules.asks() - {"accepted", *table.columns}):
            raise KeyError(f"filter {name} goes by {', '.join(missing)}, which the table lacks")
    measures = {column for rules in active.values() for column in rules.filter.columns}
    floats = [name for name in measures if table.schema[name].is_float()]
    found = faults.found(table.with_columns(pl.col(floats).fill_nan(None)), active)
    return table.with_columns(faults.by_sample(found, table.height).get_columns())


def funnel(judged: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """How many samples each filter drops, one after another and on its own.

    Args:
        judged: what `judge` returned for the same filters.
        filters: the rules.

    Returns:
        A row for each filter in use, in order: `filter`, `entering`, `dropped`, `left` (each filter
        sees what the ones before it left), `not_judged` (those of the entering whose domain the
        filter has no entry for: they are among the left) and `dropped_alone_total` (how many of all
        samples this filter would drop if it were the only one).
    """
    steps = faults.by_domain(judged, filters.active()).group_by("filter").agg(pl.sum(*STEP[2:]))
    names = pl.DataFrame({"filter": [*filters.active()]}, schema={"filter": pl.String()})
    return names.join(steps, on="filter", how="left", maintain_order="left").fill_null(0)


def funnels(judged: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """The funnel of each domain by itself: its rows, with `domain` before them, null where none."""
    return faults.by_domain(judged, filters.active())
