"""Measured samples judged by rules: all reasons against each, and the funnel of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory.generations.parts import Work
from factory.generations.samples import SAMPLE
from factory.progress import Report
from factory.prompts.collect import PROMPT
from factory.records import digest
from factory.versions import compare
from filters import Filters, funnel, funnels, judge

UNREAD = "unread"
"""The fate of a row that gave no text, and what dropped it."""
COLUMNS = 24
"""Columns of all samples that are read at once."""
FEW_HAVE = ("id", "teacher")
FATES = {"fate": pl.String(), "dropped_by": pl.String(), "reasons": pl.List(pl.String())}


@dataclass(frozen=True)
class Again:
    """The texts of samples, read from the tables once more: nobody keeps a copy."""

    work: Work
    report: Report
    total: int
    """Rows of the tables."""

    def beside(
        self, table: pl.DataFrame, columns: Sequence[str], at_once: int
    ) -> Iterator[pl.DataFrame]:
        """The rows of a table with the texts of their samples beside, in the tables' order."""
        for read, chunk in self.work.of_texts().chunks():
            self.report(read, max(read, self.total), "rows")
            texts = chunk.select("sample_id", *columns)
            rows = texts.join(table, on="sample_id", how="inner", maintain_order="left")
            yield from rows.iter_slices(at_once)

    def read(self, columns: Sequence[str], ids: pl.DataFrame) -> pl.DataFrame:
        """All of them at once: name few ids."""
        none = pl.DataFrame(schema={name: SAMPLE[name] for name in columns})
        found = self.beside(ids.select("sample_id"), columns, 10_000)
        return pl.concat([none, *(rows.select(columns) for rows in found)])


def compare_all(
    work: Work, items: pl.DataFrame, report: Report, say: Callable[[str], None]
) -> None:
    """Compare what filters of sets want compared."""
    if work.filters.comparing():
        rows = _readable(pl.concat([_part(path) for path in work.parts()]))
        rows = rows.select("sample_id", "prompt_id", "source")
        sets = compare.Sets(asked(work), items, Again(work, report, work.count()), rows)
        compare.compare(sets, work.filters, work.folder, report, say)


def judged(work: Work, at_once: bool = False) -> Iterator[pl.DataFrame]:
    """All samples in order, with measures and `FATES`: part by part, or at once where that is
    wanted, or a rule looks at several rows."""
    if work.filters.comparing():
        yield _judged(pl.concat([_part(path) for path in work.parts()]), work)
        return
    if at_once:
        yield _judged(measures_in(work.parts()), work)
        return
    for path in work.parts():
        yield _judged(_part(path), work)


