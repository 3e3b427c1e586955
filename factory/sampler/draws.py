"""Draws of models: engines found or started, asked one after the other, and let go of."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.engines.budget_forcing import Budgeted
from factory.errors import RecipeError, StageError
from factory.models import Located
from factory.progress import Report
from factory.recipe.models import Served
from factory.recipe.sampling import Sampling
from factory.records import rows_digest
from factory.sampler import changes
from factory.sampler.longest import longest_prompt
from factory.sampler.prompt_state import Asker
from factory.sampler.strategies import prepare
from factory.store import Store
from factory.store.draws import Draws

if TYPE_CHECKING:
    from factory.engines import Engine
    from factory.sampler.outcome import Outcome


@dataclass(frozen=True)
class Teacher:
    """A model that is asked."""

    model: Located
    served: Served | None = None
    """How it is reached, where another machine runs it."""


@dataclass(frozen=True)
class Drawn:
    """What all teachers' draws came to."""

    samples: pl.DataFrame
    """As `factory.sampler.outcome.SAMPLES`, the teachers' one after the other."""
    prompts: pl.DataFrame
    """As `factory.sampler.outcome.PROMPTS`, with `teacher`."""
    failed: dict[str, str]
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
        StageError: see `factory.sampler.loop.fill`.
    """
    if sampling.thinking and any(teacher.served for teacher in teachers):
        raise RecipeError(
            "sampling.thinking continues a draw by its token ids, which an endpoint does not take: "
            "leave it out, or name a teacher by its `path`"
        )
    strategies = prepare(sampling.strategies, home)
    outcomes: list[Outcome] = []
    try:
        for teacher in teachers:
            asker = Asker(teacher.model.digest, sampling, seed, strategies)
            _compare(teacher, asker, kept.folder, say)
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
        {id: reason for outcome in outcomes for id, reason in outcome.failed.items()},
        [outcome.ended_by for outcome in outcomes],
    )


def _compare(teacher: Teacher, asker: Asker, folder: Path, say: Callable[[str], None]) -> None:
    """Say what differs from the last sitting with a teacher of this name."""
    model, sampling = teacher.model, asker.sampling
    told = {
        "teacher": f"{model.name} {model.revision or model.digest}",
        **changes.of_model(model.path),
        "strategies": {prepared.strategy.name: prepared.settings for prepared in asker.strategies},
        **sampling.model_dump(
            mode="json",
            include={"policy", "target", "budget", "thinking", "stop", "temperature", "top_p"}
            | {"max_tokens", "engine_arguments"},
        ),
        "seed": asker.seed,
    }
    name = re.sub(r"[^A-Za-z0-9._-]", "_", model.name)
    if differences := changes.changed(folder / "asked" / f"{name}.json", told):
        say(
            f"not as in the last sitting: {'; '.join(differences)}. Draws that were made otherwise "
            "stay in the store and are not counted, nor drawn again when it is changed back"
        )


async def _filled(
    teacher: Teacher, prompts: pl.DataFrame, asker: Asker, kept: Store, report: Report
) -> Outcome:
    from factory.sampler.loop import Stop, fill, nothing_owed

    sampling, path = asker.sampling, teacher.model.path
    stop = Stop(sampling.grace)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.now.set)
    if settled := await nothing_owed(prompts, asker, kept):
        return settled
    longest = longest_prompt(path, prompts, asker) + sampling.max_tokens if path else 0
    start = partial(running, teacher, sampling, longest)
    if sampling.cluster:
        from factory.sampler.ray.cluster import fill_on_cluster

        return await fill_on_cluster(start, prompts, asker, kept, report, stop=stop)
    async with start() as engine:
        return await fill(engine, prompts, asker, kept, report, stop=stop)


@contextlib.asynccontextmanager
async def running(teacher: Teacher, sampling: Sampling, max_length: int) -> AsyncIterator[Engine]:
    """A teacher's engine while it is wanted: its endpoint, or vLLM where this is called.

    `max_length`: tokens of the longest prompt with its draw.
    """
    async with _engine(teacher, sampling, max_length) as engine:
        thinking = sampling.thinking
        yield Budgeted(engine, thinking, engine.tokenizer) if thinking else engine


def _engine(teacher: Teacher, sampling: Sampling, max_length: int) -> Any:
    if teacher.served:
        from factory.engines.endpoint import Endpoint

        return Endpoint(teacher.served, sampling.concurrency)
    from factory.engines.vllm_engine import VLLM, AsyncVLLM

    return (AsyncVLLM if in_own_process(sampling) else VLLM)(
        teacher.model.path,
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
