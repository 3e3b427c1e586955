"""Whether a version's rows are as its recipe says that they must be (`recipe/data_tests.py`)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from factory.recipe.data_tests import COUNTED, PERCENTILE, DataTest, measuring, parse
from factory.store import verdicts
from factory.versions.folder import decisions_of, shards_of
from factory.versions.manifest import Manifest, Tested
from filters.filter import Filter

EXAMPLES = 20
"""Rows that are named where a test does not hold."""
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
MIN_DRAWS, MAX_KEY_SHARE = 4, 0.25
"""Of a prompt with so many draws, of which no larger share is correct, the key is a suspect."""
BY_JUDGE = ("judge", "judge_rescued")
"""What `verdict_reason` begins with where a judge accepted a draw."""


def tested(
    version: Path, tests: Iterable[str], classes: Mapping[str, type[Filter]]
) -> list[Tested]:
    """The tests of a version whose rows and decisions are written.

    Args:
        tests: as the recipe has them.
        classes: filters by name, with the recipe's own.
    """
    asked = [parse(text) for text in tests]
    if not asked:
        return []
    rows = _rows(version)
    return [_tested(test, rows, classes) for test in asked]


def failed(manifest: Manifest) -> list[Tested]:
    """The tests that do not hold."""
    return [test for test in manifest.tests if not test.holds]


def words(test: Tested) -> str:
    """A test that does not hold, in a line."""
    found = "nothing could be measured" if test.value is None else f"it is {test.value:.6g}"
    some = f"; {test.rows:,} rows go against it" if test.rows else ""
    named = f", as {', '.join(test.examples[:3])}" if test.examples else ""
    return f"does not hold: {test.test}: {found}{some}{named}"


def again(
    manifest: Manifest, version: Path, classes: Mapping[str, type[Filter]]
) -> Iterator[Tested]:
    """The same tests once more, from the version's files; but for those of filters whose code is
    not at hand."""
    for test in manifest.tests:
        if can_be_made(test.test, classes):
            yield from tested(version, [test.test], classes)


def can_be_made(text: str, classes: Mapping[str, type[Filter]]) -> bool:
    """Whether the filter that a test speaks of is at hand."""
    test = parse(text)
    if test.aggregate is not None or test.name in COUNTED:
        return True
    try:
        measuring(test, classes)
    except ValueError:
        return False
    return True


def _rows(version: Path) -> pl.DataFrame:
    """All rows without texts, with what their decisions tell besides."""
    files = shards_of(version)
    names = [name for name in pl.read_parquet_schema(files[0]) if name != "messages"]
    rows = pl.concat([pl.read_parquet(file, columns=names) for file in files])
    rows = rows.with_columns(accepted=pl.lit(True))
    file = decisions_of(version)
    if not file.exists():
        return rows
    there = pl.read_parquet_schema(file)
    more = [name for name in there if name not in rows.columns and name != "reasons"]
    told = pl.read_parquet(file, columns=["sample_id", *more])
    rows = rows.join(told, on="sample_id", how="left", maintain_order="left")
    return rows.with_columns(_suspect(file, rows))


def _suspect(decisions: Path, rows: pl.DataFrame) -> pl.Series:
    """Whether the draws of each row's prompt contradict its key."""
    nobody = pl.Series("key_suspect", [None] * rows.height, pl.Boolean)
    if not {"verdict", "prompt_id"} <= set(pl.read_parquet_schema(decisions)):
        return nobody
    draws = pl.read_parquet(decisions, columns=["prompt_id", "verdict"])
    right = (pl.col("verdict") == "correct").mean()
    told = draws.group_by("prompt_id").agg(pl.len(), right=right)
    suspect = (pl.col("len") >= MIN_DRAWS) & (pl.col("right") <= MAX_KEY_SHARE)
    told = told.select("prompt_id", key_suspect=suspect)
    return rows.join(told, on="prompt_id", how="left", maintain_order="left")["key_suspect"]


def _tested(test: DataTest, rows: pl.DataFrame, classes: Mapping[str, type[Filter]]) -> Tested:
    value, against = _measured(test, rows, classes)
    if value is not None and test.percent:
        value *= 100
    holds = value is not None and bool(SIGNS[test.sign](value, test.number))
    bad = rows["sample_id"].filter(against) if against is not None and not holds else None
    return Tested(
        test=test.text,
        value=value,
        holds=holds,
        rows=0 if bad is None else bad.len(),
        examples=[] if bad is None else bad.sort().head(EXAMPLES).to_list(),
    )


def _measured(
    test: DataTest, rows: pl.DataFrame, classes: Mapping[str, type[Filter]]
) -> tuple[float | None, pl.Series | None]:
    """The quantity, and which rows go against the test where it does not hold."""
    if test.aggregate is not None:
        return _of_column(test, rows)
    if test.name == "rows":
        return rows.height, None
    if test.name == "prompts":
        return rows["prompt_id"].n_unique(), None
    bad = _faulty(test, rows, classes)
    if bad is None or (rows.height and bad.null_count() == rows.height):
        return None, None
    bad = bad.fill_null(False)
    count = int(bad.sum())
    few = test.sign in (">", ">=") or (test.sign == "==" and test.number > count)
    return (count / max(1, rows.height) if test.percent else count), None if few else bad


def _faulty(
    test: DataTest, rows: pl.DataFrame, classes: Mapping[str, type[Filter]]
) -> pl.Series | None:
    """Which rows have the fault; None where nothing was measured."""
    if test.name == "key_suspect":
        return rows["key_suspect"] if "key_suspect" in rows.columns else None
    if test.name == "judge_only":
        if not {"verdict", "verdict_reason"} <= set(rows.columns):
            return None
        only = (pl.col("verdict") == "correct") & verdicts.word().is_in(BY_JUDGE)
        return rows.select(only.fill_null(False)).to_series()
    filter, reasons = measuring(test, classes)
    if not {*filter.columns, *filter.asks()} <= set(rows.columns):
        return None
    told = filter.reasons()
    floats = [name for name in filter.columns if rows.schema[name].is_float()]
    known = rows.with_columns(pl.col(floats).fill_nan(None))
    return known.select(pl.any_horizontal(told[reason] for reason in reasons)).to_series()


def _of_column(test: DataTest, rows: pl.DataFrame) -> tuple[float | None, pl.Series | None]:
    if test.name not in rows.columns:
        return None, None
    column, how = rows[test.name], str(test.aggregate)
    if how == "unknown":
        return column.null_count() / max(1, column.len()), column.is_null()
    if how == "distinct":
        return column.drop_nulls().n_unique(), None
    if how in ("max_share", "entropy"):
        counts = column.value_counts(sort=True, name="rows")
        if counts.is_empty():
            return None, None
        if how == "entropy":
            return counts["rows"].entropy(base=2), None
        return counts["rows"][0] / column.len(), column.eq_missing(counts[test.name][0])
    value = _number(column.drop_nulls(), how)
    if value is None or how == "sum":
        return value, None
    return value, ~SIGNS[test.sign](column, test.number).fill_null(True)


def _number(column: pl.Series, how: str) -> float | None:
    """The mean, largest value, percentile … of numbers."""
    if column.is_empty() or not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return None
    if found := PERCENTILE.fullmatch(how):
        return column.quantile(float(found[1]) / 100, interpolation="linear")
    return float(getattr(column, how)())
