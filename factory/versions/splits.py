"""Which split a row is in: by its prompt's id alone, so that no prompt moves when others come.

A prompt's place is a number from 0 up to 1: the first 13 hexadecimal digits of the sha256 of
`prompt_id`, divided by 16 to the 13th. `validation` has the places from 0 on, `test` those before
1, `train` what is between. So all rows of a prompt are in one split, and a larger share takes
prompts from `train` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import polars as pl

from factory.errors import StageError
from factory.recipe.splits import Splits

DIGITS = 13
"""Hexadecimal digits: 52 bits, as many as a float tells apart."""
Split = Callable[[pl.DataFrame], pl.Series]
"""Rows with `prompt_id` -> the name of each one's split."""


def place(prompt_id: str) -> float:
    """A number from 0 up to 1 that is spread evenly over ids.

    >>> round(place("a"), 4), round(place("b"), 4)
    (0.7929, 0.2432)
    """
    return int(hashlib.sha256(prompt_id.encode()).hexdigest()[:DIGITS], 16) / 16**DIGITS


def by_prompt(shares: Splits) -> Split:
    """What names the split of each row; a row whose prompt nobody knows goes by its own id."""

    def split(rows: pl.DataFrame) -> pl.Series:
        if not shares.asked:
            return pl.repeat("train", rows.height, eager=True).alias("split")
        ids = pl.coalesce("prompt_id", "sample_id")
        places = pl.Series("place", map(place, rows.select(ids).to_series()), pl.Float64)
        at = pl.col("place")
        name = pl.when(at < shares.validation).then(pl.lit("validation"))
        name = name.when(at >= 1 - shares.test).then(pl.lit("test")).otherwise(pl.lit("train"))
        return places.to_frame().select(name.alias("split")).to_series()

    return split


def some_to_train_on(rows: pl.DataFrame, split: Split) -> None:
    """Refuse splits that leave nothing to train on.

    Raises:
        StageError: all rows are in other splits.
    """
    if rows.height and not (split(rows) == "train").any():
        raise StageError(
            f"dataset.splits: all {rows.height:,} rows are in validation or test. Make the shares "
            "smaller"
        )


def near_train(rows: pl.DataFrame, split: Split) -> dict[str, tuple[int, int]]:
    """Of each split but `train` its rows, and those whose prompt is near one that is trained on.

    Args:
        rows: with `duplicate_cluster`, made by comparing prompts; null where none is near.
    """
    told = rows.select("duplicate_cluster", split=split(rows))
    train = told.filter(split="train").drop_nulls().select("duplicate_cluster").unique()
    clusters = train["duplicate_cluster"].implode()
    near = pl.col("duplicate_cluster").is_in(clusters).fill_null(False)
    others = told.filter(pl.col("split") != "train").group_by("split", maintain_order=True)
    return {
        name: (rows, found) for name, rows, found in others.agg(pl.len(), near.sum()).iter_rows()
    }
