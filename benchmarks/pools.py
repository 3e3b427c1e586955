"""Simulated prompts, and what a policy draws of them: by its table alone, or by a run.

Prompts have pass rates of a distribution; a draw's length is log-normal, longer where it is wrong,
as chains of thought are. All draws that a prompt can have are settled beforehand, so every policy
meets the same outcomes.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from factory.engines import Completion, Request
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Policy, Sampling, Target
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.policy import Limits
from factory.store import Store

RIGHT, WRONG = r"<think></think>\boxed{1}", r"<think></think>\boxed{0}"
MOST = 16
"""Draws that a prompt can have at most."""
LONGEST = 32768

DISTRIBUTIONS: dict[str, list[tuple[float, float, float]]] = {
    # shares of prompts with (share, a, b) of a Beta; a = 0 stands for pass rate 0, b = 0 for 1
    "many 0s and 1s, few between": [(0.25, 0, 1), (0.35, 1, 0), (0.40, 0.8, 0.8)],
    "U-shaped": [(1.0, 0.25, 0.25)],
    "hard: most are never solved": [(0.55, 0, 1), (0.45, 0.4, 1.2)],
    "easy: most are always solved": [(0.60, 1, 0), (0.40, 1.2, 0.4)],
    "an easy and a hopeless source": [(0.5, 6, 0.7), (0.5, 0.1, 2.5)],
    "flat": [(1.0, 1, 1)],
}


@dataclass
class Pool:
    """Prompts with all their possible draws, in the order of drawing."""

    ids: list[str]
    sources: list[str]
    correct: np.ndarray
    """By prompt and number of the draw, whether it is correct."""
    tokens: np.ndarray
    """By prompt and number of the draw, how long it is."""

    @classmethod
    def simulated(cls, name: str, prompts: int, seed: int) -> Pool:
        """Prompts of a distribution; only where its name says so are their sources told apart."""
        rng = np.random.default_rng([seed, *name.encode()])
        parts = DISTRIBUTIONS[name]
        kinds = rng.choice(len(parts), prompts, p=[share for share, _, _ in parts])
        rates = [
            0.0 if not a else 1.0 if not b else rng.beta(a, b)
            for _, a, b in (parts[kind] for kind in kinds)
        ]
        correct = rng.random((prompts, MOST)) < np.array(rates)[:, None]
        tokens = np.exp(rng.normal(np.where(correct, 7.0, 7.7), 0.6)).round().clip(1, LONGEST)
        told = "source" in name
        return cls(
            [f"p{number:06}" for number in range(prompts)],
            [f"source {kind}" if told else "all" for kind in kinds],
            correct,
            tokens.astype(np.int64),
        )

    def asked(self) -> pl.DataFrame:
        """The prompts as a run reads them."""
        rows = [
            {"prompt_id": id, "messages": [], "source": source}
            | {"reference": '"1"', "verifier": "exact"}
            for id, source in zip(self.ids, self.sources, strict=True)
        ]
        return pl.DataFrame(rows, schema=PROMPT)


class Answers:
    """An engine that gives a pool's draws."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    def __init__(self, pool: Pool):
        self.pool, self.places = pool, {id: place for place, id in enumerate(pool.ids)}

    async def draw(self, request: Request) -> Completion:
        where = self.places[request.prompt_id], request.draw
        text = RIGHT if self.pool.correct[where] else WRONG
        return Completion(text, None, "stop", 0, int(self.pool.tokens[where]))


@dataclass(frozen=True)
class Yield:
    """The result of a policy."""

    tokens: int
    rows: int
    covered: int

    @property
    def each(self) -> float:
        """Tokens a row."""
        return self.tokens / max(self.rows, 1)


def by_table(
    pool: Pool, limits: Sequence[Limits], most: int = MOST, target: int | None = None
) -> Yield | None:
    """What tables of stopping draw; None where all prompts do not suffice for the target.

    Args:
        pool: the prompts.
        limits: one table for all, or one for each source in the order of their names.
        most: rows of a prompt that count.
        target: rows after which nothing is drawn.
    """
    padded = np.array([[*table, *[0] * (MOST + 1)][: MOST + 1] for table in limits])
    rule = np.unique(pool.sources, return_inverse=True)[1] if len(limits) > 1 else 0
    had = np.zeros(len(pool.ids), dtype=int)
    drawn = np.zeros_like(pool.correct)
    for number in range(MOST):
        drawn[:, number] = number < padded[rule, had]
        had += drawn[:, number] & pool.correct[:, number]
    if target is not None:
        good = drawn & pool.correct
        rows = np.cumsum(good).reshape(drawn.shape)  # prompt by prompt
        if rows[-1, -1] < target:
            return None
        drawn &= rows - good < target
    rows = (drawn & pool.correct).sum(axis=1).clip(max=most)
    return Yield(int(pool.tokens[drawn].sum()), int(rows.sum()), int((rows > 0).sum()))


def by_run(
    pool: Pool, rule: Policy, most: int = MOST, target: int | None = None, concurrency: int = 2
) -> Yield | None:
    """What a run draws; None where all prompts do not suffice for the target.

    Few draws are in flight at once: a pool is small, and at the end of a run many would weigh in.
    """
    aim = Target(accepted=target) if target else None
    sampling = Sampling(policy=rule, target=aim, concurrency=concurrency)
    with tempfile.TemporaryDirectory() as folder:
        store, asker = Store(Path(folder)), Asker("t", sampling, seed=1)
        outcome = asyncio.run(
            fill(Answers(pool), pool.asked(), asker, store, lambda *_, **__: None)
        )
        kept = store.table(("sample_id", "completion_tokens"))
        kept = kept.join(outcome.samples, on="sample_id", how="semi")
        store.close()
    rows = outcome.prompts["correct"].clip(upper_bound=most)
    if target and int(rows.sum()) < target:
        return None
    return Yield(int(kept["completion_tokens"].sum()), int(rows.sum()), int((rows > 0).sum()))
