"""What tests of the sampler share: prompts, policies, scripted engines, and a sampling of them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl

from factory.engines import Completion, Engine, Request, Scripted
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Fixed, Policy, Sampling, Until
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.outcome import Outcome
from factory.store import Store

RIGHT, WRONG = r"<think>so</think> \boxed{5}", r"<think>so</think> \boxed{6}"
NO_END = r"<think>perhaps \boxed{5}"


def prompts(*ids: str) -> pl.DataFrame:
    """Questions whose answer is 5."""
    rows = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}?"}]}
        | {"reference": '"5"', "verifier": "exact"}
        for id in ids
    ]
    return pl.DataFrame(rows, schema=PROMPT)


def fixed(draws: int) -> Policy:
    return Policy(fixed=Fixed(draws=draws))


def until(accepted: int, max_draws: int, **told: Any) -> Policy:
    return Policy(until=Until(accepted=accepted, max_draws=max_draws, **told))


def sample(
    engine: Engine, asked: pl.DataFrame, policy: Policy, store: Store, **settings: Any
) -> Outcome:
    """The outcome; `samples` has the draws whole."""
    sampling = Sampling.model_validate({"policy": policy, "concurrency": 4} | settings)
    asker = Asker("t", sampling, seed=1)
    outcome = asyncio.run(fill(engine, asked, asker, store, lambda *_, **__: None))
    whole = store.table().drop("prompt_id", "draw")
    outcome.samples = outcome.samples.join(whole, on="sample_id", maintain_order="left")
    return outcome


def draws(outcome: Outcome) -> dict[str, list[int]]:
    """The numbers of the draws of each prompt."""
    found: dict[str, list[int]] = {}
    for prompt, draw in outcome.samples.select("prompt_id", "draw").iter_rows():
        found.setdefault(prompt, []).append(draw)
    return found


def told(samples: pl.DataFrame) -> pl.DataFrame:
    """All that is the same whenever a draw is made."""
    return samples.drop("verdict_seconds", "attempt")


def mixed_answers(prompts: int, draws: int) -> dict[str, list[str]]:
    rng = random.Random(7)
    kinds = [RIGHT, WRONG, WRONG]
    return {f"p{n:02}": rng.choices(kinds, k=draws) for n in range(prompts)}


class Recording(Scripted):
    """A scripted engine that remembers what it was asked."""

    def __init__(self, answers: dict[str, list[str]]):
        super().__init__(answers)
        self.asked: list[Request] = []

    async def draw(self, request: Request) -> Completion:
        self.asked.append(request)
        return await super().draw(request)


class Shuffled(Scripted):
    """Finishes in an order of its own."""

    def __init__(self, answers: dict[str, list[str]], seed: int):
        super().__init__(answers)
        self.random = random.Random(seed)

    async def draw(self, request: Request) -> Completion:
        await asyncio.sleep(self.random.uniform(0, 0.004))
        return await super().draw(request)


class Failing(Scripted):
    """Fails when `fails(request, times it was asked for this draw before)` says so."""

    def __init__(self, answers: dict[str, list[str]], fails: Callable[[Request, int], bool]):
        super().__init__(answers)
        self.fails, self.asked = fails, Counter[str]()

    async def draw(self, request: Request) -> Completion:
        before = self.asked[request.sample_id]
        self.asked[request.sample_id] += 1
        if self.fails(request, before):
            raise ConnectionError("the line is dead")
        return await super().draw(request)
