"""Copies: near-duplicates and questions of benchmarks, with where their evidence lies."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted

SECTION = "copies"
LARGEST = 20
"""Clusters that are told one by one."""
SIZES = (2, 3, 5, 10, 20, 50, 100, 1000)
"""Sizes at which classes of clusters begin."""


def copies(counted: Counted) -> list[Figure]:
    """Clusters of near-duplicates by size, the largest of them, and hits of each benchmark."""
    questions = (
        ("duplicates", "Near-duplicates by size of their cluster", _clusters),
        ("duplicates.largest", "The largest clusters", _largest),
        ("contamination", "Samples and prompts that stand in a benchmark", _benchmarks),
    )
    told = {"duplicates": "duplicate_size", "contamination": "contamination_words"}
    found = []
    for key, title, make in questions:
        name = key.partition(".")[0]
        if counted.has(told[name]):
            found.append(make(counted, title))
            continue
        in_use = name in counted.subject.filters.active()
        why = "nothing was compared" if in_use else f"the filter `{name}` is not in use"
        found.append(Figure(key, SECTION, title, pl.DataFrame(), {}, missing=why))
    return found


def evidence(counted: Counted, name: str) -> str:
    """Where the pairs of a comparison lie, as a sentence; empty where they are not here."""
    run = counted.subject.run
    if run is None:
        return "The pairs are in the run that made it (measures/…/evidence.parquet). "
    homes = sorted(run.path.glob(f"measures/{name}@*/*/evidence.parquet"))
    return f"Pairs: {homes[-1].relative_to(run.path)} in the run. " if homes else ""


def _members(counted: Counted) -> pl.LazyFrame:
    own = pl.col("reasons").list
    return counted.samples.lazy().filter(pl.col("duplicate_size") > 1).select(
        "prompt_id", "source", cluster="duplicate_cluster", size="duplicate_size",
        similarity="duplicate_similarity", exact="duplicate_exact",
        dropped=own.contains("exact_duplicate") | own.contains("near_duplicate"),
    )  # fmt: skip


def _clusters(counted: Counted, title: str) -> Figure:
    begins = pl.lit(SIZES[0])
    for size in SIZES[1:]:
        begins = pl.when(pl.col("size") >= size).then(size).otherwise(begins)
    table = (
        _members(counted)
        .group_by(begins.cast(pl.Int64).alias("size_from"))
        .agg(
            clusters=pl.col("cluster").n_unique().cast(pl.Int64),
            samples=pl.len().cast(pl.Int64),
            prompts=pl.col("prompt_id").n_unique().cast(pl.Int64),
            exact=pl.col("exact").sum().cast(pl.Int64),
            dropped=pl.col("dropped").sum().cast(pl.Int64),
        )
        .sort("size_from")
        .collect()
    )
    alone = int((counted.samples["duplicate_size"] == 1).sum())
    lacks = counted.samples["duplicate_size"].null_count()
    return Figure(
        key="duplicates",
        section=SECTION,
        title=title,
        table=table,
        columns={
            "size_from": "least members of a cluster in this class; the next class begins where "
            "this one ends",
            "clusters": "clusters of this class",
            "samples": "samples in them",
            "prompts": "prompts of these",
            "exact": "samples with the same words as the first of their cluster",
            "dropped": "samples with a reason of `duplicates`",
        },
        chart=Chart("bars", x="size_from", y="samples"),
        note=f"{alone:,} samples are like no other, {lacks:,} were not compared. "
        f"{evidence(counted, 'duplicates')}A cluster counts prompts or samples, as "
        "`duplicates.over` says.",
        missing=None if table.height else "no sample is near another",
    )


def _largest(counted: Counted, title: str) -> Figure:
    table = (
        _members(counted)
        .group_by("cluster")
        .agg(
            size=pl.col("size").max().cast(pl.Int64),
            samples=pl.len().cast(pl.Int64),
            prompts=pl.col("prompt_id").n_unique().cast(pl.Int64),
            sources=pl.col("source").drop_nulls().unique().sort().head(5).str.join(", "),
            least_similarity=pl.col("similarity").min(),
            dropped=pl.col("dropped").sum().cast(pl.Int64),
        )
        .sort("size", "cluster", descending=[True, False])
        .head(LARGEST)
        .collect()
    )
    return Figure(
        key="duplicates.largest",
        section=SECTION,
        title=title,
        table=table,
        columns={
            "cluster": "id of its first prompt or sample",
            "size": "members, in what was compared",
            "samples": "samples here",
            "prompts": "prompts of these",
            "sources": "where they come from, five at most",
            "least_similarity": "least similarity of a member with the first, 0 to 1",
            "dropped": "samples with a reason of `duplicates`",
        },
        chart=Chart("bars", x="cluster", y="size"),
        note="One cluster that holds much of a set is a template or a fault of the comparison: "
        f"read some of its texts. {evidence(counted, 'duplicates')}".strip(),
        missing=None if table.height else "no sample is near another",
    )


def _benchmarks(counted: Counted, title: str) -> Figure:
    """By benchmark and reason; the benchmark is the first word of the item."""
    own = pl.col("reasons").list.set_intersection(
        [r for r in counted.faults.reasons if counted.faults.owner[r] == "contamination"]
    )
    hits = counted.samples.lazy().filter(pl.col("contamination_item").is_not_null()).select(
        "prompt_id", item="contamination_item", reason=own,
        benchmark=pl.col("contamination_item").str.splitn(" ", 2).struct.field("field_0"),
    ).collect()  # fmt: skip
    reasons = hits.with_columns(
        reason=pl.when(pl.col("reason").list.len() == 0)
        .then(pl.lit(["below all limits"]))
        .otherwise("reason")
    ).explode("reason")
    table = (
        reasons.group_by("benchmark", "reason")
        .agg(
            samples=pl.len().cast(pl.Int64),
            prompts=pl.col("prompt_id").n_unique().cast(pl.Int64),
            items=pl.col("item").n_unique().cast(pl.Int64),
            example=pl.col("item").sort().first(),
        )
        .sort("samples", "benchmark", "reason", descending=[True, False, False])
    )
    compared = int(counted.samples["contamination_words"].is_not_null().sum())
    return Figure(
        key="contamination",
        section=SECTION,
        title=title,
        table=table,
        columns={
            "benchmark": "whose question it is",
            "reason": "how they are alike; below all limits: too little to be dropped",
            "samples": "samples with this reason",
            "prompts": "prompts of these",
            "items": "questions of the benchmark that most speaks for",
            "example": "one of them, by file and line",
        },
        chart=Chart("bars", x="benchmark", y="prompts", series="reason"),
        note=f"{compared:,} of {counted.samples.height:,} samples were compared. What is found is "
        "evidence and no proof: of the sources that n-grams flag most are innocent. "
        f"{evidence(counted, 'contamination')}".strip(),
        missing=None if table.height else "no question of a benchmark was found",
    )
