"""The sampler's loop in a replica: partitions come at any time, and none is left lying."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sampled import RIGHT, fixed, prompts, until

from factory.engines import Scripted
from factory.recipe.sampling import Budget, Policy, Sampling
from factory.sampler.asker import Asker
from factory.sampler.budget import Spent
from factory.sampler.counters import Counters
from factory.sampler.feed import Feed
from factory.sampler.loop import Run
from factory.sampler.prompt_state import PromptState, kept, states
from factory.sampler.ray.cluster import _Driver
from factory.sampler.ray.replica import Replica
from factory.store import Store
from filters.verdict import Verdict

ANSWERS = {"a": [RIGHT], "b": [RIGHT]}


class Here(Replica):
    """In this process, where no cluster is."""

    answers = ANSWERS

    async def ready(self) -> str:
        counters = Counters(Spent(), prompts=0)
        engine = Scripted(self.answers)
        self._run = self._run or Run(engine, self._asker, counters, self._feed, self._judge)
        return "here"


async def at_once(response: str | None, reference: object, verifier: str) -> Verdict:
    return Verdict("correct", "", "5", 0.0)


async def drawn(replica: Replica, state: PromptState) -> int:
    return sum([len(events) async for events in replica.sample([state])])


@pytest.mark.parametrize("turns", range(12))
def test_a_partition_that_comes_while_the_loop_is_ending_is_drawn(tmp_path: Path, turns: int):
    async def run() -> list[int]:
        asker = Asker("t", Sampling(policy=fixed(1), concurrency=4), 1)
        asked = list(states(prompts(*ANSWERS), kept(Store(tmp_path), asker), asker))
        replica = Here(lambda: None, asker, at_once)  # pyrefly: ignore
        first = asyncio.create_task(drawn(replica, asked[0]))
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            return [await drawn(replica, asked[1]), await first]

    assert asyncio.run(run()) == [1, 1]


class Actor:
    """What the driver sees of a replica."""

    def __init__(self, replica: Replica):
        self.replica = replica

    @property
    def ready(self) -> "Method":
        return Method(self.replica.ready)

    @property
    def sample(self) -> "Method":
        return Method(self.stream)

    async def stream(self, partition: list[PromptState]) -> AsyncIterator[Any]:
        async for events in self.replica.sample(pickle.loads(pickle.dumps(partition))):
            told: asyncio.Future[Any] = asyncio.Future()
            told.set_result(events)
            yield told


class Method:
    def __init__(self, called: Any):
        self.remote = called

    def options(self, **_: Any) -> "Method":
        return self


@pytest.mark.parametrize(
    ("policy", "budget", "drawn"),
    [
        (fixed(5), Budget(draws=37), 37),
        (fixed(5), Budget(tokens=101), 50),  # two tokens each, and four may come of the next
        (until(6, 6), Budget(draws=1), 1),
        (fixed(5), Budget(draws=1000), 200),
    ],
)
def test_a_budget_is_never_overdrawn_by_replicas(
    tmp_path: Path, policy: Policy, budget: Budget, drawn: int
):
    answers = {f"p{n:02}": [RIGHT] * 6 for n in range(40)}
    sampling = Sampling(policy=policy, budget=budget, max_tokens=4, concurrency=4)
    asker, store = Asker("t", sampling, 1), Store(tmp_path)
    plain = Asker("t", sampling.model_copy(update={"budget": Budget()}), 1)

    async def run() -> None:
        asked, counters = prompts(*answers), Counters(Spent(), 40)
        feed = Feed(states(asked, kept(store, asker), asker), counters, asker)
        replicas = [Here(lambda: None, plain, at_once) for _ in range(2)]  # pyrefly: ignore
        for replica in replicas:
            replica.answers = answers
        driver = _Driver(feed, asker, counters, store, [Actor(r) for r in replicas], {})
        async with asyncio.timeout(10):
            await driver.over(lambda *_, **__: None, None)

    asyncio.run(run())
    kept_of_it = store.table()
    assert kept_of_it.height <= (budget.draws or 1000)
    assert kept_of_it["completion_tokens"].sum() <= (budget.tokens or 1000)
    assert kept_of_it.height >= drawn - 2
