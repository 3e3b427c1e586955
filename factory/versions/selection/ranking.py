"""Which draws come before which: by length, lot, score, difficulty, or least alike first."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from factory.records import digest, text_digests

if TYPE_CHECKING:
    import numpy as np

UNKNOWN_TOKENS = 2**31 - 1
"""What a draw is taken for that nobody has counted the tokens of: longer than any other."""
HELPS = (
    "sample_id",
    "prompt_id",
    "draw",
    "completion_tokens",
    "source",
    "domain",
    "topic",
    "pass_rate",
    "score",
    "variety",
    "unit",
    "duplicate_cluster",
)
"""What choosing may go by, where it is there."""


def ranked(pool: pl.DataFrame, how: str, seed: int, purpose: str) -> pl.DataFrame:
    """Draws in the order in which they are taken; equal ones by length, number and place.

    Args:
        pool: with a column `row`, their place.
        how: `prefer` or `take` of a recipe.
        seed: the recipe's.
        purpose: another word, another lot.
    """
    tokens = pl.col("completion_tokens").fill_null(UNKNOWN_TOKENS)
    long = pl.col("completion_tokens").fill_null(-1)
    lot = lots(pool["sample_id"], seed, purpose) if how in ("random", "hardest") else None
    first: dict[str, list[tuple[pl.Expr | pl.Series, bool]]] = {
        "shortest": [],
        "longest": [(long, True)],
        "mostly_longest": [(long, True)],
        "random": [(lot, False)] if lot is not None else [],
        "hardest": [(pl.col("pass_rate").fill_null(2.0), False)],
        "best": [(pl.col("score").fill_null(-1.0), True)],
        "diverse": [(pl.col("variety"), False)],
    }
    keys = first[how]
    if how == "hardest" and lot is not None:
        keys = [*keys, (lot, False)]
    keys = [*keys, (tokens, False), (pl.col("draw"), False), (pl.col("row"), False)]
    names = {f"key_{n}": key for n, (key, _) in enumerate(keys)}
    falls = [falling for _, falling in keys]
    return pool.with_columns(**names).sort(list(names), descending=falls).drop(list(names))


def within(groups: list[str]) -> pl.Expr:
    """Place of each draw in its group, from 0 on, as they stand."""
    turn = pl.int_range(pl.len())
    return turn.over(groups) if groups else turn


def lots(ids: pl.Series, seed: int, purpose: str) -> pl.Series:
    """A number for each id, 0 to 2**64 - 1, that depends on nothing but id, seed and purpose."""
    import numpy as np

    key = digest(seed, purpose).encode()
    drawn = text_digests(ids, partial(hashlib.blake2b, digest_size=8, key=key))
    return pl.Series("lot", np.frombuffer(b"".join(drawn), "<u8"))


def mostly_first(size: int, wanted: int, chance: np.random.Generator) -> np.ndarray:
    """Places 0 to `size` - 1 in the order in which s1 draws them: each time the first of those that
    are left has a chance of 1/2, the second of 1/4, the third of 1/8, and so on.

    So does s1 (arXiv 2501.19393, algorithm 1: weights of 2 to the power of minus the rank by length
    of the thinking, in one domain). Only `wanted` are drawn; the others come behind in order.

    >>> import numpy as np
    >>> mostly_first(6, 3, np.random.default_rng(1)).tolist()
    [1, 4, 0, 2, 3, 5]
    """
    import numpy as np

    left, taken = list(range(size - 1, -1, -1)), []
    for luck in chance.random(min(wanted, size)):
        most = min(len(left), 64)
        # The inverse of the distribution function of a geometric law that ends at `most`.
        step = int(-np.log2(1 - luck * (1 - 2.0**-most)))
        taken.append(left.pop(-1 - min(step, most - 1)))
    return np.array(taken + left[::-1], np.int64)
