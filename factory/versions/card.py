"""The dataset card: what a reader of the Hub sees first."""

from __future__ import annotations

import polars as pl

from factory.ledger import Account

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
