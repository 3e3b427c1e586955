"""Draws of models: engines found or started, asked one after the other, and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.engines.budget_forcing import KeepsThinking
from factory.errors import StageError
from factory.progress import Report
from factory.recipe.sampling import Sampling
from factory.records import rows_digest
from factory.sampler import changes, votes
from factory.sampler.failures import Failed
from factory.sampler.rejudge import by_mended_keys
from factory.sampler.rounds import Round, fitted, rounds_of
from factory.sampler.strategies import prepare
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.draws import Draws

if TYPE_CHECKING:
    from factory.engines import Engine
    from factory.sampler.outcome import Outcome


@dataclass(frozen=True)
class Drawn:
    """The outcome of all teachers' draws."""

    samples: pl.DataFrame
    """As `factory.sampler.outcome.SAMPLES`, the teachers' one after the other."""
    prompts: pl.DataFrame
    """As `factory.sampler.outcome.PROMPTS`, with `teacher` and `beside`."""
    set_aside: pl.DataFrame
    """Prompts that a teacher could not be asked: as `admission.SET_ASIDE`, with the same two."""
    failed: dict[str, Failed]
    """By sample id, draws that could not be had."""
    missing: int
    """How many of these the next sitting asks for again."""
    ended_by: list[str]
    """For each round, in words."""


def draw(
    teachers: Sequence[Teacher],
    prompts: pl.DataFrame,
    sampling: Sampling,
    *,
    seed: int,
    home: Path,
    kept: Store,
    report: Report,
    say: Callable[[str], None],
) -> Drawn:
    """Draws of each teacher for these prompts, kept in a store, which is closed at the end.

    Target and budget are each round's: each teacher's, and each strategy's that stands beside
    others. `say` is told in words what is no longer as it was in earlier sittings, and what does
    not fit.

    Raises:
        RecipeError: when examples cannot be read, or a teacher cannot be asked so.
        StageError: see `factory.sampler.fill.fill`; when a teacher can be asked no prompt.
    """
    strategies = prepare(sampling.strategies, home)
    done: list[tuple[Round, Outcome]] = []
    try:
        _judge_mended(kept, prompts, report, say)
        for teacher in teachers:
            wanted = rounds_of(teacher, sampling, seed, strategies, prompts)
            changes.tell(teacher, wanted[0].asker, kept.folder, say)
            for each in wanted:
                changes.tell_of_length(kept, each.asker, say)
            done += asyncio.run(_filled(wanted, kept, report, say))
        done = _voted(done, kept, prompts)
    finally:
        kept.close()
    return Drawn(
        pl.concat([outcome.samples for _, outcome in done]),
        pl.concat([outcome.prompts.with_columns(**each.named) for each, outcome in done]),
        pl.concat([each.set_aside.with_columns(**each.named) for each, _ in done]),
        {id: failed for _, outcome in done for id, failed in outcome.failed.items()},
        sum(outcome.missing for _, outcome in done),
        [outcome.ended_by for _, outcome in done],
    )


def _judge_mended(
    kept: Store, prompts: pl.DataFrame, report: Report, say: Callable[[str], None]
) -> None:
    """Judge again what was judged by another key than today's, and say so."""
    found = by_mended_keys(kept, prompts, report)
    if found.draws:
        say(
            f"the keys of {found.prompts:,} prompts are not as they were: their {found.draws:,} "
            f"draws were judged again, and {found.turned:,} verdicts turned"
        )


def _voted(
    done: list[tuple[Round, Outcome]], kept: Store, prompts: pl.DataFrame
) -> list[tuple[Round, Outcome]]:
    """The outcomes once votes are held, where prompts are judged by them."""
    drawn = pl.concat(each.samples.select("sample_id", "prompt_id") for _, each in done)
    if not votes.hold(kept, drawn, prompts):
        return done
    return [(each, _as_judged_now(each, was, kept)) for each, was in done]


