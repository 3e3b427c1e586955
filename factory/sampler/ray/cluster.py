"""Sampling on a Ray cluster: partitions of prompts to engine replicas, one store for all of them.

The driver is the one writer and the one that plans: what a replica finishes reaches it draw by
draw, so losing a worker or a node costs the draws that were being made there and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.progress import Report
from factory.recipe.sampling import Budget, Sampling
from factory.sampler.asker import Asker
from factory.sampler.budget import Bounds
from factory.sampler.counters import Counters
from factory.sampler.failures import Failed
from factory.sampler.feed import Feed
from factory.sampler.fill import finished, synced
from factory.sampler.health import witness
from factory.sampler.outcome import ALL_FINISHED, Outcome
from factory.sampler.prompt_state import PromptState, kept, spent, states, taken_up
from factory.sampler.protocols import Stop, judge_here
from factory.sampler.ray.replica import Event, Replica, Start
from factory.store import Store
from filters import own
from filters.truncation import STOPPED
from filters.verdict import Verdict
from filters.verifiers import verify
from filters.verifiers.code import sandbox

AHEAD = 3
"""Partitions that a replica has in hand: while the last prompts of one are drawn, the next is."""
OUTAGE = 300.0
"""Seconds without any replica at work after which a run stops."""
FIGURES_SECONDS = 0.2


async def fill_on_cluster(
    start: Start,
    prompts: pl.DataFrame,
    asker: Asker,
    store: Store,
    report: Report,
    *,
    stop: Stop | None = None,
    outage: float = 0.0,
) -> Outcome:
    """As `factory.sampler.fill.fill`, with engines that `start` brings up on the cluster's nodes.

    Ray is connected to as `RAY_ADDRESS` says, or to the cluster that this machine is part of; where
    there is none, one is begun on this machine.

    Raises:
        StageError: see `factory.sampler.fill.fill`; also when no replica is at work for long.
    """
    had = kept(store, asker)
    counters = Counters(
        spent(had, asker, store.seconds(asker.account)), prompts.height, asker.sampling.target
    )
    connect()
    judging = judges()
    actors = replicas(start, asker, judging, outage, witness(prompts, had, asker))
    failed: dict[str, Failed] = {}
    async with synced(store, counters.spent, asker.account):
        try:
            earlier = taken_up(store, prompts, had, asker)
            feed = Feed(states(prompts, had, asker, earlier), counters, asker)
            driver = _Driver(feed, asker, counters, store, actors, failed)
            ended_by = await driver.over(report, stop)
        finally:
            disconnect([*actors, *judging])
    return await finished(prompts, asker, store, failed, ended_by)


def connect() -> None:
    """Connect to the cluster; nothing is reported to anybody outside it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    import ray

    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, namespace="reasoning-factory")


def disconnect(actors: Sequence[Any]) -> None:
    """End the actors; the cluster stays as it was found."""
    import ray

    for actor in actors:
        ray.kill(actor)


def replicas(
    start: Start,
    asker: Asker,
    judging: Sequence[Any],
    outage: float,
    known: PromptState | None,
) -> list[Any]:
    """Actors for the engines, spread over the nodes; Ray begins a lost one anew where it can."""
    import ray

    sampling = asker.sampling
    gpus = _gpus_each(sampling)
    there = ray.cluster_resources()
    room = int(there.get("GPU", 0)) // gpus if there.get("GPU") else _nodes()
    number = sampling.replicas or room
    if not number:
        raise StageError(
            f"the cluster has {there.get('GPU', 0):g} GPUs, and a replica needs {gpus}"
        )
    own = {"num_gpus": gpus, "num_cpus": 0} if there.get("GPU") else {"num_cpus": 1}
    actor = ray.remote(Replica).options(
        **own, max_restarts=-1, max_concurrency=1000, scheduling_strategy="SPREAD"
    )
    # What a replica is asked for has no end of its own: bounds stay with the driver.
    free = sampling.model_copy(update={"target": None, "budget": Budget()})
    plain = replace(asker, sampling=free)
    return [actor.remote(start, plain, Judges(judging), outage, known) for _ in range(number)]


def _gpus_each(sampling: Sampling) -> int:
    arguments = sampling.engine_arguments
    wide = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    each = 1
    for name in wide:
        each *= int(arguments.get(name, 1))
    return each


