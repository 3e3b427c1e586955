"""What if: the funnel at other thresholds, and which rows are gained and lost, from measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from polars.selectors import numeric

from factory.audit.subject import Subject
from factory.audit.what_if.choosing import CHOSEN, chosen_again, not_repeated
from factory.audit.what_if.nearest import nearest_first
from factory.audit.what_if.settings import as_recipe, changed
from factory.errors import RecipeError
from factory.versions.selection.facts import LIMO
from factory.versions.selection.ranking import HELPS
from filters import FILTERS, Filters, judge

ROW, ACCEPTED = "row", "accepted"
"""What samples become that no filter drops: a row, or, where selection is not repeated, accepted
ones."""
STEP: dict[str, pl.DataType] = {
    "filter": pl.String(),
    "dropped": pl.Int64(),
    "left": pl.Int64(),
    "dropped_then": pl.Int64(),
    "left_then": pl.Int64(),
}
"""A filter now and then, each after those before it; null where it is not used."""
MOVED: dict[str, pl.DataType] = {
    "domain": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "samples": pl.Int64(),
}
"""So many samples of a domain have another fate: `row` (or `accepted`), `spare: STEP`, or the first
reason to drop them."""


@dataclass(frozen=True)
class WhatIf:
    """Other rules, and what they would do."""

    texts: tuple[str, ...]
    """The changes, as a person wrote them."""
    filters: Filters
    """The other rules."""
    funnel: pl.DataFrame
    """As `STEP`, in the order of the funnel."""
    moved: pl.DataFrame
    """As `MOVED`: all samples whose fate is another."""
    examples: pl.DataFrame
    """As `nearest.EXAMPLE`: some of those gained and lost, of each `before` and `after`, those
    nearest to the limit first."""
    rows: tuple[int, int]
    """How many rows there are now and then; accepted samples where selection is not repeated."""
    recipe: str
    """The filters that are different, as YAML for a recipe."""
    note: str | None
    """What is not answered, in a sentence."""

    def gained(self) -> pl.DataFrame:
        """Of `moved` what becomes a row."""
        return self.moved.filter(pl.col("after").is_in([ROW, ACCEPTED]))

    def lost(self) -> pl.DataFrame:
        """Of `moved` what is no row any more."""
        return self.moved.filter(pl.col("before").is_in([ROW, ACCEPTED]))


def what_if(subject: Subject, texts: Sequence[str], examples: int = 5) -> WhatIf:
    """What other rules would do with the samples of a subject.

    Args:
        texts: the changes, as `settings.changed` takes them.
        examples: how many samples are named of each change of fate.

    Raises:
        RecipeError: a change is not such as there is, or its filter was not measured.
    """
    filters = changed(subject.filters, texts)
    _must_be_measured(subject, filters)
    fates = subject.samples["fate"].is_in([*CHOSEN, "spare", "dropped"])
    samples = subject.samples if fates.all() else subject.samples.filter(fates)
    note = not_repeated(subject)
    judged = _judged(subject, samples, filters)
    if note is None:
        judged = judged.with_columns(chosen_again(subject, judged, filters).get_columns())
    now, then = _fates(samples, note), _fates(judged, note)
    other = pl.any_horizontal(a.ne_missing(b) for a, b in zip(now, then, strict=True))
    at = pl.select(other).to_series().arg_true()
    before, after = (_words(fates[at], note) for fates in (now, then))
    told = samples.select("sample_id", "domain", numeric())
    moving = told[at].with_columns(before=before, after=after)
    row = ACCEPTED if note else ROW
    crossing = moving.filter((pl.col("before") == row) | (pl.col("after") == row))
    return WhatIf(
        texts=tuple(texts),
        filters=filters,
        funnel=_funnel(samples, judged, subject.filters, filters),
        moved=_counted(moving),
        examples=nearest_first(crossing, subject.filters, filters, examples),
        rows=(_rows(now), _rows(then)),
        recipe=as_recipe(subject.filters, filters),
        note=note,
    )


def _must_be_measured(subject: Subject, filters: Filters) -> None:
    """That the table has the measures of all filters. Raises RecipeError."""
    there = set(subject.samples.columns)
    for name, rules in filters.active().items():
        if lacks := sorted(set(rules.filter.columns) - there):
            raise RecipeError(
                f"filter {name}: {subject.place} has no {', '.join(lacks)}, as it was made without "
                "this filter. Put it into the recipe and run `factory build`, which measures"
            )


def _judged(subject: Subject, samples: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """Samples by other rules. Those that a filter dropped which is not here stay dropped by it."""
    active, used = filters.active(), subject.filters.active()
    asked = {column for rules in active.values() for column in rules.asks()}
    wanted = {*asked, *HELPS, *LIMO, *(c for r in active.values() for c in r.filter.columns)}
    judged = judge(samples.select([c for c in samples.columns if c in wanted]), filters)
    told = subject.manifest.rules if subject.manifest else []
    if all(rule.filter in used for rule in told):
        return judged
    own = [reason for rules in used.values() for reason in rules.reasons()]
    theirs = samples["reasons"].list.set_difference(own)
    return judged.with_columns(
        dropped_by=pl.coalesce("dropped_by", theirs.list.first()),
        reasons=pl.concat_list("reasons", theirs),
    )


def _fates(rows: pl.DataFrame, note: str | None) -> pl.DataFrame:
    """What became of each sample: the first reason to drop it, or the step that left it out."""
    reason = pl.when(pl.col("dropped_by").is_not_null()).then(
        pl.coalesce(pl.col("reasons").list.first(), "dropped_by")
    )
    spare = pl.lit(None, pl.String) if note else pl.col("spare_by")
    return rows.select(reason=reason, spare=spare)


def _rows(fates: pl.DataFrame) -> int:
    return fates.filter(pl.all_horizontal(pl.all().is_null())).height


def _words(fates: pl.DataFrame, note: str | None) -> pl.Series:
    """The same in a word each."""
    spare = pl.concat_str(pl.lit("spare: "), "spare")
    return fates.select(pl.coalesce("reason", spare, pl.lit(ACCEPTED if note else ROW))).to_series()


def _funnel(
    before: pl.DataFrame, after: pl.DataFrame, filters: Filters, others: Filters
) -> pl.DataFrame:
    now, then = _steps(before, filters), _steps(after, others)
    used = {**filters.active(), **others.active()}
    names = [*(n for n in FILTERS if n in used), *(n for n in used if n not in FILTERS)]
    rows = [(name, *now.get(name, (None, None)), *then.get(name, (None, None))) for name in names]
    return pl.DataFrame(rows, schema=STEP, orient="row")


def _steps(judged: pl.DataFrame, filters: Filters) -> dict[str, tuple[int, int]]:
    """Filter -> samples that it drops first, and that are left behind it."""
    counts = dict(judged["dropped_by"].drop_nulls().value_counts().iter_rows())
    left, steps = judged.height, {}
    for name in filters.active():
        left -= counts.get(name, 0)
        steps[name] = (counts.get(name, 0), left)
    return steps


def _counted(moving: pl.DataFrame) -> pl.DataFrame:
    by = ["domain", "before", "after"]
    counts = moving.group_by(by).len("samples").cast(pl.Schema(MOVED)).select(list(MOVED))
    return counts.sort("domain", -pl.col("samples"), "before", "after")
