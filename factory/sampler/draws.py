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

from factory.engines.budget_forcing import Budgeted
from factory.errors import RecipeError, StageError
from factory.progress import Report
from factory.recipe.sampling import Sampling
from factory.records import rows_digest
from factory.sampler import changes
from factory.sampler.asker import Asker
from factory.sampler.failures import Failed
from factory.sampler.longest import longest_prompt
from factory.sampler.rejudge import by_mended_keys
from factory.sampler.strategies import Prepared, prepare
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
    """As `factory.sampler.outcome.PROMPTS`, with `teacher`."""
    failed: dict[str, Failed]
    """By sample id, draws that could not be had."""
    missing: int
    """How many of these the next sitting asks for again."""
    ended_by: list[str]
    """For each teacher, in words."""


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

    Target and budget are each teacher's. `say` is told in words what is no longer as it was in
    earlier sittings.

    Raises:
        RecipeError: when examples cannot be read, or a teacher cannot be asked so.
        StageError: see `factory.sampler.fill.fill`.
    """
    if sampling.thinking and any(teacher.served for teacher in teachers):
        raise RecipeError(
            "sampling.thinking continues a draw by its token ids, which an endpoint does not take: "
            "leave it out, or name a teacher by its `path`"
        )
    strategies = prepare(sampling.strategies, home)
    outcomes: list[Outcome] = []
    try:
        _judge_mended(kept, prompts, report, say)
        for teacher in teachers:
            asker = asker_of(teacher, sampling, seed, strategies, prompts)
            changes.tell(teacher, asker, kept.folder, say)
            changes.tell_of_length(kept, asker, say)
            outcomes.append(asyncio.run(_filled(teacher, prompts, asker, kept, report)))
    finally:
        kept.close()
    names = [teacher.model.name for teacher in teachers]
    return Drawn(
        pl.concat([outcome.samples for outcome in outcomes]),
        pl.concat(
            [
                o.prompts.with_columns(teacher=pl.lit(n))
                for o, n in zip(outcomes, names, strict=True)
            ]
        ),
        {id: failed for outcome in outcomes for id, failed in outcome.failed.items()},
        sum(outcome.missing for outcome in outcomes),
        [outcome.ended_by for outcome in outcomes],
    )


def asker_of(
    teacher: Teacher,
    sampling: Sampling,
    seed: int,
    strategies: Sequence[Prepared],
    prompts: pl.DataFrame,
) -> Asker:
    """Who is asked and how, for these prompts."""
    return Asker(
        teacher.identity(sampling),
        sampling,
        seed,
        strategies,
        frozenset(prompts["instruction"].drop_nulls()),
        continues=teacher.served is None and sampling.thinking is None,
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


async def _filled(
    teacher: Teacher, prompts: pl.DataFrame, asker: Asker, kept: Store, report: Report
) -> Outcome:
    from factory.sampler.fill import fill, nothing_owed
    from factory.sampler.loop import Stop

    sampling = asker.sampling
    stop = Stop(sampling.grace)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.now.set)
    if settled := await nothing_owed(prompts, asker, kept):
        return settled
    longest = 0
    if teacher.model.path:
        longest = longest_prompt(teacher.model, prompts, asker) + sampling.max_tokens
    start = partial(running, teacher, sampling, longest)
    outage = teacher.served.outage if teacher.served else 0.0
    if sampling.cluster:
        from factory.sampler.ray.cluster import fill_on_cluster

        return await fill_on_cluster(start, prompts, asker, kept, report, stop=stop, outage=outage)
    async with start() as engine:
        return await fill(engine, prompts, asker, kept, report, stop=stop, outage=outage)


@contextlib.asynccontextmanager
async def running(teacher: Teacher, sampling: Sampling, max_length: int) -> AsyncIterator[Engine]:
    """A teacher's engine while it is wanted: its endpoint, or vLLM where this is called.

    `max_length`: tokens of the longest prompt with its draw.
    """
    async with _engine(teacher, sampling, max_length) as engine:
        thinking = sampling.thinking
        yield Budgeted(engine, thinking, engine.speech) if thinking else engine


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
