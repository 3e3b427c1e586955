"""From draws to judged rows: measure what is not measured, then apply the rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from factory.errors import LedgerError
from factory.progress import Report
from factory.store import write_table
from filters import FILTERS, Filters, judge
from filters.filter import Filter

CHUNK = 5000
"""Draws measured at once, and in one file."""


def versions(filters: Filters) -> dict[str, int]:
    """The measures that these filters need, each with its version. Thresholds play no part."""
    return {name: FILTERS[name].version for name in filters.active() if name != "correctness"}


def context(samples: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Draws with what measures and rules want to know of their prompts."""
    return samples.join(
        prompts.select("prompt_id", "source", "domain", "language", "license"),
        on="prompt_id",
        how="left",
        maintain_order="left",
    )


def measure(rows: pl.DataFrame, wanted: Mapping[str, int], folder: Path, report: Report) -> int:
    """Measure what lacks a measure, a folder `NAME@VERSION` each; returns the rows measured.

    A new or changed measure adds files and rewrites none.
    """
    measured = 0
    for done, (name, version) in enumerate(wanted.items()):
        report(done, len(wanted), "measures")
        home = folder / f"{name}@{version}"
        home.mkdir(parents=True, exist_ok=True)
        owed = rows.join(_read(home, FILTERS[name]), on="sample_id", how="anti")
        for chunk in owed.iter_slices(CHUNK):
            number = len(list(home.glob("part-*.parquet")))
            facts = chunk.select("sample_id").hstack(FILTERS[name].measured(chunk))
            write_table(facts, home / f"part-{number:05}.parquet")
            measured += chunk.height
    report(len(wanted), len(wanted), "measures")
    return measured


def judged(rows: pl.DataFrame, filters: Filters, folder: Path) -> pl.DataFrame:
    """Draws with their measures, all reasons against each, and the filter that drops it first.

    Raises:
        LedgerError: when a draw was not measured.
    """
    for name, version in versions(filters).items():
        facts = _read(folder / f"{name}@{version}", FILTERS[name])
        missing = rows.join(facts, on="sample_id", how="anti")["sample_id"].to_list()
        if missing:
            raise LedgerError(f"{name}: {len(missing)} draws not measured: {missing[:5]}")
        rows = rows.join(facts, on="sample_id", how="left", maintain_order="left")
    return judge(rows, filters)


def _read(home: Path, filter: type[Filter]) -> pl.DataFrame:
    schema = {"sample_id": pl.String(), **filter.columns, f"{filter.name}_error": pl.String()}
    parts = sorted(home.glob("part-*.parquet"))
    return pl.concat([pl.DataFrame(schema=schema), *(pl.read_parquet(p) for p in parts)])
