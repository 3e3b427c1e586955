"""Examining a model on the held-out prompts: pass@1 with an interval, by the filters' verifiers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
from pydantic import Field

from factory.recipe.strict import Strict
from filters.lenient import Draw, both
from filters.rewards import WORKERS
from filters.verifiers.check import wilson

if TYPE_CHECKING:
    import numpy as np


class Score(Strict):
    """The result of an examination."""

    pass_at_1: float = Field(ge=0, le=1)
    """Mean share of correct answers, over prompts and draws, 0 to 1."""
    low: float
    """Lower end of the 95 % interval, prompts drawn anew with all their answers."""
    high: float
    """Upper end of that interval."""
    prompts: int
    """Prompts asked."""
    draws: int
    """Answers in all."""
    unverifiable: int
    """Answers that the verifier could not judge; they count as not correct."""
    unfinished: float
    """Share of answers whose thinking or text did not end, 0 to 1."""
    tokens: float
    """Mean length of an answer in tokens."""
    lenient: float | None = None
    """pass@1 if the last number of an answer that announces none counted, 0 to 1
    (`filters.lenient`); None where prompts have no such answers, and in scores of before."""
    by_domain: dict[str, float] = Field(default_factory=dict)
    """pass@1 of each domain, 0 to 1, where the prompts are of several."""


def score(samples: pl.DataFrame, seed: int = 0) -> Score:
    """The score of a model from its draws, an equal number for each prompt.

    Where `samples` has `reference`, `verifier` and `domain` of the prompts, the score is told
    leniently, too, and of each domain.
    """
    judged = samples.with_columns(correct=pl.col("verdict") == "correct")
    shares = judged.group_by("prompt_id", maintain_order=True).agg(pl.col("correct").mean())
    low, high = interval(shares["correct"].to_numpy(), seed)
    unfinished = pl.col("response").is_null() | (pl.col("finish_reason") != "stop")
    return Score(
        pass_at_1=float(shares["correct"].mean()),  # pyrefly: ignore
        low=low,
        high=high,
        prompts=shares.height,
        draws=samples.height,
        unverifiable=samples.filter(verdict="unverifiable").height,
        unfinished=samples.select(unfinished.mean()).item(),
        tokens=samples.select(pl.col("completion_tokens").mean()).item(),
        lenient=_lenient(samples) if "reference" in samples.columns else None,
        by_domain=_by_domain(judged) if "domain" in samples.columns else {},
    )


def _by_domain(judged: pl.DataFrame) -> dict[str, float]:
    means = judged.group_by("domain").agg(pl.col("correct").mean()).sort("domain").drop_nulls()
    return dict(means.iter_rows()) if means.height > 1 else {}


def _lenient(samples: pl.DataFrame) -> float | None:
    told = ("text", "response", "reference", "verifier", "verdict", "verdict_reason")
    draws = [
        Draw(text, response, json.loads(reference or "null"), *rest)
        for text, response, reference, *rest in samples.select(told).iter_rows()
    ]
    shares = both(draws, WORKERS)
    return shares[1] if shares else None


def interval(shares: np.ndarray, seed: int = 0, resamples: int = 10_000) -> tuple[float, float]:
    """95 % interval of the mean of per-prompt shares, shape (prompts,).

    Prompts are drawn anew with all their answers (cluster bootstrap), since answers to one
    question are alike. Where all shares are the same, as when all are 0 or 1, the bootstrap has no
    width, and Wilson's interval over the prompts is given.
    """
    import numpy as np

    mean, count = float(shares.mean()), len(shares)
    if np.all(shares == shares[0]):
        return wilson(mean * count, count)
    random = np.random.default_rng(seed)
    means = [shares[random.integers(0, count, count)].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
