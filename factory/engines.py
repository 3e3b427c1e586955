"""Engines: whatever can be asked for a draw. One method, `draw`, a coroutine for each request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from factory.chat import Message


class Watch(Protocol):
    """Follows one attempt at a draw while it is written."""

    def feed(self, text: str) -> str | None:
        """Takes the text that is new; gives the reason to stop, as `loop`, or None to go on."""
        ...


@dataclass(frozen=True)
class Request:
    """One draw that is wanted. `seed` differs by prompt and draw: one seed for all prompts would
    make their random numbers equal."""

    sample_id: str
    prompt_id: str
    draw: int
    messages: Sequence[Message]
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    prefill: str = ""
    """What the assistant's turn already begins with; not part of the completion's text."""
    watch: Callable[[], Watch] | None = None
    """Makes a follower of one attempt: `feed(new text)` gives the reason to stop, or None."""


@dataclass(frozen=True)
class Completion:
    """What came back: text and token ids as drawn, the end token among the ids."""

    text: str
    token_ids: list[int] | None
    finish_reason: str
    """stop, length, or abort."""
    prompt_tokens: int
    completion_tokens: int


class Engine(Protocol):
    """Answers requests, many at a time; raises when it cannot, and a failure is not an answer."""

    opened: bool
    """Whether the chat template pre-fills `<think>`, so that completions lack it."""

    async def draw(self, request: Request) -> Completion: ...


class Scripted:
    """Answers from a table, a list of texts for each prompt. For tests and dry runs."""

    opened = False

    def __init__(self, answers: Mapping[str, Sequence[str]]):
        self.answers = answers

    async def draw(self, request: Request) -> Completion:
        """The text for this draw; tokens are counted as words."""
        await asyncio.sleep(0)
        text = self.answers[request.prompt_id][request.draw]
        words = len(text.split())
        return Completion(text, None, "stop", 0, words)


class VLLM:
    """vLLM in this process: requests join the running batch as they come.

    The engine runs without a process of its own: on a CPU it is ten times quicker to start and no
    slower (docs/quickstart.md).
    """

    def __init__(
        self, model: Path | str, *, max_length: int, concurrency: int, arguments: Mapping[str, Any]
    ):
        # Before the import: vLLM reads both then, and would write its log over the progress.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        from vllm import EngineArgs, LLMEngine

        from factory.chat import load_tokenizer, opens_thinking

        settings: dict[str, Any] = {
            "model": str(model),
            "max_model_len": max_length,
            "enable_prefix_caching": True,
            "disable_log_stats": True,
            **device_arguments(str(model), max_length, concurrency),
            **arguments,
        }
        self.engine = LLMEngine.from_engine_args(EngineArgs(**settings))
        self.tokenizer = load_tokenizer(model)
        self.opened = opens_thinking(self.tokenizer)
        self._waiting: dict[str, asyncio.Future[Completion]] = {}
        self._pump: asyncio.Task[None] | None = None

    async def draw(self, request: Request) -> Completion:
        """Ask the running engine; its steps are driven by whoever waits."""
        from vllm import SamplingParams

        from factory.chat import prompt_ids

        future = asyncio.get_running_loop().create_future()
        self._waiting[request.sample_id] = future
        self.engine.add_request(
            request.sample_id,
            {"prompt_token_ids": prompt_ids(self.tokenizer, request.messages)},
            SamplingParams(
                temperature=request.temperature,
                top_p=request.top_p,
                max_tokens=request.max_tokens,
                seed=request.seed,
                skip_special_tokens=True,
            ),
        )
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._step_until_idle())
        return await future

    async def _step_until_idle(self) -> None:
        try:
            while self._waiting:
                for output in self.engine.step():
                    if output.finished:
                        self._waiting.pop(output.request_id).set_result(_completion(output))
                await asyncio.sleep(0)
        except Exception as error:
            # A dead engine answers nobody: everyone who waits must hear of it.
            for future in self._waiting.values():
                future.set_exception(error)
            self._waiting.clear()


def device_arguments(model: str, max_length: int, concurrency: int) -> dict[str, Any]:
    """vLLM's engine arguments for this machine; those of a recipe go before them."""
    import torch

    if torch.cuda.is_available():
        return {"max_num_seqs": concurrency}
    # A seeded request whose prefill is split over two steps kills the CPU engine, so prefill is
    # never chunked and a step holds the longest prompt; compiling costs more than it saves here.
    return {
        "dtype": "float32",
        "enforce_eager": True,
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(8192, max_length),
        "max_num_seqs": concurrency,
        "kv_cache_memory_bytes": _cache_bytes(model, max_length * concurrency),
    }


def _cache_bytes(model: str, tokens: int) -> int:
    """Memory for the keys and values of so many tokens, but at most 40 % of what is free: by itself
    the CPU engine asks for nearly all of the machine's memory, and fails when another has some."""
    import psutil
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(model).get_text_config()
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    needed = tokens * 2 * config.num_hidden_layers * config.num_key_value_heads * head * 4
    # Twice over, since a sequence's last block is never quite full.
    return int(min(max(2 * needed, 64 * 2**20), 0.4 * psutil.virtual_memory().available))


def _completion(output: Any) -> Completion:
    answer = output.outputs[0]
    return Completion(
        text=answer.text,
        token_ids=list(answer.token_ids),
        finish_reason=answer.finish_reason or "abort",
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(answer.token_ids),
    )
