"""Pairs of two subjects: the samples that both have, or the prompts that both have asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from factory.audit.figures.coded import ALL, MOST, OTHERS, UNKNOWN
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import DIFFICULTIES
from factory.audit.subject import SAMPLES

Level = Literal["samples", "prompts"]
OF_PROMPTS = ("source", "domain", "language", "difficulty")
"""Groups that all draws of a prompt are in."""
OF_DRAWS = ("teacher", "strategy")
"""Groups that draws of one prompt may differ in."""
ENDS = (0.0, 0.25, 0.5, 0.75, 1 - 1e-9, 1.0)
"""The highest pass rate of each of `DIFFICULTIES`."""
NAMES = tuple(name for name in OF_PROMPTS if name != "difficulty")
_PROMPT = pl.coalesce("prompt_id", "sample_id").hash().alias("prompt")
"""A number for each prompt, the same on both sides; a sample without one is its own."""


@dataclass(frozen=True)
class Split:
    """A way to put pairs into groups."""

    by: str
    """`overall`, or what the groups are of, as `domain`."""
    labels: list[str]
    """Names of the groups."""
    group: np.ndarray
    """Of each kind of clusters the number of its group."""

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum of values of kinds in each group."""
        return np.bincount(self.group, values, len(self.labels))


@dataclass(frozen=True)
class Clusters:
    """Prompts, or prompts by teacher: what is drawn anew for an interval, with all its pairs."""

    of_cell: np.ndarray | None
    """Of each cell of pairs the number of its cluster; None: each cell is one."""
    kind: np.ndarray
    """Of each cluster the number of its kind; those of one kind are in the same groups."""
    splits: list[Split]

    @cached_property
    def kinds(self) -> int:
        """How many there are."""
        return int(self.kind.max()) + 1

    def summed(self, values: np.ndarray) -> np.ndarray:
        """The sums by cluster of what is summed by cell."""
        if self.of_cell is None:
            return values
        return np.bincount(self.of_cell, values, len(self.kind))

    def by_kind(self, values: np.ndarray) -> np.ndarray:
        """The sums by kind of what is summed by cluster."""
        return np.bincount(self.kind, values, self.kinds)

    @cached_property
    def members(self) -> dict[str, list[np.ndarray]]:
        """The clusters of each group of each split."""
        found = {}
        for split in self.splits:
            group = split.group[self.kind]
            ends = np.cumsum(np.bincount(group, minlength=len(split.labels)))
            found[split.by] = np.split(np.argsort(group, kind="stable"), ends[:-1])
        return found


@dataclass(frozen=True)
class Pairs:
    """What is compared: a pair is a sample that both have, or the draws of both of one prompt."""

    level: Level
    was: np.ndarray
    """At level `samples`, of each pair the row in the first; at level `prompts`, of each row of the
    first the number of its pair; `count`: it has none."""
    now: np.ndarray
    """The same for the second."""
    starts: np.ndarray
    """Where the pairs of each cell begin: those of one prompt, teacher and strategy."""
    count: int
    """How many pairs there are."""
    clusters: list[Clusters]
    """What they are counted by."""

    @cached_property
    def sizes(self) -> np.ndarray:
        """The pairs of each cell."""
        return np.diff(np.append(self.starts, self.count))

    def means(self, values: np.ndarray, of: np.ndarray) -> np.ndarray:
        """The value of each pair on one side, of several draws their mean; NaN: not measured.

        Args:
            values: of each sample of that side; NaN: not measured.
            of: `was` or `now`.
        """
        if self.level == "samples":
            return values.take(of)
        unknown = np.isnan(values)
        counts = self._draws[0 if of is self.was else 1]
        if unknown.any():
            counts = counts - np.bincount(of[unknown], minlength=self.count + 1)
            values = np.where(unknown, 0.0, values)
        sums = np.bincount(of, values, self.count + 1)
        found = np.divide(sums, counts, np.full(self.count + 1, np.nan), where=counts > 0)
        return found[: self.count]

    @cached_property
    def _draws(self) -> list[np.ndarray]:
        """The rows of each pair on each side; behind them those that have none."""
        return [np.bincount(of, minlength=self.count + 1) for of in (self.was, self.now)]