def _as_judged_now(each: Round, was: Outcome, store: Store) -> Outcome:
    from factory.sampler.outcome import outcome
    from factory.sampler.prompt_state import kept

    there = kept(store, each.asker)
    return outcome(each.prompts, there, each.asker, was.failed, was.ended_by)


async def _filled(
    wanted: Sequence[Round], kept: Store, report: Report, say: Callable[[str], None]
) -> list[tuple[Round, Outcome]]:
    """The rounds of one teacher, by one engine, which is not started where nothing is owed."""
    from factory.sampler.fill import nothing_owed

    settled = [await nothing_owed(each.prompts, each.asker, kept) for each in wanted]
    if not all(settled):
        wanted = [fitted(each, say) for each in wanted]
        settled = [await nothing_owed(each.prompts, each.asker, kept) for each in wanted]
    if not all(settled):
        settled = await _asked(wanted, kept, report)
    return [(each, outcome) for each, outcome in zip(wanted, settled, strict=True) if outcome]


async def _asked(wanted: Sequence[Round], kept: Store, report: Report) -> list[Outcome | None]:
    """The outcomes of rounds, one after the other."""
    from factory.sampler.fill import fill
    from factory.sampler.loop import Stop

    teacher, sampling = wanted[0].teacher, wanted[0].asker.sampling
    stop = Stop(sampling.grace)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.now.set)
    bounded = any(each.asker.keeps_thinking for each in wanted)
    start = partial(running, teacher, sampling, max(each.max_length for each in wanted), bounded)
    outage = teacher.served.outage if teacher.served else 0.0
    how: dict[str, Any] = {"stop": stop, "outage": outage}
    if sampling.cluster:
        from factory.sampler.ray.cluster import fill_on_cluster

        return [
            await fill_on_cluster(start, each.prompts, each.asker, kept, report, **how)
            for each in wanted
        ]
    async with start() as engine:
        return [
            await fill(engine, each.prompts, each.asker, kept, report, **how) for each in wanted
        ]


@contextlib.asynccontextmanager
async def running(
    teacher: Teacher, sampling: Sampling, max_length: int, bounded: bool = False
) -> AsyncIterator[Engine]:
    """A teacher's engine while it is wanted: its endpoint, or vLLM where this is called.

    Args:
        teacher: who is asked.
        sampling: and how.
        max_length: tokens of the longest prompt with its draw.
        bounded: whether requests may bound their thinking.
    """
    async with _engine(teacher, sampling, max_length) as engine:
        yield KeepsThinking(engine, engine.speech) if bounded else engine


def _engine(teacher: Teacher, sampling: Sampling, max_length: int) -> Any:
    if teacher.served:
        from factory.engines.endpoint import Endpoint

        return Endpoint(teacher.served, sampling.concurrency)
    from factory.engines.vllm_engine import VLLM, AsyncVLLM

    return (AsyncVLLM if in_own_process(sampling) else VLLM)(
        teacher.model,
        max_length=max_length,
        concurrency=sampling.concurrency,
        arguments=sampling.engine_arguments,
        seeded=sampling.seeded,
    )


def in_own_process(sampling: Sampling) -> bool:
    """Whether vLLM runs in processes of its own."""
    if sampling.engine_process is not None:
        return sampling.engine_process
    import torch

    replicas = sampling.engine_arguments.get("data_parallel_size", 1)
    return torch.cuda.is_available() or replicas > 1


def draws_digest(kept: Draws, samples: pl.DataFrame) -> str:
    """Digest of what the draws of these ids say and how they are judged now."""
    found = 0

    def told() -> Iterator[pl.DataFrame]:
        nonlocal found
        for rows in kept.each(("sample_id", "text", "verdict", "verdict_reason"), samples):
            found += rows.height
            yield rows

    total = rows_digest(told())
    if found != samples.height:
        raise StageError(f"{kept.place}: {samples.height:,} draws expected and {found:,} found")
    return total
