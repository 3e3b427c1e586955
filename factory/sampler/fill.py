"""One sitting with one engine: what is owed is drawn, kept, sealed and reckoned up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import polars as pl

from factory.engines import Engine
from factory.errors import StageError
from factory.progress import Report
from factory.sampler.asker import Asker
from factory.sampler.budget import Bounds, Spent
from factory.sampler.counters import Counters
from factory.sampler.failures import Failed
from factory.sampler.feed import Feed
from factory.sampler.health import witness
from factory.sampler.loop import Run
from factory.sampler.outcome import ALL_FINISHED, Outcome, outcome
from factory.sampler.prompt_state import kept, spent, states, taken_up
from factory.sampler.protocols import Judge, Stop, judge_here
from factory.store import UNSYNCED_SECONDS, Store

log = logging.getLogger(__name__)


async def fill(
    engine: Engine,
    prompts: pl.DataFrame,
    asker: Asker,
    store: Store,
    report: Report,
    *,
    judge: Judge = judge_here,
    stop: Stop | None = None,
    outage: float = 0.0,
    say: Callable[[str], None] = log.warning,
) -> Outcome:
    """Draw what the policy wants and the store lacks.

    Every draw is kept whatever its verdict. A draw that the engine could not give is no wrong
    answer: it is tried again, and counted as failed when that does not help. The next call asks
    for it once more. An engine may be out for `outage` seconds; 0: one that is out stays out. `say`
    is told in words when the engine does worse.

    Raises:
        StageError: when the engine is out, when draws cannot be kept, or when the run was told to
            stop. What is finished is kept, and the next call goes on from there.
    """
    had = kept(store, asker)
    earlier = taken_up(store, prompts, had, asker)
    counters = Counters(
        spent(had, asker, store.seconds(asker.account)), prompts.height, asker.sampling.target
    )
    known = witness(prompts, had, asker)
    run = Run(engine, asker, counters, store, judge, outage=outage, known=known, say=say)
    async with synced(store, counters.spent, asker.account):
        ended_by = await run.over(
            Feed(states(prompts, had, asker, earlier), counters, asker), report, stop
        )
    return await finished(prompts, asker, store, run.failed, ended_by)


@dataclass(frozen=True)
class Standing:
    """What earlier sittings left."""

    outcome: Outcome
    spent: Spent
    owed: int
    """Prompts that want more draws; 0 where target or budget is met."""

    def __str__(self) -> str:
        """In words; empty where nothing was found."""
        if not self.outcome.samples.height:
            return ""
        return (
            f"found {self.outcome.samples.height:,} draws of earlier sittings "
            f"({self.outcome.prompts['correct'].sum():,} correct), which took "
            f"{self.spent.tokens:,} tokens; {self.owed:,} of {self.outcome.prompts.height:,} "
            "prompts are owed draws"
        )


async def standing(prompts: pl.DataFrame, asker: Asker, store: Store) -> Standing:
    """What earlier sittings left: where nothing is owed, no engine need be started."""
    so_far = spent(kept(store, asker), asker, store.seconds(asker.account))
    ended_by = Bounds(asker.sampling, so_far).end(0, 0.0)
    found = await finished(prompts, asker, store, {}, ended_by or ALL_FINISHED)
    owed = 0 if ended_by else found.prompts.filter(state="pending").height
    return Standing(found, so_far, owed)


async def finished(
    prompts: pl.DataFrame,
    asker: Asker,
    store: Store,
    failed: dict[str, Failed],
    ended_by: str,
) -> Outcome:
    """Seal what was drawn, and work out the outcome.

    Raises:
        StageError: when there is nothing but failures.
    """
    await asyncio.to_thread(store.seal, wait=True)
    have = kept(store, asker)
    if failed and have.is_empty():
        last = list(failed.values())[-1]
        raise StageError(
            f"the engine gave no draw at all: all {len(failed):,} failed, the last one with "
            f"{last.words}"
        )
    return outcome(prompts, have, asker, failed, ended_by)


@contextlib.asynccontextmanager
async def synced(store: Store, spent: Spent, account: str) -> AsyncIterator[None]:
    """See to it that a power failure costs no more than a second of finished work."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(UNSYNCED_SECONDS / 2)
            if store.unsynced:
                # Where one of these fails, the next draw that is to be kept says so.
                await asyncio.to_thread(store.sync)
                await asyncio.to_thread(store.note_seconds, account, spent.hours * 3600)

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        store.note_seconds(account, spent.hours * 3600)