def with_rules(rows: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """Samples with a column for each rule: `rule_REASON`, true where it is a reason to drop a
    sample, null where it could not be said."""
    columns = []
    for rules in filters.active().values():
        unmeasured = rules.entries[0].not_measured
        for reason in rules.reasons():
            told = pl.col("reasons").list.contains(reason)
            if reason != unmeasured:
                open_ = pl.col("reasons").list.contains(unmeasured)
                told = pl.when(told | ~open_).then(told)
            unread = pl.col("error").is_not_null()
            columns.append(pl.when(~unread).then(told).alias(f"rule_{reason}"))
    return rows.with_columns(columns)


@dataclass
class Sums:
    """What became of all samples, added up table by table."""

    samples: int = 0
    kept: int = 0
    unread: int = 0
    steps: pl.DataFrame | None = None
    by_domain: pl.DataFrame | None = None

    def add(self, rows: pl.DataFrame, filters: Filters) -> None:
        """Add a table that `judged` gave."""
        readable = rows.filter(pl.col("fate") != UNREAD)
        self.samples += rows.height
        self.unread += rows.height - readable.height
        self.kept += rows.filter(pl.col("fate") == "kept").height
        self.steps = _added(self.steps, funnel(readable, filters), ["filter"])
        self.by_domain = _added(self.by_domain, funnels(readable, filters), ["domain", "filter"])


def _added(known: pl.DataFrame | None, new: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    if known is None or known.is_empty():
        return new
    if new.is_empty():
        return known
    both = pl.concat([known, new])
    counts = [name for name in both.columns if name not in keys]
    return both.group_by(keys, maintain_order=True).agg(pl.col(counts).sum())


def _part(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path)


def measures_in(files: list[Path], without: Collection[str] = ()) -> pl.DataFrame:
    """All samples of some files, but for columns that are not wanted, and for those that stand
    nowhere of what few samples have: a million empty texts take as much room as numbers."""
    rows = pl.scan_parquet(files)
    names = [name for name in rows.collect_schema() if name not in without]
    seldom = [name for name in names if name.endswith("_error") or name in FEW_HAVE]
    counts = rows.select(pl.col(seldom).count()).collect().row(0, named=True) if seldom else {}
    there = [name for name in names if counts.get(name) != 0]
    # Columns whole, some at a time: later steps would make them so, all at once.
    some = [there[start : start + COLUMNS] for start in range(0, len(there), COLUMNS)]
    found = [rows.select(part).collect().rechunk() for part in some]
    return pl.concat(found, how="horizontal")


def _readable(rows: pl.DataFrame) -> pl.DataFrame:
    """Samples with a text; one without a question counts as a question of its own."""
    if rows["error"].null_count() < rows.height:
        rows = rows.filter(pl.col("error").is_null())
    if rows["prompt_id"].null_count():
        rows = rows.with_columns(pl.coalesce("prompt_id", "sample_id").alias("prompt_id"))
    return rows


def _judged(rows: pl.DataFrame, work: Work) -> pl.DataFrame:
    if comparing := work.filters.comparing():
        facts = _readable(rows).select("sample_id", "prompt_id")
        for filter in comparing.values():
            facts = compare.facts(filter, facts, work.folder)
        beside = facts.drop("prompt_id")
        rows = rows.join(beside, on="sample_id", how="left", maintain_order="left")
    return rejudged(rows, work.filters)


def rejudged(rows: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """Measured samples with `FATES` by these rules; those without a text are `UNREAD`."""
    found = ["dropped_by", "reasons"]
    facts = judge(_readable(rows), filters).select("sample_id", *found)
    if facts.height == rows.height:  # a large table is not copied
        rows = rows.hstack(facts.select(found))
    else:
        unread = pl.col("error").is_not_null()
        why = pl.concat_list(pl.col("error").str.extract(r"^(\w+)"))
        rows = rows.join(facts, on="sample_id", how="left", maintain_order="left").with_columns(
            dropped_by=pl.when(unread).then(pl.lit(UNREAD)).otherwise("dropped_by"),
            reasons=pl.when(unread).then(why).otherwise("reasons"),
        )
    dropped = pl.when(pl.col("dropped_by") == UNREAD).then(pl.lit(UNREAD))
    dropped = dropped.otherwise(pl.lit("dropped"))
    fate = pl.when(pl.col("dropped_by").is_null()).then(pl.lit("kept")).otherwise(dropped)
    return rows.with_columns(fate=fate).select(pl.exclude(*FATES), *FATES)


def _alone(part: pl.DataFrame) -> pl.DataFrame:
    rows = part.filter(pl.col("prompt_id").is_null() & pl.col("error").is_null())
    places = pl.Series("prompt", [digest(id) for id in rows["sample_id"]], dtype=pl.String)
    own = rows.select("source", prompt_id="sample_id", reference=pl.lit(None, pl.String))
    return own.with_columns(places)


def asked(work: Work) -> pl.DataFrame:
    """The prompts as a run has them. For a sample without a question stands a digest of its place:
    nobody is near it, while empty questions would all be the same."""
    known = work.prompts()
    parts = [_part(path) for path in work.parts()] if work.filters.comparing() else []
    rows = pl.concat([known, *(_alone(part).select(known.columns) for part in parts)])
    turn = pl.struct(role=pl.lit("user"), content=pl.col("prompt").fill_null(""))
    rows = rows.with_columns(pl.concat_list(turn).alias("messages"), split=pl.lit("train"))
    lacks = [name for name in PROMPT if name not in rows.columns]
    empty: Any = [pl.lit(None, PROMPT[name]).alias(name) for name in lacks]
    return rows.with_columns(empty).select([*PROMPT, "split"])
