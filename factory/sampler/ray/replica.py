"""One engine replica of a cluster: the sampler's loop in a Ray actor, fed with partitions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from factory.engines import Engine
from factory.sampler.asker import Asker
from factory.sampler.budget import Spent
from factory.sampler.counters import Counters
from factory.sampler.loop import Run
from factory.sampler.prompt_state import PromptState
from factory.sampler.protocols import Judge

Start = Callable[[], AbstractAsyncContextManager[Engine]]
"""Starts an engine where it is called; must be picklable."""
Event = tuple[str, Any]
"""`("draw", row)`, `("attempt", failure)` or `("failed", {sample id: Failed})`."""


class Partition:
    """A few prompts on their way through a replica, and what is to be told of them."""

    def __init__(self, states: Sequence[PromptState]):
        self.left = {state.prompt_id for state in states}
        self.events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()

    async def told(self) -> AsyncIterator[list[Event]]:
        """What happens to its prompts, as it happens, until nothing more does."""
        over = False
        while not over:
            happened = [await self.events.get()]
            while not self.events.empty():
                happened.append(self.events.get_nowait())
            events: list[Event] = []
            for event in happened:
                if isinstance(event, BaseException):
                    raise event
                over = over or event is None
                events += [event] if event is not None else []
            yield events


class Partitions:
    """Feeds a run with the prompts of partitions, and takes to these what comes of them."""

    def __init__(self) -> None:
        self._waiting: deque[PromptState] = deque()
        self._of: dict[str, Partition] = {}

    def add(self, states: Sequence[PromptState]) -> Partition:
        """Take in a partition."""
        partition = Partition(states)
        self._waiting.extend(states)
        self._of.update((state.prompt_id, partition) for state in states)
        return partition

    def broken(self, error: BaseException) -> None:
        """The engine is of no use any more: everyone who waits must hear of it."""
        for partition in set(self._of.values()):
            partition.events.put_nowait(error)
        self._of.clear()
        self._waiting.clear()

    @property
    def waiting(self) -> bool:
        """Whether there are prompts to begin."""
        return bool(self._waiting)

    def next(self) -> PromptState | None:
        """Another prompt to begin; None when there is none now."""
        return self._waiting.popleft() if self._waiting else None

    def chance(self) -> float:
        """Of no use here: targets are the driver's."""
        return 0.0

    def put_away(self, state: PromptState) -> None:
        """The prompt is through, as far as it goes here."""
        partition = self._of.pop(state.prompt_id)
        partition.left.discard(state.prompt_id)
        if not partition.left:
            partition.events.put_nowait(None)

    def append(self, row: Mapping[str, Any]) -> None:
        """Send a finished draw to the driver, whose store keeps it."""
        self._of[row["prompt_id"]].events.put_nowait(("draw", dict(row)))

    def failed(self, sample_id: str, attempt: int, reason: str, message: str) -> None:
        """Send word of an attempt that brought no draw."""
        partition = next(iter(self._of.values()))
        partition.events.put_nowait(("attempt", (sample_id, attempt, reason, message)))


class Replica:
    """The actor. Partitions overlap, so that the engine stays full from one to the next."""

    def __init__(
        self,
        start: Start,
        asker: Asker,
        judge: Judge,
        outage: float = 0.0,
        known: PromptState | None = None,
    ):
        """`outage` and `known` as `factory.sampler.loop.Run` has them."""
        self._start, self._asker, self._judge = start, asker, judge
        self._outage, self._known = outage, known
        self._feed = Partitions()
        self._run: Run | None = None
        self._loop: asyncio.Task[Any] | None = None
        self._starting = asyncio.Lock()

    async def ready(self) -> str:
        """Start the engine, once; returns the node that it runs on."""
        import ray

        async with self._starting:
            if self._run is None:
                self._running = self._start()  # kept: without it the engine would end at once
                engine = await self._running.__aenter__()
                counters = Counters(Spent(), prompts=0)
                told = {"outage": self._outage, "known": self._known}
                self._run = Run(engine, self._asker, counters, self._feed, self._judge, **told)
        return ray.get_runtime_context().get_node_id()

    async def halt(self) -> None:
        """Begin no further draw: the run was told to stop."""
        if self._run:
            self._run.halted = True

    async def sample(self, states: list[PromptState]) -> AsyncIterator[list[Event]]:
        """Draw what these prompts want; tells what comes of it, as it comes."""
        await self.ready()
        run = self._run
        assert run
        partition = self._feed.add(states)
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._sample(run))
        else:
            run.ended.put_nowait(None)
        async for events in partition.told():
            yield events
        lost = {id: run.failed.pop(id) for id in self._ids(states) & run.failed.keys()}
        if lost:
            yield [("failed", lost)]

    def _ids(self, states: Sequence[PromptState]) -> set[str]:
        most = self._asker.sampling.policy.max_draws
        return {self._asker.sample_id(state, n) for state in states for n in range(most)}

    async def _sample(self, run: Run) -> None:
        try:
            while self._feed.waiting:  # some may have come while the loop was ending
                await run.over(self._feed, lambda *_, **__: None)
        except BaseException as error:
            self._feed.broken(error)
