"""What makes a sample acceptable: the table of filters, and the verdict of all of them."""

from __future__ import annotations

import polars as pl
from pydantic import BaseModel, ConfigDict

from filters.code_blocks import CodeBlocks
from filters.contamination import Contamination
from filters.correctness import Correctness
from filters.duplicates import Duplicates
from filters.filter import Filter
from filters.format import Format
from filters.language import Language
from filters.length import Length
from filters.repetition import Repetition
from filters.truncation import Truncation

FILTERS: dict[str, type[Filter]] = {
    "truncation": Truncation,
    "format": Format,
    "correctness": Correctness,
    "language": Language,
    "code_blocks": CodeBlocks,
    "length": Length,
    "repetition": Repetition,
    "contamination": Contamination,
    "duplicates": Duplicates,
}
"""Every filter, in the order in which the funnel shows them. A new one needs a line here and one
below."""


class Filters(BaseModel):
    """Which filters are used; one that is left out drops nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    truncation: Truncation | None = None
    """Was the draw cut off, or did its thinking never end?"""
    format: Format | None = None
    """Thinking inside its tags, then exactly one final answer."""
    correctness: Correctness | None = None
    """Is the final answer right?"""
    language: Language | None = None
    """Does the sample stay in the language of its question?"""
    code_blocks: CodeBlocks | None = None
    """Are there fenced code blocks where prose is wanted?"""
    length: Length | None = None
    """Limits in tokens, and in characters of the longest paragraph."""
    repetition: Repetition | None = None
    """Is the same said again and again, or in a loop at the end?"""
    contamination: Contamination | None = None
    """Does the question, or the text, stand in a benchmark?"""
    duplicates: Duplicates | None = None
    """Is it nearly the same as an earlier one?"""

    def active(self) -> dict[str, Filter]:
        """The filters that are used, by name, in the order of the funnel."""
        chosen = ((name, getattr(self, name)) for name in FILTERS)
        return {name: filter for name, filter in chosen if filter is not None}


def measure(table: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """A table of samples with the measures of every filter in use beside them."""
    for filter in filters.active().values():
        table = table.with_columns(filter.measured(table).get_columns())
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
        KeyError: measures are missing.
    """
    active = filters.active()
    for filter in active.values():
        if missing := [column for column in filter.columns if column not in table.columns]:
            raise KeyError(
                f"filter {filter.name} has no measures in this table: {', '.join(missing)} "
                "missing; call filters.measure first"
            )
    measures = {column for filter in active.values() for column in filter.columns}
    floats = [name for name in measures if table.schema[name].is_float()]
    faults = _faults(table.with_columns(pl.col(floats).fill_nan(None)), active)
    if not active:
        nothing = pl.lit([], dtype=pl.List(pl.String))
        return table.with_columns(reasons=nothing, dropped_by=pl.lit(None, dtype=pl.String))
    first = [pl.when(pl.col(name).list.len() > 0).then(pl.lit(name)) for name in active]
    verdicts = faults.select(reasons=pl.concat_list(pl.all()), dropped_by=pl.coalesce(first))
    return table.with_columns(verdicts.get_columns())


def _faults(table: pl.DataFrame, active: dict[str, Filter]) -> pl.DataFrame:
    """All faults that each filter finds; those that ask for `accepted`, whether a sample has none
    so far, come after the others."""
    last = [name for name, filter in active.items() if "accepted" in filter.asks()]
    faults = table.select(active[name].faults().alias(name) for name in active if name not in last)
    fine = [pl.col(name).list.len() == 0 for name in faults.columns]
    accepted = faults.select(accepted=pl.all_horizontal(pl.lit(True), *fine)).to_series()
    table = table.with_columns(accepted=accepted if fine else pl.lit(True))
    rest = table.select(active[name].faults().alias(name) for name in last)
    return pl.concat([faults, rest], how="horizontal").select(list(active))


def funnel(judged: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """How many samples each filter drops, one after another and on its own.

    Args:
        judged: what `judge` returned for the same filters.
        filters: the rules.

    Returns:
        A row for each filter in use, in order: `filter`, `entering`, `dropped`, `left` (each filter
        sees what the ones before it left) and `dropped_alone_total` (how many of all samples this
        filter would drop if it were the only one).
    """
    rows = []
    left = judged.height
    for name, filter in filters.active().items():
        own = pl.lit([*filter.reasons(), filter.not_measured])
        alone = judged.select((pl.col("reasons").list.set_intersection(own).list.len() > 0).sum())
        dropped = judged.filter(pl.col("dropped_by") == name).height
        rows.append((name, left, dropped, left - dropped, alone.item()))
        left -= dropped
    counts = ("entering", "dropped", "left", "dropped_alone_total")
    schema = {"filter": pl.String(), **dict.fromkeys(counts, pl.Int64())}
    return pl.DataFrame(rows, schema=schema, orient="row")
