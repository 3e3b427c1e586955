"""Verdicts: what the verifiers said, and why of what is not right."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained

SECTION = "verdicts"
WORDS = ("correct", "incorrect", "unverifiable", "no_verdict")


def verdicts(counted: Counted) -> list[Figure]:
    """Shares of each verdict by group, and the reasons of those that are not right."""
    missing = None if counted.has("verdict") else "no sample has a verdict"
    return [_by_group(counted, missing), _reasons(counted, missing)]


def _by_group(counted: Counted, missing: str | None) -> Figure:
    values = pl.DataFrame(counted.verdicts)
    table = counted.groups.told(values, {f"share_{word}": (word, "samples") for word in WORDS})
    return Figure(
        key="verdicts",
        section=SECTION,
        title="What the verifiers said",
        table=table,
        columns=BY
        | {
            "samples": "samples in the group",
            "correct": "those whose answer agrees with the key",
            "incorrect": "those that certainly do not, or have none",
            "unverifiable": "those that nobody could judge: neither right nor wrong",
            "no_verdict": "those that nobody tried to judge",
        }
        | explained(
            {f"share_{w}": f"share of {w.replace('_', ' ')} samples, 0 to 1" for w in WORDS}
        ),
        chart=Chart("intervals", x="group", y="share_correct", low="share_correct_low",
                    high="share_correct_high", series="by"),
        note=f"Shares of draws: prompts that got more draws count more. {HOW}",
        missing=missing,
    )  # fmt: skip


def _reasons(counted: Counted, missing: str | None) -> Figure:
    """A reason is told by its first word: what stands behind a colon is details."""
    word = pl.col("verdict_reason").str.splitn(":", 2).struct.field("field_0").str.head(40)
    told = counted.samples.lazy().filter(pl.col("verdict").is_in(["incorrect", "unverifiable"]))
    domain = pl.col("domain").fill_null("not known")
    counts = (
        told.select("verdict", "prompt_id", reason=word.fill_null("no reason noted"), domain=domain)
        .group_by("verdict", "reason", "domain")
        .agg(samples=pl.len().cast(pl.Int64), prompts=pl.col("prompt_id").n_unique().cast(pl.Int64))
        .sort("verdict", "samples", "reason", "domain", descending=[True, True, False, False])
        .collect()
    )
    share = pl.col("samples") / max(counted.samples.height, 1)
    if missing is None and counts.is_empty():
        missing = "every sample with a verdict is correct"
    return Figure(
        key="verdicts.reasons",
        section=SECTION,
        title="Why samples are unverifiable or wrong",
        table=counts.with_columns(share=share),
        columns={
            "verdict": "unverifiable or incorrect",
            "reason": "why, in the verifier's word (docs/verifiers.md)",
            "domain": "of the prompt",
            "samples": "samples with this reason",
            "prompts": "prompts with such samples",
            "share": "the samples as a share of all, 0 to 1",
        },
        chart=Chart("bars", x="reason", y="samples", series="domain"),
        note="unverifiable: the reference, the verifier or the machine is to blame, not the "
        "answer.",
        missing=missing,
    )
