"""Suspect keys: prompts whose draws agree with each other, and not with the reference."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted

SECTION = "keys"
NOT_LOOKED = "nobody looked at the keys: `factory keys RUN` does"
SHOWN = 20
"""Suspects that are told one by one."""


def suspects(counted: Counted) -> list[Figure]:
    """Suspects by source and why, and the surest of them."""
    titles = ("keys", "Keys that draws contradict"), ("keys.surest", "The surest suspects")
    run = counted.subject.run
    file = run.key_suspects if run else None
    if file is None or not file.exists():
        why = NOT_LOOKED if run else "keys are looked at in a run, and this is none"
        return [
            Figure(key, SECTION, title, pl.DataFrame(), {}, missing=why) for key, title in titles
        ]
    told = ["prompt_id", "source", "verifier", "label", "key", "votes", "correct", "draws"]
    found = pl.read_parquet(file, columns=[*told, "why", "rows", "teachers"])
    return [_by_source(counted, found, titles[0][1]), _surest(found, titles[1][1])]


def _by_source(counted: Counted, found: pl.DataFrame, title: str) -> Figure:
    asked = counted.rates.group_by("source").agg(asked=pl.col("prompt_id").n_unique())
    counts = found.group_by("source", "why").agg(
        suspects=pl.len().cast(pl.Int64),
        rows=pl.sum("rows").cast(pl.Int64),
        draws=pl.sum("draws").cast(pl.Int64),
    )
    table = counts.join(asked, on="source", how="left", nulls_equal=True).select(
        "source", "why", "suspects",
        share=pl.col("suspects") / pl.col("asked"), rows="rows", draws="draws",
    )  # fmt: skip
    return Figure(
        key="keys",
        section=SECTION,
        title=title,
        table=table.sort("suspects", "source", "why", descending=[True, False, False]),
        columns={
            "source": "of the prompts",
            "why": "draws: most draws agree on another answer; teachers: all teachers do",
            "suspects": "prompts with a doubtful key",
            "share": "those as a share of the source's prompts, 0 to 1",
            "rows": "rows of the present dataset that rest on these keys",
            "draws": "draws of these prompts",
        },
        chart=Chart("bars", x="source", y="suspects", series="why"),
        note="A key is doubtful, not wrong: a teacher may err alike in draw after draw. As "
        "`factory keys` found them last; it is not run again here.",
        missing=None if found.height else "no key is doubtful",
    )


def _surest(found: pl.DataFrame, title: str) -> Figure:
    table = found.sort(
        pl.col("votes") / pl.col("draws"), "draws", "prompt_id", descending=[True, True, False]
    )
    return Figure(
        key="keys.surest",
        section=SECTION,
        title=title,
        table=table.head(SHOWN).select(
            "prompt_id", "source", "verifier", pl.col("label", "key").str.head(200), "votes",
            "correct", "draws", "rows",
        ),
        columns={
            "prompt_id": "the prompt",
            "source": "where it comes from",
            "verifier": "who judges it",
            "label": "what most draws say, 200 characters at most",
            "key": "what the key says, 200 characters at most",
            "votes": "draws that say so",
            "correct": "draws that agree with the key",
            "draws": "draws of the prompt",
            "rows": "rows of the present dataset that rest on the key",
        },
        missing=None if found.height else "no key is doubtful",
    )  # fmt: skip
