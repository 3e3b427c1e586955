"""Killed at twenty instants and run again, a sampling ends as an undisturbed one does."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sampled import Recording, fixed, mixed_answers, prompts, sample, told, until

from factory.engines import Completion, Request, Scripted
from factory.store import Store

ANSWERS = mixed_answers(prompts=90, draws=5)
POLICIES = {"until": until(2, 5), "fixed": fixed(3), "give up": until(3, 5, give_up=[2, 3])}


class Slow(Scripted):
    """Says on standard output what it was asked, and takes its time."""

    async def draw(self, request: Request) -> Completion:
        print(request.sample_id, flush=True)
        await asyncio.sleep(0.002)
        return await super().draw(request)


def sample_slowly(folder: Path, policy: str) -> None:
    """Run in a process of its own, which is killed."""
    store = Store(folder, seal_rows=16)
    sample(Slow(ANSWERS), prompts(*ANSWERS), POLICIES[policy], store)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("policy", "kills"), [("until", 7), ("fixed", 7), ("give up", 6)])
def test_killed_and_run_again_it_is_as_if_nothing_had_happened(
    tmp_path: Path, policy: str, kills: int
):
    seed = random.randrange(10**6)
    print("seed", seed)  # shown when it fails
    rng = random.Random(seed)
    alone = sample(
        Scripted(ANSWERS), prompts(*ANSWERS), POLICIES[policy], Store(tmp_path / "undisturbed")
    )
    asked: list[str] = []
    command = [sys.executable, __file__, str(tmp_path / "killed"), policy]
    ours = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for _ in range(kills):
        with subprocess.Popen(command, env=ours, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            lines = rng.randint(4, 24)
            asked += [process.stdout.readline().strip() for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
            asked += process.stdout.read().split()
    kept = Store(tmp_path / "killed").table()["sample_id"].to_list()
    assert len(kept) == len(set(kept))
    assert 0 < len(kept) < alone.samples.height  # it was killed on its way
    last = Recording(ANSWERS)
    outcome = sample(last, prompts(*ANSWERS), POLICIES[policy], Store(tmp_path / "killed"))
    assert told(outcome.samples).equals(told(alone.samples))
    assert outcome.prompts.equals(alone.prompts)
    assert set(kept).isdisjoint(request.sample_id for request in last.asked)
    assert {id for id in asked if len(id) == 32} <= set(alone.samples["sample_id"])


if __name__ == "__main__":
    sample_slowly(Path(sys.argv[1]), sys.argv[2])
