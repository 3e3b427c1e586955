"""What a comparison of the whole set found about single samples: pairs with benchmarks, and the
first of a cluster of near-duplicates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from factory.audit.subject import Subject
from factory.generations.folder import measures
from factory.versions.compare import evidence, homes

MOST = 5
"""Pairs of one sample, the strongest of each method first."""


def evidence_of(subject: Subject, samples: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """What stands behind the set filters' facts: of each sample `pairs` and `first`, where there
    are some.

    Args:
        subject: what is audited; a version without its run has no pairs.
        samples: some of its samples.
    """
    found: dict[str, dict[str, Any]] = {}
    for sample, pairs in _pairs(subject, samples).items():
        found.setdefault(sample, {})["pairs"] = pairs
    for sample, first in _firsts(subject, samples).items():
        found.setdefault(sample, {})["first"] = first
    return found


def _home(subject: Subject) -> Path:
    if subject.run:
        return subject.run.stage("measures")
    return measures(Path(subject.place))


def _pairs(subject: Subject, samples: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    rules, home = subject.filters.contamination, _home(subject)
    if rules is None or "contamination" not in homes(home):
        return {}
    known = evidence("contamination", home).filter(rules.speaks())
    known = known.sort("value", descending=True, maintain_order=True)
    asked = samples.select("sample_id", "prompt_id")
    of_prompts = known.filter(pl.col("sample_id").is_null()).drop("sample_id")
    of_draws = known.drop_nulls("sample_id").drop("prompt_id")
    rows = [
        *asked.join(of_prompts, on="prompt_id", how="inner").iter_rows(named=True),
        *asked.join(of_draws, on="sample_id", how="inner").iter_rows(named=True),
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        own = found.setdefault(row["sample_id"], [])
        if sum(one["method"] == row["method"] for one in own) < MOST:
            own.append(row)
    return found


def _firsts(subject: Subject, samples: pl.DataFrame) -> dict[str, str]:
    """The text of the first of each sample's cluster, where it is another than this."""
    rules = subject.filters.duplicates
    if rules is None or "duplicate_cluster" not in samples.columns:
        return {}
    key, column = ("sample_id", "text") if rules.of_draws() else ("prompt_id", "question")
    clustered = samples.filter(
        pl.col("duplicate_cluster").is_not_null() & (pl.col("duplicate_cluster") != pl.col(key))
    )
    if clustered.is_empty():
        return {}
    firsts = subject.samples.filter(pl.col(key).is_in(clustered["duplicate_cluster"].to_list()))
    firsts = firsts.unique(key, keep="first", maintain_order=True)
    told = subject.texts.of(firsts["sample_id"].to_list())
    texts = dict(told.select(key, column).iter_rows())
    pairs = clustered.select("sample_id", "duplicate_cluster").iter_rows()
    return {sample: texts[first] for sample, first in pairs if texts.get(first)}
