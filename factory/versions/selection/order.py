"""The order in which rows are written, and in which a student meets them."""

from __future__ import annotations

import polars as pl

from factory.versions.selection.ranking import UNKNOWN_TOKENS, lots, within

ID = ("prompt_id", "draw", "sample_id")


def in_order(rows: pl.DataFrame, order: str = "id", seed: int = 0) -> pl.DataFrame:
    """Rows in the order that a dataset has.

    Args:
        rows: chosen draws, or the control's.
        order: `dataset.order` of a recipe. `easy_to_hard` wants `pass_rate`, a prompt without one
            coming last; `interleaved` wants `thinks`: rows that think stand evenly between those
            that do not, both by lot.
        seed: the recipe's, for what goes by lot.
    """
    if order == "id":
        return rows.sort(*ID)
    short = pl.col("completion_tokens").fill_null(UNKNOWN_TOKENS)
    if order == "length":
        return rows.sort(short, *ID)
    if order == "easy_to_hard":
        return rows.sort(-pl.col("pass_rate").fill_null(-1.0), short, *ID)
    shuffled = rows.sort(lots(rows["sample_id"], seed, "order"), "sample_id")
    if order == "shuffled":
        return shuffled
    size = pl.len().over("thinks")
    place = (within(["thinks"]) + 0.5) / size
    return shuffled.sort(place, "thinks", maintain_order=True)
