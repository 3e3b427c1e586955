"""Which row lies where: rows of the parent stay in their shard and order, new ones come behind.

What a re-publish uploads is what lies otherwise than before (`benchmarks/reupload.py`). So a row
that the parent has is not moved, and rows of one source lie together, which makes a source that is
dropped a few gaps and not thousands.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.versions.folder import index_of, shards_of

BLOCK_TOKENS = 8_000_000
"""Tokens of draws in a block, about 32 MB of text. Ids are by chance, so each block is a sample of
the whole: whoever reads the first rows meets all sources. In it, rows are by source."""
UNKNOWN_TOKENS = 4000
"""What a draw counts as whose tokens nobody counted."""
ID = ("prompt_id", "draw", "sample_id")
LEAST_KEPT = 0.5
"""Share of the rows that must be the parent's; where fewer are, all are laid out anew."""
SMALL_BYTES = 16 * 10**6
MANY = 16
"""Where more than so many files of a split are smaller than that, neighbours become one again. Rows
keep their order, so their pages keep their bytes."""
BEHIND = 2**31 - 1
"""The shard of new rows."""


PLACE = {"sample_id": pl.String(), "in_split": pl.String(), "in_shard": pl.Int32()}


class Placement:
    """Rows in the order in which they are written, each with the shard of the parent it stays in.

    Without any, rows are written as they come.
    """

    def __init__(self, rows: pl.DataFrame | None = None) -> None:
        self._rows, self._at = rows, 0

    def taken(self, ids: pl.Series, splits: pl.Series) -> pl.Series:
        """The parent's shards of the next rows: `BEHIND` for new ones, null for those that changed
        their split, which go into whatever shard is open.

        Raises:
            ValueError: the rows do not come in the order that was agreed on.
        """
        if self._rows is None:
            return pl.repeat(BEHIND, ids.len(), dtype=pl.Int32, eager=True)
        part = self._rows[self._at : self._at + ids.len()]
        self._at += ids.len()
        if not part["sample_id"].equals(ids, check_names=False):
            raise ValueError("rows come in another order than they were placed in")
        stays = (pl.col("in_split") == splits) | (pl.col("in_shard") == BEHIND)
        return part.select(pl.when(stays).then("in_shard")).to_series()


def arranged(rows: pl.DataFrame, parent: Path | None) -> tuple[pl.DataFrame, Placement]:
    """Chosen draws in the order in which they are to lie, and where each stays.

    Args:
        rows: with `prompt_id`, `draw`, `sample_id`, `source` and `completion_tokens`.
        parent: the version that this one takes the place of.
    """
    known = rows.join(_there(parent), on="sample_id", how="left", maintain_order="left")
    old = pl.col("at").is_not_null()
    kept, new = known.filter(old).sort("at"), known.filter(~old)
    if kept.height < LEAST_KEPT * rows.height:
        kept, new = known.clear(), known
    new = _fresh(new).with_columns(in_shard=pl.lit(BEHIND, pl.Int32))
    laid = pl.concat([kept, new])
    return laid.select(rows.columns), Placement(laid.select(list(PLACE)))


def _fresh(rows: pl.DataFrame) -> pl.DataFrame:
    """In blocks by id, and in these by source."""
    tokens = pl.col("completion_tokens").fill_null(UNKNOWN_TOKENS).cast(pl.Int64)
    blocks = rows.sort(*ID).with_columns(block=tokens.cum_sum() // BLOCK_TOKENS)
    return blocks.sort("block", pl.col("source").fill_null(""), *ID).drop("block")


def _there(parent: Path | None) -> pl.DataFrame:
    """The parent's rows, each with its place `at` among all; of shards that became one, the first
    is told."""
    if parent is None or not index_of(parent).exists():
        return pl.DataFrame(schema={**PLACE, "at": pl.UInt32()})
    index = pl.read_parquet(index_of(parent), columns=["sample_id", "split", "shard"])
    index = index.rename({"split": "in_split", "shard": "in_shard"})
    joined = [(s, n, first) for s in index["in_split"].unique() for n, first in _joined(parent, s)]
    firsts = pl.DataFrame(
        joined, orient="row",
        schema={"in_split": pl.String(), "in_shard": pl.Int32(), "first": pl.Int32()},
    )  # fmt: skip
    told = index.join(firsts, on=["in_split", "in_shard"], how="left", maintain_order="left")
    told = told.sort("in_shard", maintain_order=True).with_row_index("at")
    return told.select(
        "sample_id", "in_split", pl.coalesce("first", "in_shard").alias("in_shard"), "at"
    )


def _joined(parent: Path, split: str) -> list[tuple[int, int]]:
    """The number of each of a split's shards, and that of the one it is joined to; none where they
    stay as they are."""
    small = [file.stat().st_size < SMALL_BYTES for file in shards_of(parent, split)]
    if sum(small) <= MANY:
        return []
    firsts: list[int] = []
    for number, is_small in enumerate(small):
        beside = number > 0 and is_small and small[number - 1]
        firsts.append(firsts[-1] if beside else number)
    return list(enumerate(firsts))