@dataclass(frozen=True)
class Joined:
    """Two subjects side by side."""

    was: Counted
    """What the audit's subject is compared with: before."""
    now: Counted
    """The subject of the audit: after."""

    @property
    def sides(self) -> dict[str, Counted]:
        """Both by name, in the order of time."""
        return {"before": self.was, "after": self.now}

    @cached_property
    def samples(self) -> pl.DataFrame:
        """The samples that both have: `sample_id`, `prompt_id`, and of each side `fate`, `verdict`
        and the number of its row, with `_was` behind their names for the first."""
        own = ("sample_id", "prompt_id", "fate", "verdict")
        was, now = (side.samples.select(own).with_row_index("row") for side in (self.was, self.now))
        both = now.join(was, on="sample_id", how="inner", suffix="_was")
        return both.unique("sample_id", keep="first", maintain_order=True) if _again(both) else both

    @cached_property
    def prompts(self) -> pl.DataFrame:
        """`prompt_id` of the prompts that both have draws of."""
        return self.asked["after"].join(self.asked["before"], on="prompt_id", how="semi")

    @cached_property
    def asked(self) -> dict[str, pl.DataFrame]:
        """`prompt_id` of the prompts that each side has draws of."""
        return {
            name: side.samples.select("prompt_id").drop_nulls().unique()
            for name, side in self.sides.items()
        }

    @cached_property
    def known(self) -> pl.DataFrame:
        """Of each prompt, by its number, the groups it is in."""
        return _described(self)

    @cached_property
    def other_draws(self) -> bool:
        """Whether one of them has draws of common prompts that the other lacks."""
        return any(
            rows.join(self.prompts, on="prompt_id", how="semi").height
            for rows in self.alone.values()
        )

    @cached_property
    def alone(self) -> dict[str, pl.DataFrame]:
        """The samples of each side that the other lacks, without their measures."""
        found = {}
        for name, side in self.sides.items():
            rows = side.samples.select(list(SAMPLES))
            every = rows.height == self.samples.height
            ids = self.samples.select("sample_id")
            found[name] = rows.clear() if every else rows.join(ids, on="sample_id", how="anti")
        return found

    def pairs(self, level: Level) -> list[Pairs]:
        """All pairs of a level: of prompts, also those of draws of one teacher or strategy."""
        if not (self.samples if level == "samples" else self.prompts).height:
            return []
        known = self.known
        if level == "samples":
            return [_of_samples(self, known)]
        parts = (_of_prompts(self, by, known) for by in OF_DRAWS)
        several = (part for part in parts if len(part.clusters[0].splits[0].labels) > 1)
        return [_of_prompts(self, None, known), *several]


def _again(both: pl.DataFrame) -> bool:
    """Whether a side has an id twice."""
    return both["sample_id"].hash().n_unique() < both.height


def _of_samples(joined: Joined, known: pl.DataFrame) -> Pairs:
    """Pairs of one cell stand together, and cells of one prompt."""
    told = joined.now.samples.select(_PROMPT, *OF_DRAWS)[joined.samples["row"]]
    rows = joined.samples.select(now="row", was="row_was").hstack(told)
    codes = {name: _coded(rows[name]) for name in OF_DRAWS}
    numbers = {name: code for name, (code, _) in codes.items()}
    rows = rows.select("now", "was", "prompt", **numbers).sort("prompt", *OF_DRAWS)
    cell = rows.select(pl.struct("prompt", *OF_DRAWS).rle_id()).to_series().to_numpy()
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    cells = rows.select("prompt", *OF_DRAWS)[starts]
    prompt = cells.select(pl.col("prompt").rle_id().cast(pl.Int64)).to_series().to_numpy()
    prompts = cells[np.flatnonzero(np.diff(prompt, prepend=-1))].select("prompt")
    clusters = [_grouped(prompts, known, prompt)] + [
        _within(by, labels, prompt, cells[by].to_numpy())
        for by, (_, labels) in codes.items()
        if len(labels) > 1
    ]
    was, now = (rows[name].cast(pl.Int64).to_numpy() for name in ("was", "now"))
    return Pairs("samples", was, now, starts, rows.height, clusters)


def _within(by: str, labels: list[str], prompt: np.ndarray, code: np.ndarray) -> Clusters:
    """Prompts in each of some groups that draws of one prompt may differ in."""
    most = len(labels)
    each, cluster = np.unique(prompt * most + code, return_inverse=True)
    return Clusters(cluster, each % most, [Split(by, labels, np.arange(most))])


