"""A difference as data: one JSON document, and a table of the rows in Delta's words for changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from factory.versions.diff import DELETE, INSERT, UPDATE, Difference
from factory.versions.diff.shares import cost, distributions
from factory.versions.diff.side import FACTS, Side

Upload = tuple[int, int]
"""Bytes that a re-publish would upload, and bytes of all files."""
FORMAT = 1
"""Of the JSON document."""
BEFORE, AFTER = "update_preimage", "update_postimage"
"""Delta's words for a changed row before and after; `insert` and `delete` are ours as well."""


def document(found: Difference, upload: Upload | None, most: int) -> dict[str, Any]:
    """All that is told of a difference; at most so many rows."""
    return {
        "format": FORMAT,
        "a": _side(found.a),
        "b": _side(found.b),
        "rows": found.counts,
        "questions": found.rows.prompts,
        "upload": {"new": upload[0], "all": upload[1]} if upload else None,
        "sampled": cost(found.a, found.b),
        "recorded": found.recorded,
        "reasons": found.by_reason,
        "unexplained": found.without_reason["sample_id"].to_list(),
        "distributions": distributions(found.a, found.b),
        "changes": list(changes(found, most)),
    }


def _side(side: Side) -> dict[str, Any]:
    told = side.manifest
    return {
        "name": side.name,
        "digest": told.digest if told else None,
        "version": told.version if told else None,
        "rows": side.rows.height,
    }


def changes(found: Difference, most: int) -> list[dict[str, Any]]:
    """So many rows that are different, of every reason some, each with all its reasons."""
    keys = ["change", "sample_id"]
    reasons = found.reasons.with_row_index("order")
    first = reasons.unique(keys, keep="first", maintain_order=True)
    rows = found.different.join(first.select(*keys, "reason", "stage"), on=keys, how="left")
    turn = pl.int_range(pl.len()).over("change", "reason", "stage")
    unexplained = pl.col("reason").is_null()
    rows = rows.with_columns(turn=turn).sort(
        ~unexplained, "turn", "change", "reason", "stage", "sample_id"
    )
    rows = rows.head(most).drop("reason", "stage", "turn")
    told = ("reason", "stage", "detail", "pair")
    own = reasons.join(rows, on=keys, how="semi").sort("order").partition_by(keys, as_dict=True)
    return [
        {**row, "reasons": own[key].select(told).to_dicts() if key in own else []}
        for row in rows.iter_rows(named=True)
        for key in [(row["change"], row["sample_id"])]
    ]


def details(found: Difference) -> pl.DataFrame:
    """Every row that is different, in Delta's form of a change feed: `_change_type`, the first
    reason as `_reason`, `_stage` and `_detail`, all further ones in `_also`, `_pair`, then id,
    question and facts of the row. A changed row stands there as it was and as it is."""
    keys = ["change", "sample_id"]
    reasons = found.reasons.group_by(keys, maintain_order=True).agg(
        _reason=pl.col("reason").first(),
        _stage=pl.col("stage").first(),
        _detail=pl.col("detail").first(),
        _also=pl.col("detail").slice(1),
        named=pl.col("pair").drop_nulls().first(),
    )
    rows = found.different.join(reasons, on=keys, how="left").with_columns(
        _pair=pl.coalesce("pair", "named")
    )
    updated = rows.filter(change=UPDATE)
    parts = [
        _with_facts(rows.filter(change=DELETE), DELETE, found.a),
        _with_facts(rows.filter(change=INSERT), INSERT, found.b),
        _with_facts(updated, BEFORE, found.a),
        _with_facts(updated, AFTER, found.b),
    ]
    order = ["prompt_id", "sample_id", "_change_type"]
    return pl.concat(parts, how="diagonal_relaxed").sort(order, descending=[False, False, True])


def _with_facts(rows: pl.DataFrame, change: str, side: Side) -> pl.DataFrame:
    told = ("_reason", "_stage", "_detail", "_also", "_pair")
    rows = rows.select(pl.lit(change).alias("_change_type"), *told, "sample_id", "prompt_id")
    facts = side.facts
    lacks = [pl.lit(None, pl.String).alias(name) for name in FACTS if name not in facts.columns]
    facts = facts.with_columns(lacks).select("sample_id", *FACTS)
    return rows.join(facts, on="sample_id", how="left", maintain_order="left")


def write_details(found: Difference, file: Path) -> None:
    """Write `details` as Parquet, with types that others have."""
    from factory.versions.layout import write_plain

    write_plain(details(found), file)
