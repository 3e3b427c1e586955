"""Samples whose fate is another by other rules: those nearest to the limit first."""

from __future__ import annotations

from collections.abc import Mapping, Set

import polars as pl

from factory.versions.grounds import grounds
from filters import Filters
from filters.rules import Rules

EXAMPLE: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "domain": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "measure": pl.String(),
    "value": pl.Float64(),
    "limit": pl.Float64(),
}
"""A sample with another fate; the measure that its reason goes by, and what that is compared with,
where it is one number."""


def nearest_first(
    moving: pl.DataFrame, filters: Filters, others: Filters, most: int
) -> pl.DataFrame:
    """So many samples at most of each change of fate, as `EXAMPLE`.

    Args:
        moving: samples with `before` and `after`.
        filters: the rules now; limits are those of `others`, where these have the reason.
    """
    pairs = moving.select("before", "after").unique().sort("before", "after").rows()
    reasons = {word for pair in pairs for word in pair}
    limits = _limits(filters, reasons) | _limits(others, reasons)
    found = [pl.DataFrame(schema=EXAMPLE)]
    for before, after in pairs:
        rows = moving.lazy().filter(before=before, after=after)
        told = rows.select(
            *list(EXAMPLE)[:4], *_measured(after if after in limits else before, limits)
        )
        far = (pl.col("value") - pl.col("limit")).abs()
        found.append(told.bottom_k(most, by=[far.fill_null(float("inf")), "sample_id"]).collect())
    return pl.concat(found)


def _measured(reason: str, limits: Mapping[str, tuple[str, pl.Expr]]) -> list[pl.Expr]:
    """The last columns of `EXAMPLE`, of samples with this reason."""
    names = list(EXAMPLE)[4:]
    if reason not in limits:
        return [pl.lit(None, EXAMPLE[name]).alias(name) for name in names]
    measure, limit = limits[reason]
    told = (pl.lit(measure), pl.col(measure).cast(pl.Float64), limit)
    return [one.alias(name) for one, name in zip(told, names, strict=True)]


def _limits(filters: Filters, reasons: Set[str]) -> dict[str, tuple[str, pl.Expr]]:
    """Each of these reasons -> the measure that it goes by, and the number that this is compared
    with; of an entry for some domains, where a sample is of these."""
    found: dict[str, tuple[str, pl.Expr]] = {}
    for rules in filters.active().values():
        for entry in rules.entries if reasons & set(rules.reasons()) else ():
            for reason, ground in grounds(Rules(rules.filter, (entry,))).items():
                numbers = [one for one in ground.compared if _is_number(one.value)]
                if one := next((n for n in numbers if n.setting), None):
                    bound = pl.when(rules.takes(entry)).then(pl.lit(one.value, pl.Float64))
                    before = found.get(reason, (one.measure, pl.lit(None, pl.Float64)))
                    found[reason] = (before[0], bound.otherwise(before[1]))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
