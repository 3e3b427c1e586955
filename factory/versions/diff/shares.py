"""Distributions of two versions side by side, and what the change took."""

from __future__ import annotations

from typing import Any

import polars as pl

from factory.versions.diff.side import Side
from factory.versions.folder import decisions_of

SHARES = ("domain", "source", "teacher", "language", "license")
"""What rows are counted by."""
QUANTILES = {"shortest": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "longest": 1.0}


def distributions(a: Side, b: Side) -> dict[str, list[dict[str, Any]]]:
    """Of each distribution its lines, with what was (`a`) and what is (`b`): `length` in tokens,
    `pass_rate` of the questions that rows answer, and shares of rows, 0 to 1."""
    was, now = a.facts, b.facts
    found = {"length": _length(was, now), "pass_rate": _rates(a, b)}
    for name in SHARES:
        if name in was.columns or name in now.columns:
            found[name] = _shares(name, _named(a, was, name), _named(b, now, name))
    return {name: lines for name, lines in found.items() if lines}


def _length(was: pl.DataFrame, now: pl.DataFrame) -> list[dict[str, Any]]:
    tokens = [
        table["completion_tokens"].drop_nulls() if "completion_tokens" in table.columns else None
        for table in (was, now)
    ]
    if any(one is None or one.is_empty() for one in tokens):
        return []
    a, b = (one for one in tokens if one is not None)
    lines = [
        {"value": name, "a": a.quantile(share, "nearest"), "b": b.quantile(share, "nearest")}
        for name, share in QUANTILES.items()
    ]
    return [*lines, {"value": "mean", "a": a.mean(), "b": b.mean()}]


def _rates(a: Side, b: Side) -> list[dict[str, Any]]:
    """Mean share of the judged draws of a question that are correct, over the questions of rows."""
    rates = [_rate(side) for side in (a, b)]
    return [{"value": "mean", "a": rates[0], "b": rates[1]}] if None not in rates else []


def _rate(side: Side) -> float | None:
    if not side.has_decisions or "verdict" not in side.noted:
        return None
    question = pl.col("prompt_id").hash()  # a number: two that are one move a mean by nothing
    judged = pl.scan_parquet(decisions_of(side.folder)).filter(
        pl.col("verdict").is_in(["correct", "incorrect"])
    )
    each = judged.select(question, right=pl.col("verdict") == "correct").group_by("prompt_id")
    asked = side.rows.lazy().select(question).unique()
    rates = each.agg(rate=pl.col("right").mean()).join(asked, on="prompt_id", how="semi")
    return rates.select(pl.col("rate").mean()).collect(engine="streaming").item()


def _named(side: Side, rows: pl.DataFrame, name: str) -> pl.Series:
    """A column as people call it: teachers by their names."""
    if name not in rows.columns:
        return pl.Series(name, [None] * rows.height, dtype=pl.String)
    if name != "teacher" or side.manifest is None:
        return rows[name]
    names = {one.digest: one.name for one in side.manifest.teachers}
    only = next(iter(names.values())) if len(names) == 1 else None
    known = rows[name].replace(names)
    return pl.select(pl.when(known.is_in([*names.values()])).then(known).otherwise(
        pl.lit(only) if only else known
    ).alias(name)).to_series()  # fmt: skip


def _shares(name: str, was: pl.Series, now: pl.Series) -> list[dict[str, Any]]:
    counts = [
        one.cast(pl.String).alias(name).value_counts(name="rows") for one in (was, now)
    ]  # fmt: skip
    both = counts[0].join(
        counts[1], on=name, how="full", coalesce=True, nulls_equal=True, suffix="_b"
    )
    both = both.with_columns(pl.col("rows", "rows_b").fill_null(0)).sort(
        pl.max_horizontal("rows", "rows_b"), name, descending=[True, False]
    )
    sizes = max(1, was.len()), max(1, now.len())
    return [
        {"value": value, "a": a / sizes[0], "b": b / sizes[1]} for value, a, b in both.iter_rows()
    ]


def cost(a: Side, b: Side) -> dict[str, int | None]:
    """Draws of the second version that the first does not have, and their tokens: what was sampled
    between them."""
    if not (a.has_decisions and b.has_decisions):
        return {"draws": None, "tokens": None}
    columns = ("sample_id", "completion_tokens")
    new = b.decided(columns).join(a.decided(("sample_id",)), on="sample_id", how="anti")
    tokens = new["completion_tokens"]
    known = None if tokens.null_count() else int(tokens.cast(pl.Int64).sum())
    return {"draws": new.height, "tokens": known}
