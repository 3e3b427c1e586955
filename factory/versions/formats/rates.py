"""Pass rates: how often each teacher was right about each prompt."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.versions.folder import shard_of
from factory.versions.layout import write_plain
from factory.versions.splits import Split


def pass_rates(fates: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """A row a prompt, teacher and way of asking, of those that have draws.

    `rate` is the plain share of correct draws, `low` and `high` its 95 % interval (Wilson's), and
    `estimate` the unbiased estimate under the rule that ended drawing (`policy.pass_rate`).

    Args:
        fates: what became of prompts.
        prompts: what is told of them.
    """
    from filters.verifiers.check import wilson  # it brings the verifiers along

    drawn = fates.filter(pl.col("draws") > 0).sort("prompt_id", "teacher_digest", "beside")
    bounds = [wilson(c, n) for c, n in drawn.select("correct", "draws").iter_rows()]
    told = prompts.select("prompt_id", "messages", "source", "domain", "language", "license")
    rows = drawn.select("prompt_id", "teacher", "teacher_digest", way="beside", draws="draws",
        correct="correct", rate=pl.col("correct") / pl.col("draws"), estimate="pass_rate",
        low=pl.Series([low for low, _ in bounds], dtype=pl.Float64),
        high=pl.Series([high for _, high in bounds], dtype=pl.Float64),
    )  # fmt: skip
    own = rows.join(told, on="prompt_id", how="left", maintain_order="left")
    return own.rename({"messages": "prompt"})


def write_rates(folder: Path, form: str, rows: pl.DataFrame, split: Split) -> dict[str, int]:
    """Write them into a version's folder, a file a split; returns the rows of each split."""
    names = split(rows.with_columns(sample_id="prompt_id"))
    (folder / form).mkdir()
    for name in names.unique(maintain_order=True):
        write_plain(rows.filter(names == name), shard_of(folder, name, 0, 1, form))
    if rows.is_empty():
        (folder / form).rmdir()
    return dict(names.value_counts().iter_rows())
