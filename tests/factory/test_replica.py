"""The sampler's loop in a replica: partitions come at any time, and none is left lying."""

import asyncio
from pathlib import Path

import pytest
from test_sampler import RIGHT, Scripted, fixed, prompts

from factory.aims import Spent
from factory.figures import Figures
from factory.pending import Asker, PromptState, kept, states
from factory.replica import Replica
from factory.sampler import Run
from factory.sampling import Sampling
from factory.store import Store
from filters.verifiers.verdict import Verdict

ANSWERS = {"a": [RIGHT], "b": [RIGHT]}


class Here(Replica):
    """In this process, where no cluster is."""

    async def ready(self) -> str:
        figures = Figures(Spent(), prompts=0)
        engine = Scripted(ANSWERS)
        self._run = self._run or Run(
            engine, self._asker, self._feed, figures, self._feed, self._judge
        )
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
        for state in asked:
            state.limits = asker.sampling.policy.limits()
        replica = Here(lambda: None, asker, at_once)  # pyrefly: ignore
        first = asyncio.create_task(drawn(replica, asked[0]))
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            return [await drawn(replica, asked[1]), await first]

    assert asyncio.run(run()) == [1, 1]