def _of_prompts(joined: Joined, by: str | None, known: pl.DataFrame) -> Pairs:
    """A pair for each common prompt, or for each of its teachers, or strategies, that both have."""
    keys = ["prompt", *([by] if by else [])]
    was, now = (
        side.samples.select(
            pl.when(pl.col("prompt_id").is_not_null()).then(_PROMPT),
            *(pl.col(name).fill_null(UNKNOWN) for name in keys[1:]),
        )
        for side in (joined.was, joined.now)
    )
    pairs = now.unique().drop_nulls().join(was.unique(), on=keys, how="semi").sort(keys)
    pairs = pairs.with_row_index("pair")
    before, after = (
        side.join(pairs, on=keys, how="left", maintain_order="left")
        .select(pl.col("pair").cast(pl.Int64).fill_null(pairs.height))
        .to_series()
        .to_numpy()
        for side in (was, now)
    )
    if by:
        code, labels = _coded(pairs[by])
        kinds = Clusters(None, code.to_numpy(), [Split(by, labels, np.arange(len(labels)))])
    else:
        kinds = _grouped(pairs.select("prompt"), known, None)
    return Pairs("prompts", before, after, np.arange(pairs.height), pairs.height, [kinds])


def _grouped(prompts: pl.DataFrame, known: pl.DataFrame, of_cell: np.ndarray | None) -> Clusters:
    """Prompts in the groups of all that is known of prompts, as far as it has several."""
    told = prompts.join(known, on="prompt", how="left", maintain_order="left")
    codes = {name: _coded(told[name]) for name in OF_PROMPTS}
    several = {name: one for name, one in codes.items() if len(one[1]) > 1}
    kind = np.zeros(prompts.height, np.int64)
    for code, labels in several.values():
        kind = kind * len(labels) + code.to_numpy()
    each, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    splits = [Split("overall", [ALL], np.zeros(len(each), np.int64))]
    splits += [
        Split(name, labels, code.to_numpy()[first]) for name, (code, labels) in several.items()
    ]
    return Clusters(of_cell, kind, splits)


def _coded(values: pl.Series) -> tuple[pl.Series, list[str]]:
    """Values as numbers, and their labels: the commonest first, of difficulty in their order."""
    told = values.fill_null(UNKNOWN)
    sizes = told.value_counts(sort=True, name="pairs").sort(
        "pairs", told.name, descending=[True, False]
    )
    labels = sizes[told.name].to_list()
    if values.name == "difficulty":
        labels = [name for name in (*DIFFICULTIES, UNKNOWN) if name in labels]
    if len(labels) > MOST:
        labels = [*labels[: MOST - 1], OTHERS]
    numbers = range(len(labels))
    code = told.replace_strict(labels, numbers, default=len(labels) - 1, return_dtype=pl.Int64)
    return code, labels


def _described(joined: Joined) -> pl.DataFrame:
    """Of each prompt the groups it is in, as the second says, or else the first.

    Difficulty is by the verdicts of both together: by those of one side alone, prompts that were
    hard by chance there would seem to have become easier.
    """
    verdict = pl.col("verdict")
    right = (verdict == "correct").alias("right")
    judged = verdict.is_in(["correct", "incorrect"]).fill_null(False).alias("judged")
    sides = (joined.now.samples, joined.was.samples)
    tables = [side.lazy().select(_PROMPT, right, judged, *NAMES).collect() for side in sides]
    names = [table.unique("prompt", keep="first").select("prompt", *NAMES) for table in tables]
    told = names[0].join(names[1], on="prompt", how="full", coalesce=True, suffix="_was")
    own = (pl.coalesce(name, f"{name}_was").alias(name) for name in NAMES)
    draws = pl.concat([table.select("prompt", "right", "judged") for table in tables])
    rates = draws.group_by("prompt").agg(pl.col("right").sum(), pl.col("judged").sum())
    rate = pl.when(pl.col("judged") > 0).then(pl.col("right") / pl.col("judged"))
    rates = rates.select("prompt", difficulty=binned(rate))
    return told.select("prompt", *own).join(rates, on="prompt", how="left")


def binned(rate: pl.Expr) -> pl.Expr:
    """The bin of a pass rate; null where it is not known."""
    found: pl.Expr = pl.lit(None, pl.String)
    for name, end in reversed([*zip(DIFFICULTIES, ENDS, strict=True)]):
        found = pl.when(rate <= end).then(pl.lit(name)).otherwise(found)
    return found
