"""Duplicates: the same said in other rows already."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from filters.filter import SetFilter
from filters.places import Place, each
from filters.text.shorten import shorten

if TYPE_CHECKING:
    from filters.text.near import Clusters

SHINGLE = 5
"""Words in the runs that texts are compared by."""
CROWD = 10
"""Texts in the smallest cluster that can be an alarm: in a small set two are soon 1 %."""


class Duplicates(SetFilter):
    """Drops samples whose question, or whose text, says nearly the same as an earlier one.

    Texts are cut into runs of five words; case, accents, punctuation and the dressing of LaTeX make
    no difference. Two texts are near when at least `min_similarity` of the runs that either has
    stand in both (Jaccard), computed from the runs themselves. A run that more than 1 % of the
    texts share weighs less, the less the more share it, so a common opening makes no duplicates.
    Each text is compared with the first ones of clusters only: a chain in which A is near B and B
    near C does not make A and C the same, which merged 743,779 documents in marin (6851).

    Of each cluster the first question that has an accepted sample stays, with all its samples; over
    responses, the first accepted sample. So a cluster is not lost with its first question.

    Measures:
        duplicate_cluster: id of the cluster's first question or sample; null where none is near
        duplicate_place: place in the cluster, 0 for the first
        duplicate_similarity: similarity with the first, 0 to 1; 1 for itself
        duplicate_exact: whether its words are those of the first, in the same order
        duplicate_size: how many are in the cluster, 1 where none is near

    An alarm is said where one cluster holds more than `alarm_cluster` of all, or where a source
    loses more than `alarm_source`, with examples: then look at them before you train.

    Two questions of one form, with other numbers or signs in them and another key, are two:
    generators make such, and GSM-Hard is made of GSM8K so. Without keys they are near. Not covered:
    the same said in other words or another language, and short questions with a word changed.

    >>> one = "A tank holds 120 litres, and 90 of them are used. How many litres are left?"
    >>> two = "A tank holds 120 litres, and 90 of them are used; how many litres are left"
    >>> Duplicates.found(one, two)["duplicate_exact"]
    True
    """

    name: ClassVar[str] = "duplicates"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("prompt_id",)
    columns: ClassVar[dict[str, pl.DataType]] = {
        "duplicate_cluster": pl.String(),
        "duplicate_place": pl.Int32(),
        "duplicate_similarity": pl.Float64(),
        "duplicate_exact": pl.Boolean(),
        "duplicate_size": pl.Int32(),
    }
    alone: ClassVar[dict[str, Any]] = {
        "duplicate_place": 0,
        "duplicate_similarity": 1.0,
        "duplicate_exact": False,
        "duplicate_size": 1,
    }

    over: Literal["prompts", "responses", "everything"] = "prompts"
    """What is compared: questions, the samples of each question, or all samples."""
    drop: bool = True
    """Drop all but the first of each cluster; false: only measure, as `dataset.select.per_cluster`
    wants it."""
    min_similarity: float = Field(0.8, ge=0.7, le=1)
    """Least similarity of a near-duplicate, 0.7 to 1."""
    alarm_cluster: float = Field(0.01, gt=0, le=1)
    """Share of all texts in one cluster above which an alarm is said."""
    alarm_source: float = Field(0.5, gt=0, le=1)
    """Share of a source's texts lost above which an alarm is said."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        return Duplicates.nothing(rows.height)

    def comparison(self) -> str:
        return f"over {self.over}, from {self.min_similarity} on"

    def reasons(self) -> dict[str, pl.Expr]:
        if not self.drop:
            return {}
        accepted = pl.col("duplicate_place").filter(pl.col("accepted"))
        later = pl.col("duplicate_place") > accepted.min().over("duplicate_cluster").fill_null(0)
        return {
            "exact_duplicate": later & pl.col("duplicate_exact"),
            "near_duplicate": later & ~pl.col("duplicate_exact"),
        }

    def of_draws(self) -> bool:
        return self.over != "prompts"

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        """What it shares with the first of its cluster, whose text is `sample["first"]`."""
        from filters.text.shared import shared

        part, first = "text" if self.of_draws() else "question", sample.get("first")
        if not first or reason not in self.reasons():
            return []
        text = sample.get(part) or ""
        words = f"also in {sample.get('duplicate_cluster')}, the first of its cluster"
        return each(part, shared(text, first, SHINGLE), words)

    @classmethod
    def found(cls, first: str, second: str, least: float = 0.8) -> dict[str, Any]:
        """What is measured of the second of two texts, for people and doctests."""
        from filters.text import near

        texts = pl.Series([first, second])
        with tempfile.NamedTemporaryFile() as scratch:
            clusters = near.clusters([texts], texts, least, Path(scratch.name))
        return cls.facts(clusters, pl.Series(["first", "second"])).row(1, named=True)

    @classmethod
    def facts(cls, found: Clusters, ids: pl.Series) -> pl.DataFrame:
        """The measures of texts with these ids from their clusters, in their order."""
        first = pl.Series("first", found.representative)
        rows = pl.DataFrame({"first": first, "similarity": found.similarity, "same": found.same})
        size = pl.len().over("first")
        later = pl.int_range(pl.len()).over("first")
        return rows.select(
            duplicate_cluster=pl.when(size > 1).then(ids.gather(first)),
            duplicate_place=later,
            duplicate_similarity="similarity",
            duplicate_exact=pl.col("same") & (later > 0),
            duplicate_size=size,
        ).cast(pl.Schema(cls.columns))

    def alarms(self, rows: pl.DataFrame) -> list[str]:
        """What to look at before training, a sentence each.

        Args:
            rows: the measures of all texts, with `source` and `text`.
        """
        said = []
        large = pl.col("duplicate_size") > max(CROWD - 1, self.alarm_cluster * rows.height)
        clusters = rows.filter(large & pl.col("duplicate_cluster").is_not_null())
        for (_,), members in clusters.group_by("duplicate_cluster", maintain_order=True):
            share = members.height / rows.height
            said.append(
                f"duplicates: one cluster has {members.height:,} of {rows.height:,} texts "
                f"({share:.1%}): {_examples(members)}"
            )
        later = rows.filter(pl.col("duplicate_place") > 0)
        for (source,), members in rows.group_by("source", maintain_order=True):
            lost = later.filter(pl.col("source") == source)
            if lost.height > self.alarm_source * members.height:
                said.append(
                    f"duplicates: {source} loses {lost.height:,} of {members.height:,} texts, as "
                    f"they say what others say: {_examples(lost)}"
                )
        return said


def _examples(rows: pl.DataFrame) -> str:
    texts = rows["text"].drop_nulls().unique(maintain_order=True)[:3]
    return "; ".join(repr(shorten(text, 80)) for text in texts)
