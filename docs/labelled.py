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
from filters.contamination import Contamination
from filters.duplicates import Duplicates
from filters.filter import SAMPLE
from filters.text import leaks
from filters.text.thinking import split
from filters.verifiers.check import wilson

TEXTS = Path(__file__).parents[1] / "tests" / "data" / "filters"
"""A file for each filter, `NAME.jsonl`. A line has a `text` and its `language`, other columns of a
sample where they matter, `settings` where they are not the defaults, and what is expected:
`reasons`, all of them, or some `measures` that count, or `drop`, whether a reader would have it
dropped for this. A text may be a list of pieces, `[piece, times]` for one that comes again, with
`{n}` for its number. Filters that compare have an `other` text, and may have a `key` that both
have."""


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
    rows = [json.loads(line) for line in (TEXTS / f"{name}.jsonl").read_text().splitlines()]
    return [row | {"text": written(row["text"])} for row in rows]


def written(pieces: str | list[Any]) -> str:
    """A text from its pieces.

    >>> written(["So: ", ["is it {n}? ", 3], [["no, ", ["and ", 2]], 2]])
    'So: is it 1? is it 2? is it 3? no, and and no, and and '
    """
    if isinstance(pieces, str):
        return pieces
    if len(pieces) == 2 and isinstance(pieces[1], int):
        piece = written(pieces[0])
        return "".join(piece.replace("{n}", str(n + 1)) for n in range(pieces[1]))
    return "".join(map(written, pieces))


def filters_with_texts() -> list[str]:
    """The filters that have labelled texts, in the order of the funnel."""
    return [name for name in FILTERS if (TEXTS / f"{name}.jsonl").exists()]


def score(name: str) -> Score:
    """Compare a filter with the labels of its texts."""
    rows, totals, wrong = labelled(name), Counter(), []
    facts = _leaks(rows) if name == "contamination" else [_measured(name, row) for row in rows]
    for row, measured in zip(rows, facts, strict=True):
        expected, said = _expected(row), _said(name, row, measured)
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


def figures() -> str:
    """The same as JSON, for the cards of datasets: filters/precision.json."""
    told = {
        name: {
            "texts": it.texts,
            "languages": it.languages,
            "precision": it.precision,
            "recall": it.recall,
        }
        for name, it in ((name, score(name)) for name in filters_with_texts())
    }
    return json.dumps(told, indent=1) + "\n"


def _expected(row: Mapping[str, Any]) -> Counter[str]:
    if "drop" in row:
        return Counter(drop=int(row["drop"]))
    return Counter(row["reasons"]) if "reasons" in row else Counter(row["measures"])


def _said(name: str, row: Mapping[str, Any], measured: pl.DataFrame) -> Counter[str]:
    if "measures" in row:
        return Counter({name: measured[name].item() for name in row["measures"]})
    rules = FILTERS[name].model_validate(row.get("settings", {}))
    reasons = Counter(measured.select(rules.faults().alias("faults"))["faults"][-1].to_list())
    return Counter(drop=int(bool(reasons))) if "drop" in row else reasons


def _measured(name: str, row: Mapping[str, Any]) -> pl.DataFrame:
    if name == "duplicates":
        first = Duplicates.of(prompt_id="first") | {"duplicate_cluster": "first"}
        second = Duplicates.found(row["other"], row["text"])
        return pl.DataFrame([first, second], Duplicates.columns).with_columns(accepted=True)
    thought = split(row["text"])
    sample = {"reasoning": thought.reasoning, "response": thought.response, "finish_reason": "stop"}
    sample |= {name: value for name, value in row.items() if name in SAMPLE}
    table = pl.DataFrame([sample], schema=SAMPLE)
    return table.hstack(FILTERS[name].measured(table))


def _leaks(rows: list[dict[str, Any]]) -> list[pl.DataFrame]:
    """The facts of each text and its `other`, all compared at once, beside the texts of the other
    files: likeness goes by how rare words are."""
    others = list(dict.fromkeys(row["other"] for row in rows))
    keys = {row["other"]: row["key"] for row in rows if "key" in row}
    items = pl.DataFrame(
        {"benchmark": others, "question": others}, {"benchmark": pl.String, "question": pl.String}
    ).with_columns(
        place=pl.lit("1"),
        key=pl.Series([keys.get(other) for other in others], dtype=pl.String),
        solution=pl.lit(None, pl.String),
    )
    texts = pl.DataFrame(
        [(row["text"], row.get("key")) for row in rows], leaks.PROMPT, orient="row"
    )
    beside = [row["text"] for name in ("language", "thinking", "safety") for row in labelled(name)]
    asked = pl.concat(
        [texts, pl.DataFrame([(text, None) for text in beside], leaks.PROMPT, orient="row")]
    )
    hits = leaks.in_prompts(asked, items).hits
    own = pl.Series([others.index(row["other"]) for row in rows])
    hits = hits.filter(pl.col("text") < len(rows))
    hits = hits.filter(pl.col("item") == own.gather(hits["text"]))
    facts = Contamination.facts(leaks.measures(hits, texts, items))
    return [facts[place] for place in range(len(rows))]


def _share(part: int, whole: int) -> str:
    if not whole:
        return "none"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f} to {high:.3f})"
