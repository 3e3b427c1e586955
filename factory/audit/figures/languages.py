"""Language confusion: which samples leave the language of their question, and for which."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained

SECTION = "language"
PAIRS = 50
"""Pairs of languages that are told, the commonest first."""


def languages(counted: Counted) -> list[Figure]:
    """Mixed samples by group, and the languages that are mixed in."""
    title, other = "Samples that leave the language of their question", "Languages mixed in"
    if not counted.has("language_share", "language_found"):
        in_use = "language" in counted.subject.filters.active()
        why = (
            "no sample has letters of a language that could be judged"
            if in_use
            else "the filter `language` is not in use, so nobody looked at languages"
        )
        return [
            Figure("language", SECTION, title, pl.DataFrame(), {}, missing=why),
            Figure("language.pairs", SECTION, other, pl.DataFrame(), {}, missing=why),
        ]
    return [_mixed(counted, title), _pairs(counted, other)]


def _mixed(counted: Counted, title: str) -> Figure:
    share = pl.col("language_share")
    values = counted.samples.select(
        judged=share.is_not_null(),
        not_measured=share.is_null(),
        mixed=(share < 1).fill_null(False),
        half=(share < 0.5).fill_null(False),
        switched=(share.is_not_null() & (pl.col("language_switches") > 0)).fill_null(False),
        own=share,
    )
    pairs = {
        "share_mixed": ("mixed", "judged"),
        "share_half": ("half", "judged"),
        "share_switched": ("switched", "judged"),
        "mean_share": ("own", "judged"),
    }
    said = {
        "share_mixed": "samples with any letters of another language, as a share of the judged",
        "share_half": "samples mostly in another language, as a share of the judged",
        "share_switched": "samples that go over into another, as a share of the judged",
        "mean_share": "letters in the question's language, mean share of a sample",
    }
    return Figure(
        key="language",
        section=SECTION,
        title=title,
        table=counted.groups.told(values, pairs).drop("own"),
        columns=BY
        | {
            "samples": "samples in the group",
            "judged": "those with letters of a language that could be judged",
            "not_measured": "all others",
            "mixed": "judged ones with letters of another language",
            "half": "those of which less than half is in the question's",
            "switched": "judged ones that go over into another language at least once",
        }
        | explained({name: f"{what}, 0 to 1" for name, what in said.items()}),
        chart=Chart("intervals", x="group", y="share_mixed", low="share_mixed_low",
                    high="share_mixed_high", series="by"),
        note=f"Names and terms of another script count for nothing (docs/filters.md). {HOW}",
    )  # fmt: skip


def _pairs(counted: Counted, title: str) -> Figure:
    found = pl.col("language_found").str.split(",").list.first()
    mixed = counted.samples.lazy().filter(pl.col("language_found") != "")
    pairs = mixed.select("language", found=found, share=1 - pl.col("language_share"))
    table = (
        pairs.group_by("language", "found")
        .agg(samples=pl.len().cast(pl.Int64), mean_share=pl.col("share").mean())
        .sort("samples", "language", "found", descending=[True, False, False])
        .head(PAIRS)
        .collect()
    )
    return Figure(
        key="language.pairs",
        section=SECTION,
        title=title,
        table=table,
        columns={
            "language": "of the question",
            "found": "the other language with most letters, or its script",
            "samples": "samples that have letters of it",
            "mean_share": "letters in another language, mean share of these samples, 0 to 1",
        },
        chart=Chart("matrix", x="found", series="language", y="samples"),
        note=f"The {PAIRS} commonest pairs." if table.height == PAIRS else "",
        missing=None if table.height else "no sample has letters of another language",
    )
