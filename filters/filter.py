"""What every filter is: a measure (facts, stored once) and rules (policy, free to change)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from filters.places import Place
from filters.text.thinking import split

SAMPLE: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "draw": pl.Int32(),
    "text": pl.String(),
    "token_ids": pl.List(pl.Int32()),
    "finish_reason": pl.String(),
    "reasoning": pl.String(),
    "response": pl.String(),
    "completion_tokens": pl.Int32(),
    "domain": pl.String(),
    "language": pl.String(),
    "verdict": pl.String(),
    "verdict_reason": pl.String(),
    "answer": pl.String(),
}
"""The columns of samples that filters may read. `finish_reason` is stop, length or abort, the
`language` is the question's (ISO 639-1), `verdict` correct, incorrect or unverifiable."""


class Filter(BaseModel, ABC):
    """Drops samples for faults that it names.

    A filter is one file: a class whose docstring is its page, whose `measure` states facts about
    samples and whose `reasons` say which facts are faults. `measure` is static, so no threshold can
    reach it: measures are stored, and a new threshold measures nothing again. A line in
    `filters/__init__.py` puts it into the funnel, or a line in a recipe (`filters.own`). A filter
    never edits what it judges.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: ClassVar[str]
    """The filter's key in a recipe, and the start of the reason `<name>_not_measured`."""
    version: ClassVar[int] = 1
    """Raised whenever `measure` would answer differently, so that stored measures are made anew."""
    reads: ClassVar[tuple[str, ...]]
    """The columns of samples that `measure` looks at."""
    columns: ClassVar[dict[str, pl.DataType]]
    """The columns that `measure` answers with."""
    compiles: ClassVar[str | None] = None
    """The module of `filters.text` with its machine code, which a first call on a machine makes."""
    source: ClassVar[str | None] = None
    """Digest of its file, where that is not the project's (`filters.own`)."""

    domains: tuple[str, ...] | None = Field(None, min_length=1)
    """Domains whose samples it judges, for instance `[math, logic]`; left out: all that no other
    entry of the same filter names."""

    @staticmethod
    @abstractmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        """Facts about samples: one row for each, in their order, with the columns of `columns`."""

    @abstractmethod
    def reasons(self) -> dict[str, pl.Expr]:
        """Name of each fault -> expression, true where a sample has it."""

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        """Where a person looks in a sample, to see what is behind a reason that it has or is near
        to; nothing where no place says more than another.

        Args:
            reason: one of `reasons`.
            sample: its measures, the columns of `SAMPLE`, `question` and `reference`; what is
                not known is null or missing.
        """
        return []

    @classmethod
    def stamp(cls) -> int | str:
        """What stored measures are named by: the version, and the source where that may change."""
        return cls.version if cls.source is None else f"{cls.version}-{cls.source}"

    @classmethod
    def measured(cls, rows: pl.DataFrame) -> pl.DataFrame:
        """Runs `measure` such that a row it fails on costs no other row its measures.

        Returns:
            `columns` and `<name>_error`: null, or the exception that left this row's measures null.
            NaN becomes null, since in polars NaN slips through comparisons both ways.

        Raises:
            KeyError: a column that the measure reads is missing.
            TypeError: `measure` did not answer with one row each and the columns it declares.
        """
        if missing := [column for column in cls.reads if column not in rows.columns]:
            raise KeyError(
                f"filter {cls.name} reads {', '.join(missing)}, which the table of samples lacks; "
                f"it has {', '.join(rows.columns)}"
            )
        types = pl.Schema({column: SAMPLE[column] for column in cls.reads})
        return cls._measured(rows.select(cls.reads).cast(types))

    @classmethod
    def _measured(cls, rows: pl.DataFrame) -> pl.DataFrame:
        error = pl.Series(f"{cls.name}_error", [None] * rows.height, dtype=pl.String)
        try:
            measures = cls.measure(rows)
        except Exception as failure:
            if rows.height > 1:  # halves find the row that is to blame, and keep the batch's speed
                half = rows.height // 2
                return pl.concat([cls._measured(rows[:half]), cls._measured(rows[half:])])
            measures = pl.DataFrame({name: [None] for name in cls.columns}, schema=cls.columns)
            error = pl.Series(error.name, [f"{type(failure).__name__}: {failure}"])
        if measures.height != rows.height or dict(measures.schema) != cls.columns:
            raise TypeError(
                f"filter {cls.name} measured {measures.height} rows with {dict(measures.schema)}, "
                f"expected {rows.height} rows with {cls.columns}"
            )
        return measures.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None), error)

    @classmethod
    def of(cls, **row: Any) -> dict[str, Any]:
        """Measures one sample, for people and doctests; what is not given is null.

        `text` alone will do: it is split into `reasoning` and `response` as a sampler would.
        """
        if unknown := [name for name in row if name not in SAMPLE]:
            raise TypeError(
                f"no column of a sample: {', '.join(unknown)}; there are {list(SAMPLE)}"
            )
        if "text" in row and not {"reasoning", "response"} & row.keys():
            thought = split(row["text"])
            row |= {"reasoning": thought.reasoning, "response": thought.response}
        sample = pl.DataFrame([row], schema=SAMPLE)
        return cls.measure(sample.select(cls.reads)).row(0, named=True)

    @property
    def not_measured(self) -> str:
        """The reason given where a rule could not be evaluated: never silence."""
        return f"{self.name}_not_measured"

    def asks(self) -> set[str]:
        """The columns that the rules look at beside the measures."""
        looked_at = (rule.meta.root_names() for rule in self.reasons().values())
        return set().union(*looked_at) - set(self.columns)

    def faults(self) -> pl.Expr:
        """Expression: the list of this filter's reasons to drop a sample, empty for a good one."""
        rules = self.reasons()
        if not rules:
            return pl.lit([], dtype=pl.List(pl.String))
        unknown = pl.any_horizontal([rule.is_null() for rule in rules.values()])
        tests = [*rules.items(), (self.not_measured, unknown)]
        found = [pl.when(test).then(pl.lit(reason)) for reason, test in tests]
        return pl.concat_list(found).list.drop_nulls()


class SetFilter(Filter):
    """A filter whose facts say what a row is to others: to the rest of its set, or to a benchmark.

    No row can be measured alone, so these facts are not made by `measure`, draw by draw, but by a
    comparison of the whole set, and stored with the identity of what was compared. Of a row that
    was compared with nothing `measure` says what is true then: nobody is like it.
    """

    alone: ClassVar[dict[str, Any]]
    """The facts of a row that is like no other; what is left out is null."""

    @abstractmethod
    def comparison(self) -> str:
        """What is compared and how, by the settings: all that the facts depend on beside rows."""

    @abstractmethod
    def of_draws(self) -> bool:
        """Whether texts of draws are compared, beside those of prompts or in their place."""

    @classmethod
    def nothing(cls, height: int) -> pl.DataFrame:
        """The facts of so many rows that are like no other."""
        row = {name: cls.alone.get(name) for name in cls.columns}
        return pl.DataFrame({name: [value] * height for name, value in row.items()}, cls.columns)
