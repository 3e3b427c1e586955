"""vLLM's own loop and the sampler for `benchmarks/gpu.py`, on the same prompts."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_models import TINY, bare_folder, prompt_table

if TYPE_CHECKING:
    from factory.recipe.sampling import Sampling

Note = Callable[..., None]
"""`note(**figures)`: writes a line of figures."""
PROMPTS, DRAWS, TOKENS, CONCURRENCY = (8, 2, 16, 8) if TINY else (256, 4, 512, 256)
LONGEST = 512 if TINY else 672
"""Tokens of prompt and draw together: where a prompt is long, its draws end before `TOKENS`."""
WORDS = 60 if TINY else 165
"""Of the longest question. So draws have from 130 to `TOKENS` tokens, and do not end together."""
ROUNDS = {"05": 2, "15": 2, "7": 3}
ENGINE: dict[str, Any] = {"load_format": "dummy"}
if not TINY:
    # Two engines on one card: each is given its memory, so that neither counts what is free.
    ENGINE |= {"gpu_memory_utilization": 0.4, "kv_cache_memory_bytes": 12 * 2**30}
    ENGINE |= {"enforce_eager": bool(os.environ.get("EAGER"))}


def ours(shape: str, at_once: int, note: Note) -> None:
    """Both engines on one GPU, asked in turns; the one that is not asked waits for its process."""
    asyncio.run(_in_turns(shape, at_once, note))


async def _in_turns(shape: str, at_once: int, note: Note) -> None:
    from vllm import SamplingParams

    from factory.engines.vllm_engine import AsyncVLLM

    llm, folder = started(shape, at_once, note), bare_folder(shape)
    began, prompts, settings = time.monotonic(), max(PROMPTS, at_once), sampling(at_once)
    engine = AsyncVLLM(folder, max_length=LONGEST, concurrency=at_once, arguments=ENGINE)
    async with engine:
        note(what="start of the sampler's", seconds=time.monotonic() - began)

        async def turn(
            what: str, number: int, *, seeded: bool = False, words: int = WORDS
        ) -> float:
            engine._seeded = seeded
            ids = rendered(shape, prompts, words)
            drawn, seconds = generate(llm, ids, DRAWS, seed=number if seeded else None)
            theirs = sum(map(len, drawn)) / seconds
            mine = await sampled(engine, prompts, settings, number, words)
            note(what=what, round=number, bare_tokens_per_second=theirs, **mine)
            return mine["tokens_per_second"] / theirs

        generate(llm, rendered(shape, prompts, WORDS), 1)
        await sampled(engine, prompts, sampling(at_once, draws=1), 0, WORDS)
        ratios = [await turn("in turns", number) for number in range(1, ROUNDS[shape] + 1)]
        note(what="sampler / bare", median=statistics.median(ratios), ratios=ratios)
        for what, how in {
            "with seeds": {"seeded": True},
            "all of one length": {"words": 45},
        }.items():
            note(what=f"sampler / bare, {what}", ratio=await turn(what, 9, **how))
        engine._seeded = False
        if "stream_interval" in SamplingParams.__struct_fields__:  # since vLLM 0.31
            watched = sampling(at_once, watched=True)
            figures = await sampled(engine, prompts, watched, 10, WORDS)
            note(what="every draw watched for loops", **figures)


def sampling(at_once: int, *, draws: int = DRAWS, watched: bool = False) -> Sampling:
    """The sampler's settings."""
    from factory.recipe.sampling import Fixed, Policy, Sampling
    from filters.watch import LoopStop, Stops

    return Sampling(
        policy=Policy(fixed=Fixed(draws=draws)),
        temperature=1.0,
        top_p=1.0,
        max_tokens=TOKENS,
        concurrency=at_once,
        stop=Stops(loop=LoopStop()) if watched else Stops(),
    )


async def sampled(
    engine: Any, prompts: int, settings: Sampling, seed: int, words: int
) -> dict[str, float]:
    """One sampling into a new store: tokens, seconds, and those of this process's CPU."""
    from factory.sampler.asker import Asker
    from factory.sampler.fill import fill
    from factory.store import Store

    asked = prompt_table(prompts, words)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        began, cpu = time.monotonic(), time.process_time()
        await fill(engine, asked, Asker("bench", settings, seed), store, lambda *_, **__: None)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        drawn = store.table(["completion_tokens"])["completion_tokens"]
        store.close()
    wanted = prompts * settings.policy.max_draws
    assert len(drawn) == wanted, f"{len(drawn)} of {wanted} draws"
    tokens = int(drawn.sum())
    speed = {"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds}
    return {**speed, "draws": len(drawn), "cpu_seconds_of_this_process": cpu}


def bare(shape: str, at_once: int, note: Note) -> None:
    """vLLM's own loop, with the engine arguments that the sampler gives."""
    llm = started(shape, at_once, note)
    ids = rendered(shape, max(PROMPTS, at_once), WORDS)
    once, again = (generate(llm, ids[:8], 1, seed=7)[0] for _ in range(2))
    equal = sum(a == b for a, b in zip(once, again, strict=True))
    note(what="equal seeds", equal_draws=equal, of=len(once))
    generate(llm, ids, DRAWS)  # warm

    def measured(what: str, number: int, **how: Any) -> float:
        drawn, seconds = generate(llm, ids, DRAWS, **how)
        tokens = sum(map(len, drawn))
        speed = {"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds}
        note(what=what, round=number, **speed)
        return tokens / seconds

    for number in range(1, ROUNDS[shape] + 1):
        plain = measured("no seeds", number)
        seeded = measured("seeds", number, seed=number)
        note(what="seeds / no seeds", round=number, ratio=seeded / plain)
    measured("seeds, top-p 0.95", 1, seed=1, top_p=0.95)


def started(shape: str, at_once: int, note: Note) -> Any:
    """vLLM's `LLM` with the arguments that the sampler's engine has."""
    began = time.monotonic()
    from vllm import LLM

    from factory.engines.machine import engine_arguments

    llm = LLM(**engine_arguments(bare_folder(shape), LONGEST, at_once, ENGINE))
    note(what="start of the bare one", seconds=time.monotonic() - began, concurrency=at_once)
    return llm


def rendered(shape: str, prompts: int, words: int) -> list[list[int]]:
    """The prompts' ids."""
    from factory.models.chat import load_tokenizer, prompt_ids

    tokenizer, asked = load_tokenizer(bare_folder(shape)), prompt_table(prompts, words)
    return [prompt_ids(tokenizer, messages) for messages in asked["messages"]]


def generate(
    llm: Any, prompts: list[list[int]], draws: int, seed: int | None = None, top_p: float = 1.0
) -> tuple[list[list[int]], float]:
    """The ids drawn, and the seconds it took; with `seed` every request has one of its own."""
    from vllm import SamplingParams

    asked = [{"prompt_token_ids": list(ids)} for ids in prompts for _ in range(draws)]
    parameters = [
        SamplingParams(
            temperature=1.0,
            top_p=top_p,
            max_tokens=min(TOKENS, LONGEST - len(one["prompt_token_ids"])),
            seed=None if seed is None else seed * 1_000_003 + number,
        )
        for number, one in enumerate(asked)
    ]
    began = time.monotonic()
    answers = llm.generate(asked, parameters, use_tqdm=False)
    return [list(answer.outputs[0].token_ids) for answer in answers], time.monotonic() - began
