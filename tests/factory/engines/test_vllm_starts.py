"""How vLLM is started: in processes that are spawned, with its defaults for many prompts."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model

from factory.engines import machine, vllm_engine
from factory.engines.vllm_engine import VLLM, AsyncVLLM

ROOT = Path(__file__).parents[3]
OURS = ("factory", "filters", "sft", "teacher", "benchmarks", "requirements")
NAME = re.compile(r"\bVLLM_[A-Z0-9_]+\b")


class Started(Exception):
    """Raised in place of starting an engine, with what it was told."""


def test_vllm_knows_each_of_its_variables_that_we_set():
    """A misspelt one does nothing, and no run says so: with one, no engine started on a GPU."""
    from vllm.envs import environment_variables

    files = [file for folder in OURS for file in (ROOT / folder).rglob("*.py")]
    named = {name for file in files for name in NAME.findall(file.read_text())}
    assert {"VLLM_WORKER_MULTIPROC_METHOD", "VLLM_ENABLE_V1_MULTIPROCESSING"} <= named
    assert named <= environment_variables.keys()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"), seed=1)


def told(kind: type[VLLM] | type[AsyncVLLM], model: Path) -> Any:
    """What vLLM makes of what this engine tells it, where nothing depends on this CPU."""

    async def start() -> None:
        async with kind(model, max_length=64, concurrency=256, arguments={}):
            pass

    with pytest.raises(Started) as caught:
        asyncio.run(start())
    arguments, context = caught.value.args
    return arguments.create_engine_config(context)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [VLLM, AsyncVLLM])
def test_a_step_reads_as_much_as_that_of_vllms_own_loop(
    kind: type[VLLM] | type[AsyncVLLM], model: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else its engines read 2,048 tokens of prompts a step, where `LLM` reads 16,384 on an H100."""
    from vllm import EngineArgs, LLMEngine
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    def not_started(arguments: Any, usage_context: Any = UsageContext.ENGINE_CONTEXT) -> None:
        raise Started(arguments, usage_context)

    for name in ("VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_WORKER_MULTIPROC_METHOD"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for each in (LLMEngine, AsyncLLM):
        monkeypatch.setattr(each, "from_engine_args", not_started)
    for place in (machine, vllm_engine):  # so that it is told what it is told on a GPU
        monkeypatch.setattr(place, "on_gpu", lambda: True)
    told_as = {"model": str(model), "max_model_len": 64, "max_num_seqs": 256}
    llms = EngineArgs(**told_as).create_engine_config(UsageContext.LLM_CLASS)
    ours = told(kind, model).scheduler_config.max_num_batched_tokens
    assert ours == llms.scheduler_config.max_num_batched_tokens > 2048


@pytest.mark.slow
def test_its_processes_are_spawned_on_a_gpu(model: Path, monkeypatch: pytest.MonkeyPatch):
    """One that has asked torch for its GPUs cannot use them in a fork."""
    from vllm.utils.system_utils import get_mp_context
    from vllm.v1.engine.async_llm import AsyncLLM

    def not_started(arguments: Any, usage_context: Any) -> None:
        raise Started(get_mp_context().get_start_method())

    monkeypatch.setenv("VLLM_WORKER_MULTIPROC_METHOD", "")
    monkeypatch.delenv("VLLM_WORKER_MULTIPROC_METHOD")
    monkeypatch.setattr(AsyncLLM, "from_engine_args", not_started)
    monkeypatch.setattr(vllm_engine, "on_gpu", lambda: True)

    async def start() -> None:
        async with AsyncVLLM(model, max_length=64, concurrency=256, arguments={}):
            pass

    with pytest.raises(Started, match="spawn"):
        asyncio.run(start())
