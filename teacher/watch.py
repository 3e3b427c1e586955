"""Whether a reward and what it stands for part: the reward rises, the verifier's accuracy falls."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import polars as pl

FALSE_ALARMS = 0.05
"""Chance of a word without a reason in a whole training, over all pairs of examinations."""
FEWEST = 10
"""Prompts below which a difference is not known well enough to say a word."""


class Examined(NamedTuple):
    """The held-out draws of a step."""

    step: int
    rows: pl.DataFrame
    """With prompt_id, reward and verdict."""


class Parted(NamedTuple):
    """Two examinations between which reward and accuracy went apart."""

    before: int
    after: int
    reward: float
    """By how much it rose."""
    accuracy: float
    """By how much it fell, 0 to 1."""

    def __str__(self) -> str:
        return (
            f"reward and accuracy part: from step {self.before} to step {self.after} the reward of "
            f"held-out draws rose by {self.reward:.2f}, and {100 * self.accuracy:.0f} of 100 fewer "
            "are right by the verifier. Read some of them (held-out/) before you go on: what is "
            "rewarded may be something else than what you want"
        )


def parted(examined: Sequence[Examined]) -> Parted | None:
    """The newest examination against each before: the widest gap that noise does not explain.

    The same prompts are compared one by one, so that easy and hard ones do not blur it. Both
    differences must be beyond their intervals, which are as wide as so many comparisons need
    (Bonferroni over all pairs so far).
    """
    if len(examined) < 2:
        return None
    pairs = len(examined) * (len(examined) - 1) / 2
    width = NormalDist().inv_cdf(1 - FALSE_ALARMS / 2 / pairs)
    *earlier, newest = examined
    found = [gap for one in earlier if (gap := _gap(one, newest, width))]
    return max(found, key=lambda gap: gap.accuracy, default=None)


def _gap(one: Examined, other: Examined, width: float) -> Parted | None:
    both = _by_prompt(one.rows).join(_by_prompt(other.rows), on="prompt_id", suffix="_then")
    if both.height < FEWEST:
        return None
    rise = both["reward_then"] - both["reward"]
    fall = both["right"] - both["right_then"]
    if _least(rise, width) > 0 and _least(fall, width) > 0:
        return Parted(one.step, other.step, _mean(rise), _mean(fall))
    return None


def _by_prompt(rows: pl.DataFrame) -> pl.DataFrame:
    judged = rows.filter(pl.col("verdict").is_in(["correct", "incorrect"]))
    right = (pl.col("verdict") == "correct").mean()
    return judged.group_by("prompt_id").agg(pl.col("reward").mean(), right=right)


def _mean(differences: pl.Series) -> float:
    return float(differences.mean())  # pyrefly: ignore


def _least(differences: pl.Series, width: float) -> float:
    """The lower end of the interval of a mean."""
    return _mean(differences) - width * float(differences.std()) / differences.len() ** 0.5  # pyrefly: ignore
