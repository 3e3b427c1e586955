"""The sampler on a Ray cluster of two nodes on this machine, one of which is killed in mid-run."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sampled import mixed_answers, prompts

from factory.engines import Completion, Engine, Request, Scripted
from factory.errors import StageError
from factory.recipe.sampling import Fixed, Policy, Sampling, Target, Until
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.outcome import Outcome
from factory.sampler.ray.cluster import fill_on_cluster
from factory.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("cluster")]

ANSWERS = mixed_answers(prompts=120, draws=5)


class Slow(Scripted):
    """Takes its time for a draw, and notes in a file that it was asked for it.

    No draw is finished before `together` processes were asked for one: a replica that comes up
    late must find work left.
    """

    def __init__(self, answers: dict[str, list[str]], log: Path, seconds: float, together: int):
        super().__init__(answers)
        self.log, self.seconds, self.together = log, seconds, together

    async def draw(self, request: Request) -> Completion:
        with self.log.open("a") as log:
            log.write(f"{os.getpid()} {request.sample_id}\n")
        await asyncio.sleep(self.seconds)
        while len(at_work(self.log)) < self.together:
            await asyncio.sleep(self.seconds)
        return await super().draw(request)


def at_work(log: Path) -> set[str]:
    """The processes that were asked for draws."""
    return {line.split()[0] for line in log.read_text().splitlines()}


@contextlib.asynccontextmanager
async def scripted(log: Path, seconds: float, together: int = 1) -> AsyncIterator[Engine]:
    yield Slow(ANSWERS, log, seconds, together)


class Broken:
    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    async def draw(self, request: Request) -> Completion:
        raise ConnectionError("the line is dead")


@contextlib.asynccontextmanager
async def broken() -> AsyncIterator[Engine]:
    yield Broken()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes on this machine, with room for an engine and a judge each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # for workers
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        import ray
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        made.add_node(num_cpus=2)
        made.wait_for_nodes()
        ray.init(address=made.address, log_to_driver=False)
        yield made
        ray.shutdown()
        made.shutdown()


def sample(
    folder: Path, policy: Policy, start: Any, **settings: Any
) -> tuple[Outcome, pl.DataFrame]:
    sampling = Sampling.model_validate(
        {"policy": policy, "concurrency": 16, "replicas": 2} | settings
    )
    store, asker = Store(folder), Asker("t", sampling, seed=1)

    async def run() -> Outcome:
        asked = prompts(*ANSWERS)
        return await fill_on_cluster(start, asked, asker, store, lambda *_, **__: None)

    outcome = asyncio.run(run())
    return outcome, told(store)


def told(store: Store) -> pl.DataFrame:
    return store.table().drop("verdict_seconds", "attempt").sort("sample_id")


def undisturbed(folder: Path, policy: Policy) -> tuple[Outcome, pl.DataFrame]:
    sampling, store = Sampling(policy=policy, concurrency=16), Store(folder)
    asker = Asker("t", sampling, seed=1)
    asked = prompts(*ANSWERS)
    outcome = asyncio.run(fill(Scripted(ANSWERS), asked, asker, store, lambda *_, **__: None))
    return outcome, told(store)


UNTIL = Policy(until=Until(accepted=2, max_draws=5))


def test_what_is_drawn_is_what_one_machine_draws(cluster: Any, tmp_path: Path):
    start = partial(scripted, tmp_path / "asked", 0.01)
    gives_up = Policy(until=Until(accepted=2, max_draws=5, give_up=2))
    for policy in (Policy(fixed=Fixed(draws=2)), gives_up):
        name = "until" if policy.until else "fixed"
        alone, table = undisturbed(tmp_path / f"{name} alone", policy)
        outcome, on_cluster = sample(tmp_path / name, policy, start)
        assert outcome.samples.equals(alone.samples)
        assert on_cluster.equals(table)
        assert outcome.prompts.equals(alone.prompts)
        assert outcome.ended_by == "all prompts are finished"


def test_a_target_ends_a_cluster_too(cluster: Any, tmp_path: Path):
    start = partial(scripted, tmp_path / "asked", 0.01)
    aim = Target(accepted=30)
    outcome, table = sample(tmp_path / "run", UNTIL, start, target=aim, concurrency=4)
    assert outcome.ended_by == "the target of 30 accepted rows"
    assert 30 <= table.filter(verdict="correct").height <= 60


def test_an_engine_that_is_broken_everywhere_ends_the_stage(cluster: Any, tmp_path: Path):
    with pytest.raises(StageError, match=r"none of \d+ draws.*the line is dead"):
        sample(tmp_path / "run", UNTIL, broken)


def test_a_node_that_is_killed_costs_its_unfinished_draws_alone(cluster: Any, tmp_path: Path):
    log = tmp_path / "asked"
    alone, table = undisturbed(tmp_path / "alone", UNTIL)

    async def kill_a_node() -> None:
        while not log.exists() or len(log.read_text().splitlines()) < 100:
            await asyncio.sleep(0.05)
        (node,) = cluster.worker_nodes
        cluster.remove_node(node, allow_graceful=False)

    async def run() -> Outcome:
        sampling = Sampling(policy=UNTIL, concurrency=16, replicas=2)
        asker, start = Asker("t", sampling, seed=1), partial(scripted, log, 0.1, together=2)
        filled = fill_on_cluster(start, prompts(*ANSWERS), asker, store, lambda *_, **__: None)
        outcome, _ = await asyncio.gather(filled, kill_a_node())
        return outcome

    store = Store(tmp_path / "killed")
    outcome = asyncio.run(run())
    assert outcome.samples.equals(alone.samples)
    assert told(store).equals(table)
    assert outcome.failed == {}
    again = len(log.read_text().splitlines()) - table.height
    assert 0 <= again <= 3 * 16 * 1.5  # what was in hand on the node that died
