"""The dataset card: what a reader of the Hub sees first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from factory.ledger import Account
from factory.versions.selection import Selected

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
{domains}{selection}"""
SELECTION = """
| selection | entering | spare | left |
|---|---:|---:|---:|
{steps}
{short}"""
BY_DOMAIN = """
| domain | draws | {filters} | left |
|---|---:|{columns}---:|
{rows}
"""


def card(
    name: str,
    steps: pl.DataFrame,
    by_domain: pl.DataFrame,
    account: Account,
    found: Selected | None = None,
) -> str:
    """The dataset card; version and digest are filled in when it is written.

    Args:
        name: of the recipe.
        steps: the funnel.
        by_domain: the funnel of each domain; told where there are several.
        account: of the draws.
        found: what selection did with the accepted ones.
    """
    lines = (
        f"| {row['filter']} | {row['entering']:,} | {row['dropped']:,} | {row['left']:,} |"
        for row in steps.iter_rows(named=True)
    )
    return CARD.format(
        name=name,
        left=account.left,
        entered=account.entered,
        steps="\n".join(lines),
        domains=_domains(by_domain),
        selection=_selection(found),
    )


def _selection(found: Selected | None) -> str:
    """What each step of the selection left out, and where there were fewer rows than asked for."""
    if found is None or found.steps.is_empty():
        return ""
    lines = (
        f"| {row['step']} | {row['entering']:,} | {row['spare']:,} | {row['left']:,} |"
        for row in found.steps.iter_rows(named=True)
    )
    short = "".join(f"\n- {words.replace('{', '{{').replace('}', '}}')}" for words in found.short)
    return SELECTION.format(steps="\n".join(lines), short=f"{short}\n" if short else "")


def _domains(by_domain: pl.DataFrame) -> str:
    """What each filter drops of each domain; a hyphen where a filter does not judge it."""
    if by_domain.is_empty() or by_domain["domain"].n_unique() < 2:
        return ""
    names = by_domain["filter"].unique(maintain_order=True)
    rows = []
    for (domain,), steps in by_domain.group_by("domain", maintain_order=True):
        first, last = steps.row(0, named=True), steps.row(-1, named=True)
        cells = [dropped(step) for step in steps.iter_rows(named=True)]
        cells = [domain or "none", f"{first['entering']:,}", *cells, f"{last['left']:,}"]
        rows.append(f"| {' | '.join(cells)} |")
    return BY_DOMAIN.format(
        filters=" | ".join(names), columns="---:|" * len(names), rows="\n".join(rows)
    )


def dropped(step: Mapping[str, Any]) -> str:
    """What a filter dropped of a domain, or a hyphen where it judges none of it."""
    if step["entering"] and step["not_judged"] == step["entering"]:
        return "-"
    return f"{step['dropped']:,}"
