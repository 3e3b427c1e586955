"""Which rows two versions share, which they do not, and which answers are to the same question."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from factory.versions.diff.side import Side


@dataclass(frozen=True)
class Rows:
    """The rows of two versions, told apart by the digests of their indexes."""

    added: pl.DataFrame
    """Rows of the second alone: `sample_id`, `prompt_id` and `pair`, the row of the first in whose
    place it is: one to the same question that is gone."""
    removed: pl.DataFrame
    """Rows of the first alone, likewise."""
    changed: pl.DataFrame
    """Rows of both that are not the same: `sample_id`, `prompt_id`, `same_text` (null where the
    indexes do not say) and the split on each side, `split_a` and `split_b`."""
    same: int
    """Rows that are the same in both."""
    prompts: dict[str, int]
    """How many questions have which change: `all`, `new`, `gone`, `other_answer`, `more`,
    `fewer`."""


def compared(a: Side, b: Side) -> Rows:
    """Tell the rows of two versions apart; texts are not read."""
    mine, theirs = (side.rows.drop("shard").with_columns(here=True) for side in (a, b))
    every = mine.join(theirs, on="sample_id", how="full", suffix="_b", coalesce=True)
    here, there = pl.col("here").is_not_null(), pl.col("here_b").is_not_null()
    other = pl.col("digest").ne_missing(pl.col("digest_b"))
    moved = pl.col("split").ne_missing(pl.col("split_b"))
    changed = every.lazy().filter(here & there & (other | moved)).select(
        "sample_id",
        "prompt_id",
        same_text=pl.col("text") == pl.col("text_b"),
        same_row=~other,
        split_a="split",
        split_b="split_b",
    ).collect()  # fmt: skip
    removed = every.lazy().filter(~there).select("sample_id", "prompt_id").collect()
    added = every.lazy().filter(~here).select("sample_id", prompt_id="prompt_id_b").collect()
    prompts = _prompts(a.rows, b.rows, removed, added)
    removed, added = _paired(removed, added)
    same = a.rows.height - removed.height - changed.height
    return Rows(added, removed, changed, same, prompts)


def _paired(removed: pl.DataFrame, added: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both with `pair`: the rows of a question that are gone beside those that came, in order."""
    turn = pl.int_range(pl.len()).over("prompt_id").alias("turn")
    gone = removed.sort("sample_id").with_columns(turn)
    came = added.sort("sample_id").with_columns(turn)
    keys = ["prompt_id", "turn"]
    told = gone.join(came.rename({"sample_id": "pair"}), on=keys, how="left", maintain_order="left")
    back = came.join(gone.rename({"sample_id": "pair"}), on=keys, how="left", maintain_order="left")
    return told.drop("turn"), back.drop("turn")


def _prompts(
    a: pl.DataFrame, b: pl.DataFrame, removed: pl.DataFrame, added: pl.DataFrame
) -> dict[str, int]:
    """How many questions have which change."""
    out = removed.drop_nulls("prompt_id").group_by("prompt_id").agg(gone=pl.len())
    moved = out.join(
        added.drop_nulls("prompt_id").group_by("prompt_id").agg(came=pl.len()),
        on="prompt_id",
        how="full",
        coalesce=True,
    ).fill_null(0)
    new = moved.join(a, on="prompt_id", how="anti")
    gone = moved.join(b, on="prompt_id", how="anti")
    kept = moved.join(pl.concat([new, gone]), on="prompt_id", how="anti")
    more, fewer = pl.col("came") > pl.col("gone"), pl.col("came") < pl.col("gone")
    return {
        "all": a["prompt_id"].drop_nulls().n_unique() + new.height,
        "new": new.height,
        "gone": gone.height,
        "other_answer": kept.filter(pl.min_horizontal("came", "gone") > 0).height,
        "more": kept.filter(more).height,
        "fewer": kept.filter(fewer).height,
    }
