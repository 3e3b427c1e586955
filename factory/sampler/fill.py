"""One sitting with one engine: what is owed is drawn, kept, sealed and reckoned up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

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
from factory.sampler.loop import Judge, Run, Stop, judge_here
from factory.sampler.outcome import ALL_FINISHED, Outcome, outcome
from factory.sampler.prompt_state import kept, spent, states, taken_up
from factory.store import UNSYNCED_SECONDS, Store


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
) -> Outcome:
    """Draw what the policy wants and the store lacks.

    Every draw is kept whatever its verdict. A draw that the engine could not give is no wrong
    answer: it is tried again, and counted as failed when that does not help. The next call asks
    for it once more. An engine may be out for `outage` seconds; 0: one that is out stays out.

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
    run = Run(engine, asker, counters, store, judge, outage=outage, known=known)
    async with synced(store, counters.spent, asker.account):
        ended_by = await run.over(
            Feed(states(prompts, had, asker, earlier), counters, asker), report, stop
        )
    return await finished(prompts, asker, store, run.failed, ended_by)


async def nothing_owed(prompts: pl.DataFrame, asker: Asker, store: Store) -> Outcome | None:
    """The outcome of a sampling that wants no more draws, so that no engine need be started."""
    so_far = spent(kept(store, asker), asker, store.seconds(asker.account))
    ended_by = Bounds(asker.sampling, so_far).end(0, 0.0)
    settled = await finished(prompts, asker, store, {}, ended_by or ALL_FINISHED)
    done = settled.prompts.filter(state="pending").is_empty()
    return settled if done or ended_by else None


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
