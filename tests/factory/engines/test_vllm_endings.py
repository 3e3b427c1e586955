"""vLLM's ends: an engine that dies is heard of by all, one that is done makes room for the next."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from tiny_models import tiny_model

from factory.engines import Completion, Request
from factory.engines.vllm_engine import VLLM, AsyncVLLM

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

QUESTION: list[Any] = [{"role": "user", "content": "1+1?"}]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"), seed=1)


def wanted(seed: int, tokens: int = 24, begun: tuple[int, ...] = ()) -> Request:
    return Request(f"s{seed}", "p", seed, QUESTION, seed, 1.0, 1.0, tokens, begun=begun)


async def all_of(engine: Any, requests: list[Request]) -> list[Any]:
    return await asyncio.gather(*map(engine.draw, requests), return_exceptions=True)


def test_engines_follow_each_other_in_one_process(model: Path):
    """Each has 256 MB for its keys and values; three would be seen, were they not freed."""
    arguments: dict[str, Any] = {"kv_cache_memory_bytes": 256 * 2**20}

    async def once() -> list[Completion]:
        async with VLLM(model, max_length=256, concurrency=8, arguments=arguments) as engine:
            return await all_of(engine, [wanted(seed) for seed in range(4)])

    first = asyncio.run(once())
    before = psutil.Process().memory_info().rss
    for _ in range(2):
        assert asyncio.run(once()) == first
    assert psutil.Process().memory_info().rss - before < 256 * 2**20


def test_an_error_of_the_engine_here_reaches_all_who_wait(model: Path):
    """A real one: on a CPU a seeded request whose prefill is split over two steps is its end."""
    split = {"enable_chunked_prefill": True, "max_num_batched_tokens": 256}

    async def ask() -> list[Any]:
        async with VLLM(model, max_length=2048, concurrency=8, arguments=split) as engine:
            sound = [wanted(seed, tokens=1500) for seed in range(3)]
            found = await all_of(engine, [*sound, wanted(9, begun=(20,) * 600)])
            assert not engine._listening
            return found

    found = asyncio.run(ask())
    assert {type(error).__name__ for error in found} == {"RuntimeError"}


def test_two_replicas_and_what_becomes_of_them(model: Path):
    async def ask() -> tuple[list[Any], list[Any], int]:
        engine = AsyncVLLM(
            model, max_length=2048, concurrency=8, arguments={"data_parallel_size": 2}
        )
        async with engine:
            drawn = await all_of(engine, [wanted(seed) for seed in range(16)])
            cores = [
                child
                for child in psutil.Process().children(recursive=True)
                if "EngineCore" in child.name() or any("EngineCore" in w for w in child.cmdline())
            ]
            waiting = asyncio.ensure_future(
                all_of(engine, [wanted(seed, tokens=1900) for seed in range(8)])
            )
            await asyncio.sleep(0.2)
            cores[0].send_signal(signal.SIGKILL)
            return drawn, await asyncio.wait_for(waiting, 60), len(cores)

    drawn, heard, replicas = asyncio.run(ask())
    assert replicas == 2
    assert all(isinstance(draw, Completion) and draw.token_ids for draw in drawn)
    assert len({draw.text for draw in drawn}) == 16
    died = [error for error in heard if isinstance(error, Exception)]
    assert len(died) >= 2  # some may have ended before
    # What the other replica had in flight vLLM ends with "abort": no draw either.
    assert {type(error).__name__ for error in died} <= {"EngineDeadError", "EngineFailure"}
    assert all(isinstance(one, Exception | Completion) for one in heard)
