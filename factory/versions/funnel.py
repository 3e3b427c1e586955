"""The funnel as a table: what each filter and each step of the selection did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from factory.versions.folder import funnel_of
from factory.versions.layout import write_plain
from factory.versions.manifest import Rule

COUNTS = ("entering", "dropped", "left", "not_judged", "alone")
ROW: dict[str, pl.DataType] = {
    "what": pl.String(),
    "domain": pl.String(),
    "step": pl.String(),
    **{name: pl.Int64() for name in COUNTS},
}
"""`what` is filter (over all draws), filter of a domain, or selection; `alone` are draws that a
filter would drop if it were the only one."""


def write_funnel(
    version: Path,
    rules: Iterable[Rule],
    by_domain: Iterable[Mapping[str, Any]],
    steps: Iterable[Mapping[str, Any]],
) -> None:
    """Write the funnel of a version, with what its manifest has of rules, domains and selection."""
    told = [("filter", None, r.filter, *(getattr(r, name) for name in COUNTS)) for r in rules]
    ways = ("entering", "dropped", "left", "not_judged", "dropped_alone_total")
    told += [
        ("filter of a domain", row["domain"], row["filter"], *(row[name] for name in ways))
        for row in by_domain
    ]
    told += [
        ("selection", None, row["step"], row["entering"], row["spare"], row["left"], 0, None)
        for row in steps
    ]
    write_plain(pl.DataFrame(told, schema=ROW, orient="row"), funnel_of(version))
