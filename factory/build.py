"""From draws to a dataset version: measure what is not measured, judge, choose, write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from factory.errors import LedgerError
from factory.ledger import Account
from factory.progress import Report
from factory.records import digest
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


def choose(rows: pl.DataFrame, per_prompt: int | None) -> pl.DataFrame:
    """Judged draws with their `fate`: chosen, spare (its prompt has enough others), or dropped.

    The shortest accepted draws of a prompt are chosen first, then those of lower number.
    """
    accepted = pl.col("dropped_by").is_null()
    rank = (
        pl.struct("completion_tokens", "draw").rank("ordinal").over(pl.col("prompt_id"), accepted)
    )
    within = rank <= per_prompt if per_prompt else pl.lit(True)
    fate = (
        pl.when(~accepted)
        .then(pl.lit("dropped"))
        .when(within)
        .then(pl.lit("chosen"))
        .otherwise(pl.lit("spare"))
    )
    return rows.with_columns(fate=fate)


def unfiltered(rows: pl.DataFrame, count: int, sure_draws: int, seed: int) -> pl.DataFrame:
    """`count` draws as they come, for the control: one of each prompt by lot, then a second, …

    Only the `sure_draws` first of a prompt are taken: whether it got further ones depends on how
    these were judged.
    """
    lot = pl.col("prompt_id").map_elements(lambda id: digest(id, seed), return_dtype=pl.String)
    return rows.filter(pl.col("draw") < sure_draws).sort("draw", lot).head(count)


def messages(rows: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Rows in the form that TRL and the Hub expect, in order of prompt and draw.

    What a template or a strategy wrote before the text is put back.
    """
    asked = prompts.select("prompt_id", "messages", "reference", "verifier")
    text = pl.col("opening").fill_null("") + pl.col("text")
    reply = pl.struct(role=pl.lit("assistant"), content=text)
    return (
        rows.join(asked, on="prompt_id", how="left", maintain_order="left")
        .sort("prompt_id", "draw", "sample_id")
        .with_columns(messages=pl.concat_list("messages", pl.concat_list(reply)))
    )


def dataset_rows(chosen: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """The dataset's rows: conversations, where they come from, and what was measured of them."""
    rows = messages(chosen, prompts)
    first = ["messages", "prompt_id", "sample_id", "source", "domain", "language", "license"]
    told = [*first, "reference", "verifier", "answer", "teacher", "completion_tokens"]
    return rows.select(*told, *_measures(rows))


def decisions(decided: pl.DataFrame) -> pl.DataFrame:
    """Every draw's fate, all reasons against it and its measures; texts stay with the draws."""
    told = ["sample_id", "prompt_id", "draw", "fate", "dropped_by", "reasons", "verdict_reason"]
    return decided.select(*told, *_measures(decided)).sort("sample_id")


def _measures(rows: pl.DataFrame) -> list[str]:
    return [
        column
        for name, filter in FILTERS.items()
        if name != "correctness"
        for column in filter.columns
        if column in rows.columns
    ]


CARD = """---
pretty_name: {name}
tags: [reasoning, distillation, reasoning-factory]
configs:
- config_name: default
  data_files: data/train-*.parquet
---
# {name}, version {{version}}

Reasoning traces written by a teacher, judged by verifiers and chosen by filters.
{left:,} of {entered:,} draws became rows. `decisions.parquet` has the fate of every draw, with all
reasons; `manifest.json` says what made this version. Content digest (sha256 over rows):
`{{digest}}`.

| filter | entering | dropped | left |
|---|---:|---:|---:|
{steps}
"""


def card(name: str, steps: pl.DataFrame, account: Account) -> str:
    """The dataset card; version and digest are filled in when it is written."""
    lines = (
        f"| {row['filter']} | {row['entering']:,} | {row['dropped']:,} | {row['left']:,} |"
        for row in steps.iter_rows(named=True)
    )
    return CARD.format(
        name=name, left=account.left, entered=account.entered, steps="\n".join(lines)
    )


def _read(home: Path, filter: type[Filter]) -> pl.DataFrame:
    schema = {"sample_id": pl.String(), **filter.columns, f"{filter.name}_error": pl.String()}
    parts = sorted(home.glob("part-*.parquet"))
    return pl.concat([pl.DataFrame(schema=schema), *(pl.read_parquet(p) for p in parts)])