def _nodes() -> int:
    import ray

    return sum(node["Alive"] for node in ray.nodes())


class JudgeActor:
    """Judges on one node, whose CPUs its worker pool uses."""

    def __init__(self, unsandboxed: bool, packages: Path | None, home: Path):
        sandbox.allow(unsandboxed)
        sandbox.provide(packages)
        own.look_in(home)

    def judge(self, response: str | None, reference: object, verifier: str) -> Verdict:
        """As `filters.verifiers.verify`."""
        return verify(response, reference, verifier)


class Judges:
    """Judges on the CPUs of all nodes in turn; where one is lost, on another, at last here."""

    def __init__(self, actors: Sequence[Any]):
        self._actors = list(actors)
        self._turn = 0

    async def __call__(
        self, response: str | None, reference: object, verifier: str, question: str | None = None
    ) -> Verdict:
        import ray.exceptions

        while self._actors:
            actor = self._actors[self._turn % len(self._actors)]
            self._turn += 1
            try:
                return await actor.judge.remote(response, reference, verifier)
            except ray.exceptions.RayTaskError:
                raise
            except ray.exceptions.RayError:
                self._actors = [other for other in self._actors if other is not actor]
        return await judge_here(response, reference, verifier)


def judges() -> list[Any]:
    """A judge on each node. They count for no CPU: else engines on CPUs might leave them none."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    found, told = [], (sandbox.allow_unsandboxed, sandbox.packages, own.looked_in())
    for node in ray.nodes():
        if node["Alive"]:
            here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            threads = max(1, int(node["Resources"].get("CPU", 1)))
            options = {"num_cpus": 0, "max_concurrency": threads, "scheduling_strategy": here}
            found.append(ray.remote(JudgeActor).options(**options).remote(*told))
    return found


class _Driver:
    """Gives partitions out and takes draws in."""

    def __init__(
        self,
        feed: Feed,
        asker: Asker,
        counters: Counters,
        store: Store,
        actors: Sequence[Any],
        failed: dict[str, Failed],
    ):
        self.feed, self.asker, self.counters = feed, asker, counters
        self.store, self.actors = store, actors
        self.bounds = Bounds(asker.sampling, counters.spent)
        self.failed = failed
        self._size = max(1, asker.sampling.concurrency // 2)
        self._back: deque[PromptState] = deque()
        self._out: dict[str, PromptState] = {}
        self._reserved: dict[str, tuple[int, float]] = {}
        """By prompt that is out, draws that may still come, and the chance of one."""
        self._changed = asyncio.Event()
        self._at_work: set[int] = set()
        self._last_at_work = time.monotonic()
        self._exhausted, self._why, self._stopping = False, "", False

    async def over(self, report: Report, stop: Stop | None) -> str:
        """Until no prompt wants another draw; returns what ended it."""
        served = [
            asyncio.create_task(self._serve(number, actor))
            for number, actor in enumerate(self.actors)
        ]
        try:
            while not self._done():
                await self._wait(served, report)
                if stop and stop.now.is_set():
                    if not self._stopping:
                        self._stopping = True
                        for actor in self.actors:
                            actor.halt.remote()
                    stop.began = stop.began or time.monotonic()
                if self.bounds.overtime or (stop and stop.over):
                    break
        finally:
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)
        if self._stopping:
            raise StageError(
                f"told to stop: {self.counters.draws:,} draws were finished in this sitting and "
                "are kept; the same command carries on"
            )
        if self.bounds.overtime:
            return self.bounds.end(0, 0.0) or ""
        return self._why or ALL_FINISHED

    async def _wait(self, served: list[asyncio.Task[None]], report: Report) -> None:
        await asyncio.wait(served, timeout=FIGURES_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
        for task in served:
            if task.done():
                task.result()
        self.counters.in_flight = len(self._out)
        report(*self.counters.progress(), **self.counters.told())
        if self._at_work:
            self._last_at_work = time.monotonic()
        elif time.monotonic() - self._last_at_work > OUTAGE:
            raise StageError(
                f"no engine replica was at work for {OUTAGE:g} seconds; `ray status` says what the "
                "cluster lacks. Draws so far are kept; the same command carries on."
            )

    def _done(self) -> bool:
        if self._out:
            return False
        return self._stopping or bool(self._why) or (self._exhausted and not self._back)

    async def _serve(self, number: int, actor: Any) -> None:
        """Keep one replica in work; where it is lost, until it is there again."""
        import ray.exceptions

        while True:
            try:
                await actor.ready.remote()
                self._at_work.add(number)
                await self._keep_in_work(actor)
            except ray.exceptions.RayTaskError as error:
                raise StageError(str(error.cause or error).strip()) from error
            except ray.exceptions.RayError:
                await asyncio.sleep(1)  # the worker or its node is gone
            finally:
                self._at_work.discard(number)

    async def _keep_in_work(self, actor: Any) -> None:
        out: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._changed.clear()
                while len(out) < AHEAD and (partition := self._take()):
                    out.add(asyncio.create_task(self._sample(actor, partition)))
                waiting = asyncio.create_task(self._changed.wait())
                await asyncio.wait({*out, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                for task in [task for task in out if task.done()]:
                    out.discard(task)
                    task.result()
        finally:
            for task in out:
                task.cancel()
            await asyncio.gather(*out, return_exceptions=True)

    def _take(self) -> list[PromptState]:
        """The next prompts to draw for, as many as bounds allow; empty when there are none now."""
        partition: list[PromptState] = []
        draws = sum(left for left, _ in self._reserved.values())
        hoped = sum(chance for _, chance in self._reserved.values())
        while len(partition) < self._size and not self._stopping:
            if why := self.bounds.end(draws, hoped):
                self._why = why if not self._out else ""
                break
            if (state := self._next()) is None:
                break
            chance = self.feed.chance()
            still = max(max(state.limits) - state.drawn, 1)
            while self.bounds.end(draws + still - 1, hoped) and still > 1:
                still -= 1
            draws, hoped = draws + still, hoped + chance
            self._reserved[state.prompt_id] = (still, chance)
            self._out[state.prompt_id] = state
            partition.append(state)
        return partition

    def _next(self) -> PromptState | None:
        while True:
            state = self._back.popleft() if self._back else self.feed.next()
            if state is None:
                self._exhausted = True
                return None
            if state.next_draw() is not None:
                return state
            self.feed.put_away(state)

    def _lent(self, state: PromptState) -> PromptState:
        """A prompt as a replica has it: with no more draws to come than are reserved for it."""
        most = state.drawn + self._reserved[state.prompt_id][0]
        return replace(state, limits=tuple(min(limit, most) for limit in state.limits))

    async def _sample(self, actor: Any, partition: list[PromptState]) -> None:
        try:
            stream = actor.sample.options(num_returns="streaming").remote(
                [self._lent(state) for state in partition]
            )
            async for told in stream:
                for event in await told:
                    self._take_in(event)
        finally:
            # Finished, or lost with its replica: its draws so far tell.
            for state in partition:
                self._out.pop(state.prompt_id, None)
                self._reserved.pop(state.prompt_id, None)
                self._back.append(state)
            self._changed.set()

    def _take_in(self, event: Event) -> None:
        kind, what = event
        if kind == "attempt":
            self.counters.failures += 1
            self.store.failed(*what)
        elif kind == "failed":
            self.failed.update(what)
            for state in self._out.values():
                self._note_failures(state, what)
        else:
            self._keep(what)

    def _note_failures(self, state: PromptState, failed: dict[str, Failed]) -> None:
        for number in range(self.asker.sampling.policy.max_draws):
            if lost := failed.get(self.asker.sample_id(state, number)):
                state.failed[number] = lost.reason

    def _keep(self, row: dict[str, Any]) -> None:
        state = self._out[row["prompt_id"]]
        if state.outcomes.get(row["draw"]) is not None:
            return
        self.store.append(row)
        correct = row["verdict"] == "correct"
        enough = self.asker.sampling.policy.accepted
        self.counters.spent.accepted += correct and (not enough or state.correct < enough)
        state.outcomes[row["draw"]] = correct
        self.counters.took(row["completion_tokens"], row["finish_reason"] in STOPPED)
        left, chance = self._reserved[state.prompt_id]
        self._reserved[state.prompt_id] = (max(left - 1, 0), chance)
