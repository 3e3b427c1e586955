"""Draws of models: engines found or started, asked one after the other, and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.engines.budget_forcing import KeepsThinking
from factory.errors import RecipeError, StageError
from factory.progress import Report
from factory.recipe.judge import NO_JUDGE_THERE
from factory.recipe.sampling import Sampling
from factory.records import rows_digest
from factory.sampler import changes
from factory.sampler.failures import Failed
from factory.sampler.rounds import Round, fitted, rounds_of
from factory.sampler.strategies import prepare
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.draws import Draws

if TYPE_CHECKING:
    from factory.engines import Engine
    from factory.sampler.judge_notes import Notes
    from factory.sampler.judging import Bench, Judging
    from factory.sampler.outcome import Outcome


TOLD = ("sample_id", "text", "verdict", "verdict_reason")
"""What of draws the digest is made of."""
COPIED = 200
"""Bytes of a text that no model writes twice by chance."""


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
    unjudged: dict[str, Failed] = field(default_factory=dict)
    """By sample id, draws that the judge could not be asked about; the next sitting asks again."""
    judged: str = ""
    """What the judge has cost, in words."""


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
    judging: Judging | None = None,
    judged: Path | None = None,
) -> Drawn:
    """Draws of each teacher for these prompts, kept in a store, which is closed at the end.

    Target and budget are each round's: each teacher's, and each strategy's that stands beside
    others. `say` is told what is not as it was, and what does not fit; `judged` keeps verdicts.

    Raises:
        RecipeError: when examples cannot be read, or a teacher cannot be asked so.
        StageError: see `fill`; when a teacher can be asked no prompt, or a judge answers nothing.
    """
    from factory.sampler import votes
    from factory.sampler.judge_notes import Notes
    from factory.sampler.judge_owed import judge_owed, judged_now
    from factory.sampler.judging import Bench

    if judging and sampling.cluster:
        raise RecipeError(NO_JUDGE_THERE)
    notes = Notes(judged) if judged else None
    bench = partial(Bench, judging, notes, running) if judging and notes else None
    later = judging is not None and not judging.told.at_once
    prompts = judging.marked(prompts) if judging else prompts
    strategies = prepare(sampling.strategies, home)
    done: list[tuple[Round, Outcome]] = []
    try:
        if not later:
            judge_owed(kept, prompts, report, say, bench)
        for teacher in teachers:
            wanted = _told(rounds_of(teacher, sampling, seed, strategies, prompts), kept, say)
            done += asyncio.run(_filled(wanted, kept, report, say, bench))
        if later:
            judge_owed(kept, prompts, report, say, bench)
        if votes.hold(kept, _samples(done), prompts) or later:
            done = [(each, judged_now(each, outcome, kept)) for each, outcome in done]
    finally:
        kept.close()
        if notes:
            notes.close()
    return _drawn(done, kept, notes)


def _drawn(done: Sequence[tuple[Round, Outcome]], kept: Store, notes: Notes | None) -> Drawn:
    from factory.sampler.judge_owed import unjudged

    samples = _samples(done)
    left = unjudged(kept, samples) if notes else {}
    return Drawn(
        samples,
        pl.concat([outcome.prompts.with_columns(**each.named) for each, outcome in done]),
        pl.concat([each.set_aside.with_columns(**each.named) for each, _ in done]),
        {id: failed for _, outcome in done for id, failed in outcome.failed.items()},
        sum(outcome.missing for _, outcome in done) + len(left),
        [outcome.ended_by for _, outcome in done],
        left,
        str(notes) if notes and notes.answers else "",
    )


def _told(wanted: list[Round], kept: Store, say: Callable[[str], None]) -> list[Round]:
    """The rounds of a teacher, told what is not as it was in the last sitting."""
    changes.tell(wanted[0].teacher, wanted[0].asker, kept.folder, say)
    for each in wanted:
        changes.tell_of_length(kept, each.asker, say)
    return wanted


def _samples(done: Sequence[tuple[Round, Outcome]]) -> pl.DataFrame:
    return pl.concat([outcome.samples for _, outcome in done])


async def _filled(
    wanted: Sequence[Round],
    kept: Store,
    report: Report,
    say: Callable[[str], None],
    bench: Callable[..., Bench] | None,
) -> list[tuple[Round, Outcome]]:
    """The rounds of one teacher, by one engine, which is not started where nothing is owed."""
    from factory.sampler.fill import standing

    stand = [await standing(each.prompts, each.asker, kept) for each in wanted]
    if any(each.owed for each in stand):
        fits = [fitted(each, say) for each in wanted]
        stand = [
            had if fit is each else await standing(fit.prompts, fit.asker, kept)
            for fit, each, had in zip(fits, wanted, stand, strict=True)
        ]
        wanted = fits
    outcomes = [each.outcome for each in stand]
    if any(each.owed for each in stand):
        for found in filter(None, map(str, stand)):
            say(found)
        outcomes = await _asked(wanted, kept, report, say, bench)
    return list(zip(wanted, outcomes, strict=True))


async def _asked(
    wanted: Sequence[Round],
    kept: Store,
    report: Report,
    say: Callable[[str], None],
    bench: Callable[..., Bench] | None,
) -> list[Outcome]:
    """The outcomes of rounds, one after the other."""
    from factory.sampler.fill import fill
    from factory.sampler.protocols import Stop

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
    to_say = {"say": say} if teacher.served else {}
    async with start(**to_say) as engine, contextlib.AsyncExitStack() as stack:
        if bench:
            how["judge"] = await stack.enter_async_context(bench())
        how["say"] = say
        return [
            await fill(engine, each.prompts, each.asker, kept, report, **how) for each in wanted
        ]


@contextlib.asynccontextmanager
async def running(
    teacher: Teacher,
    sampling: Sampling,
    max_length: int,
    bounded: bool = False,
    say: Callable[[str], None] | None = None,
) -> AsyncIterator[Engine]:
    """A teacher's engine while it is wanted: its endpoint, or vLLM where this is called.

    Args:
        teacher: who is asked.
        sampling: and how.
        max_length: tokens of the longest prompt with its draw.
        bounded: whether requests may bound their thinking.
        say: is told what people should know of an endpoint.
    """
    async with _engine(teacher, sampling, max_length, say) as engine:
        yield KeepsThinking(engine, engine.speech) if bounded else engine


def _engine(
    teacher: Teacher, sampling: Sampling, max_length: int, say: Callable[[str], None] | None
) -> Any:
    if teacher.served:
        from factory.engines.endpoint import Endpoint

        return Endpoint(teacher.served, sampling.concurrency, say=say)
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
    return digest_and_copies(kept, samples)[0]


def digest_and_copies(kept: Draws, samples: pl.DataFrame) -> tuple[str, int]:
    """`draws_digest`; and how many draws say word for word what another of their prompt says, short
    ones aside: a server that ignores seeds makes such."""
    found = copies = 0
    seen = pl.DataFrame(schema={"prompt_id": pl.String(), "text": pl.UInt64()})

    def told() -> Iterator[pl.DataFrame]:
        nonlocal found, copies, seen
        for rows in kept.each(("prompt_id", *TOLD), samples):
            found += rows.height
            long = rows.filter(pl.col("text").str.len_bytes() >= COPIED)
            both = pl.concat([seen, long.select("prompt_id", pl.col("text").hash())])
            seen = both.unique()
            copies += both.height - seen.height
            yield rows.select(TOLD)

    total = rows_digest(told())
    if found != samples.height:
        raise StageError(f"{kept.place}: {samples.height:,} draws expected and {found:,} found")
    return total, copies
