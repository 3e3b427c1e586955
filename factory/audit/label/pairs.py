"""Questions of two texts side by side, and of keys: contamination, duplicates, doubtful keys."""

from __future__ import annotations

import polars as pl

from factory.audit.label.asked import Asked, as_units
from factory.audit.subject import Subject
from factory.versions.compare import evidence, homes
from filters.verifiers.majority import VOTING

ELSEWHERE = "{what} are kept in a run, and this is none"
PAIR = pl.concat_str(
    pl.coalesce("sample_id", "prompt_id"), "benchmark", "place", separator=" ", ignore_nulls=True
)
"""What a pair of the evidence is called."""


def contamination(subject: Subject, words: str) -> Asked | str:
    """Each prompt, and each draw, beside the benchmark's question that most speaks for it.

    Only those that share something with a question can be asked of: whatever shares nothing with
    any is taken for innocent.
    """
    filter = subject.filters.contamination
    if filter is None:
        return "the filter contamination is not used"
    if subject.run is None:
        return ELSEWHERE.format(what="pairs with benchmarks")
    measures = subject.run.stage("measures")
    if "contamination" not in homes(measures):
        return "nothing was compared yet"
    found = evidence("contamination", measures)
    there = subject.samples.select("prompt_id").unique()
    told = found.with_columns(claim=filter.speaks().fill_null(False), row=PAIR)
    best = told.join(there, on="prompt_id", how="semi").sort(
        "claim", "weight", "value", "row", descending=[True, True, True, False], nulls_last=True
    )
    units = best.unique(["prompt_id", "sample_id"], keep="first", maintain_order=True)
    units = units.with_columns(
        judge=pl.lit("contamination"),
        stratum=pl.when("claim").then(pl.col("method")).otherwise(pl.lit("below the thresholds")),
        other=pl.col("benchmark") + " " + pl.col("place"),
    )
    if not units.height:
        return "no question shares anything with a benchmark"
    settings = filter.model_dump(mode="json")
    return Asked("contamination", words, "filter", as_units(units, row="row"), settings)


def duplicates(subject: Subject, words: str) -> Asked | str:
    """Each later text of a cluster beside the first one. Nobody has kept pairs that are less near,
    so how many the filter misses cannot be asked."""
    filter = subject.filters.duplicates
    if filter is None:
        return "the filter duplicates is not used"
    if subject.run is None and subject.kind == "version":
        return ELSEWHERE.format(what="the texts of what was dropped")
    later = subject.samples.filter(
        pl.col("duplicate_place") > 0, pl.col("duplicate_cluster").is_not_null()
    )
    if not later.height:
        return "no two texts are near"
    of_prompts = not filter.of_draws()
    own = "prompt_id" if of_prompts else "sample_id"
    units = later.unique(own, keep="first", maintain_order=True).with_columns(
        judge=pl.lit("duplicates"),
        stratum=pl.when("duplicate_exact").then(pl.lit("exact")).otherwise(pl.lit("near")),
        claim=pl.lit(True),
        other="duplicate_cluster",
        sample_id=pl.lit(None, pl.String) if of_prompts else pl.col("sample_id"),
        row=pl.col(own) + " " + pl.col("duplicate_cluster"),
    )
    settings = filter.model_dump(mode="json")
    return Asked("duplicates", words, "filter", as_units(units, row="row"), settings)


def suspect_keys(subject: Subject, words: str) -> Asked | str:
    """Prompts whose draws contradict their key, and others that have draws and a key to vote on."""
    run = subject.run
    if run is None:
        return ELSEWHERE.format(what="doubtful keys")
    if not run.key_suspects.exists():
        return f"`factory keys {run.path}` lists doubtful keys, and was not called"
    suspects = pl.read_parquet(run.key_suspects).select("prompt_id", "why")
    asked = (
        run.prompts()
        .filter(pl.col("verifier").str.extract(r"^([^(]*)").is_in(VOTING))
        .select("prompt_id")
    )
    drawn = subject.samples.select("prompt_id").unique(maintain_order=True)
    units = drawn.join(asked, on="prompt_id", how="semi", maintain_order="left").join(
        suspects, on="prompt_id", how="left", maintain_order="left"
    )
    units = units.with_columns(
        judge=pl.lit("doubtful keys"),
        stratum=pl.coalesce(pl.lit("doubtful: ") + pl.col("why"), pl.lit("not doubtful")),
        claim=pl.col("why").is_not_null(),
    )
    if not units.height:
        return "no prompt has draws and a key that they could vote on"
    return Asked("key", words, "key", as_units(units, row="prompt_id"))
