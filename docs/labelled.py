"""How often filters are right: on texts that were written and labelled for this project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from filters import FILTERS
from filters.filter import SAMPLE, Filter
from filters.text.thinking import split
from filters.verifiers.check import wilson

TEXTS = Path(__file__).parents[1] / "tests" / "data" / "filters"
"""A file for each filter, `NAME.jsonl`. A line has a `text` and its `language`, other columns of a
sample where they matter, `settings` where they are not the defaults, and what is expected:
`reasons`, all of them, or some `measures` that count."""


@dataclass(frozen=True)
class Score:
    """What a filter says of its texts, fault by fault."""

    texts: int
    languages: int
    found: int
    """Faults that the label has and the filter names; of a count, as many as both have."""
    false: int
    missed: int
    wrong: list[str]
    """The texts that are judged otherwise than labelled, each with what differs."""

    @property
    def precision(self) -> str:
        """Share of what the filter names that the label has, with Wilson's 95 % interval."""
        return _share(self.found, self.found + self.false)

    @property
    def recall(self) -> str:
        """Share of what the label has that the filter names, with Wilson's 95 % interval."""
        return _share(self.found, self.found + self.missed)


def labelled(name: str) -> list[dict[str, Any]]:
    """The texts for a filter."""
    return [json.loads(line) for line in (TEXTS / f"{name}.jsonl").read_text().splitlines()]


def filters_with_texts() -> list[str]:
    """The filters that have labelled texts, in the order of the funnel."""
    return [name for name in FILTERS if (TEXTS / f"{name}.jsonl").exists()]


def score(name: str) -> Score:
    """Compare a filter with the labels of its texts."""
    rows, totals, wrong = labelled(name), Counter(), []
    for row in rows:
        expected, said = _expected(row), _said(FILTERS[name], row)
        found, false, missed = expected & said, said - expected, expected - said
        totals += Counter(found=found.total(), false=false.total(), missed=missed.total())
        if false or missed:
            wrong.append(f"{row['text'][:200]!r}: not {dict(false)}, but {dict(missed)}")
    languages = len({row["language"] for row in rows})
    counts = (totals["found"], totals["false"], totals["missed"])
    return Score(len(rows), languages, *counts, wrong)


def table() -> str:
    """A line for each filter."""
    head = "| filter | texts | languages | faults | precision | recall |"
    lines = [
        f"| [{name}](#{name}) | {it.texts} | {it.languages} | {it.found + it.missed} "
        f"| {it.precision} | {it.recall} |"
        for name, it in ((name, score(name)) for name in filters_with_texts())
    ]
    return "\n".join([head, "|---|---:|---:|---:|---|---|", *lines])


def _expected(row: Mapping[str, Any]) -> Counter[str]:
    return Counter(row["reasons"]) if "reasons" in row else Counter(row["measures"])


def _said(filter: type[Filter], row: Mapping[str, Any]) -> Counter[str]:
    thought = split(row["text"])
    sample = {"reasoning": thought.reasoning, "response": thought.response, "finish_reason": "stop"}
    sample |= {name: value for name, value in row.items() if name in SAMPLE}
    table = pl.DataFrame([sample], schema=SAMPLE)
    measured = table.hstack(filter.measured(table))
    if "reasons" in row:
        rules = filter.model_validate(row.get("settings", {}))
        return Counter(measured.select(rules.faults().alias("faults")).item().to_list())
    return Counter({name: measured[name].item() for name in row["measures"]})


def _share(part: int, whole: int) -> str:
    if not whole:
        return "none"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f} to {high:.3f})"
