"""vLLM as an engine: in this process, or in processes of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Self

from factory.engines import Completion, Request, Watch
from factory.engines.machine import engine_arguments, on_gpu
from factory.errors import EngineFailure
from factory.models import Located
from factory.models.chat import Message, prompt_ids
from factory.models.thinking_tags import Reading, speech_of

WATCHED_TOKENS = 32
"""Tokens between two looks of a watch: one at each would cost more than it saves."""
GIVEN_UP = (None, "abort", "error")
"""How vLLM ends what is no draw."""


class _Asked(ABC):
    """What both ways of running vLLM share: how a request is put, and how its answer is read."""

    def __init__(
        self,
        model: Located | Path | str,
        *,
        max_length: int,
        concurrency: int,
        arguments: Mapping[str, Any],
        seeded: bool | None = None,
    ):
        """Read the tokenizer; the engine itself starts on entering.

        Args:
            model: or the folder with its weights and tokenizer.
            max_length: tokens of the longest prompt with its draw, at most the model's context.
            concurrency: draws that it works on at once.
            arguments: vLLM's engine arguments, before ours for this machine.
            seeded: whether draws have seeds; None: on CPUs.
        """
        place = model.path if isinstance(model, Located) else model
        self._settings = engine_arguments(place, max_length, concurrency, arguments)
        self._max_length: int = self._settings["max_model_len"]
        self._seeded = not on_gpu() if seeded is None else seeded
        self.speech = speech_of(model)
        # Draws of a prompt follow each other: it is rendered once for all of them.
        self._rendered = lru_cache(maxsize=1024)(self._render)
        self._opens = lru_cache(lambda told: self.speech.opens(json.loads(told)))
        self._number = count()

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        """Whether the chat template writes the thinking's opening tag when it is told this."""
        return self._opens(json.dumps(template_arguments))

    async def draw(self, request: Request) -> Completion:
        """Ask the running engine; a watch looks on as the draw is written.

        Raises:
            EngineFailure: when template or vLLM refuse the request, or vLLM gives it up.
        """
        from jinja2 import TemplateError
        from vllm.exceptions import VLLMValidationError

        try:
            prompt = self._prompt(request)
        except TemplateError as error:
            raise EngineFailure("refused_by_template", str(error), final=True) from error
        watch, taken = request.watch() if request.watch else None, len(prompt["prompt_token_ids"])
        room = self._max_length - taken
        if room < 1 and request.begun:
            return Completion("", [], "length", taken, 0)
        words = request.stop_words if request.until else ()
        answer = _Answer(watch, self.speech.reading(), words, self._seeded)
        most = min(request.max_tokens, max(room, 1))
        parameters = self._parameters(request, most, watch is not None)
        outputs: Any = self._outputs(self._id(request), prompt, parameters)
        try:
            async with contextlib.aclosing(outputs):
                async for output in outputs:
                    if answer.take(output):
                        break
        except VLLMValidationError as error:  # as for a prompt longer than the model can take
            raise EngineFailure("refused", str(error), final=True) from error
        return answer.completion()

    def spell(self, token_ids: Sequence[int]) -> str:
        """The text of drawn ids, as vLLM gives it: a character cut at the end is held back."""
        return self.speech.decode(token_ids, skip_special_tokens=True).rstrip("\ufffd")

    @abstractmethod
    def _outputs(self, name: str, prompt: Any, parameters: Any) -> AsyncIterator[Any]:
        """vLLM's outputs for a request, the last of them finished; when it is closed before that,
        the request is aborted."""

    @property
    @abstractmethod
    def in_flight_tokens(self) -> int:
        """Tokens of draws that are not finished."""

    def _prompt(self, request: Request) -> Any:
        turns = tuple((turn["role"], turn["content"]) for turn in request.messages)
        begun = [*request.begun]
        if request.prefill:
            begun = self.speech.encode(request.prefill) + begun
        told = json.dumps(request.template_arguments)
        return {"prompt_token_ids": [*self._rendered(turns, told), *begun]}

    def _render(self, turns: tuple[tuple[str, str], ...], told: str) -> list[int]:
        messages = [Message(role=role, content=content) for role, content in turns]
        return prompt_ids(self.speech.tokenizer, messages, json.loads(told))

    def _parameters(self, request: Request, max_tokens: int, watched: bool) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        kind = RequestOutputKind.DELTA if watched else RequestOutputKind.FINAL_ONLY
        until = [self.speech.tags.said(request.until)] if request.until else []
        told: dict[str, Any] = {"stream_interval": WATCHED_TOKENS} if watched else {}
        return SamplingParams(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=max_tokens,
            seed=request.seed if self._seeded else None,
            # Where the tags are among them, `Speech` reads these and leaves out the others.
            skip_special_tokens=not self.speech.special,
            stop=[*request.stop_words, *until] or None,
            stop_token_ids=self.speech.ends,
            include_stop_str_in_output=request.until is not None,
            logprobs=0 if request.logprobs else None,
            output_kind=kind,
            **told,
            **request.options,
        )

    def _id(self, request: Request) -> str:
        return f"{request.sample_id}-{next(self._number)}"


class _Answer:
    """One completion, put together from what vLLM hands out."""

    def __init__(self, watch: Watch | None, reading: Reading, words: Sequence[str], seeded: bool):
        """Begin with no text.

        Args:
            watch: looks on.
            reading: gives the text the marks that watches and completions have.
            words: stop words that vLLM leaves in the text, to be taken off its end.
            seeded: whether the request's seed is used.
        """
        self._watch, self._reading, self._words, self._seeded = watch, reading, words, seeded
        self._texts: list[str] = []
        self._ids: list[int] = []
        self._prompt_tokens = 0
        self._logprob: float | None = None
        self._reason: str | None = None

    def take(self, output: Any) -> bool:
        """Take in one output; True when the draw is over or not worth going on with.

        Raises:
            EngineFailure: when the engine gave it up.
        """
        part = output.outputs[0]
        text = self._reading.feed(part.text) + (self._reading.finish() if output.finished else "")
        self._texts.append(text)
        self._ids.extend(part.token_ids)
        self._prompt_tokens = len(output.prompt_token_ids)
        self._logprob = part.cumulative_logprob
        # The last piece too: the watch may go on with the next segment of a draw.
        self._reason = self._watch.feed(text) if self._watch else None
        if output.finished:
            self._reason = part.finish_reason
            if self._reason in GIVEN_UP:
                raise EngineFailure(f"engine_{self._reason}", f"vLLM gave up {output.request_id}")
            if part.stop_reason in self._words:
                self._texts = ["".join(self._texts).removesuffix(part.stop_reason)]
        return self._reason is not None  # closing the outputs then aborts the request

    def completion(self) -> Completion:
        if self._reason is None:
            raise EngineFailure("engine_abort", "vLLM's outputs ended before the draw did")
        return Completion(
            "".join(self._texts) + self._reading.finish(),
            self._ids,
            self._reason,
            self._prompt_tokens,
            len(self._ids),
            logprob=self._logprob,
            seeded=self._seeded,
        )


class VLLM(_Asked):
    """vLLM in this process: requests join the running batch as they come.

    On a CPU this is ten times quicker to start than a process of its own and no slower
    (docs/architecture.md); on a GPU its steps wait for whatever else this process does.
    """

    async def __aenter__(self) -> Self:
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # read as the engine is made
        from vllm import EngineArgs, LLMEngine
        from vllm.usage.usage_lib import UsageContext

        # vLLM's defaults for many prompts at once, as its `LLM` has them: by default it would read
        # 2,048 tokens of prompts in a step, and with these 16,384 on an H100.
        self.engine = LLMEngine.from_engine_args(
            EngineArgs(**self._settings), usage_context=UsageContext.LLM_CLASS
        )
        self._listening: dict[str, asyncio.Queue[Any]] = {}
        self._pump: asyncio.Task[None] | None = None
        return self

    async def __aexit__(self, *_: object) -> None:
        """Free the engine's memory, so that another may be started."""
        self.engine.engine_core.shutdown()
        del self.engine
        gc.collect()

    @property
    def in_flight_tokens(self) -> int:
        return _generated(self.engine)

    async def _outputs(self, name: str, prompt: Any, parameters: Any) -> AsyncIterator[Any]:
        heard = asyncio.Queue[Any]()
        self._listening[name] = heard
        try:
            self.engine.add_request(name, prompt, parameters)
            if self._pump is None or self._pump.done():
                self._pump = asyncio.create_task(self._step_until_idle())
            finished = False
            while not finished:
                output = await heard.get()
                if isinstance(output, Exception):
                    raise output
                finished = output.finished
                yield output
        finally:
            if self._listening.pop(name, None) is not None:
                self.engine.abort_request([name])

    async def _step_until_idle(self) -> None:
        """Step the engine while anybody waits."""
        try:
            while self._listening:
                for output in self.engine.step():
                    name = output.request_id
                    heard = self._listening.get(name)
                    if output.finished:
                        self._listening.pop(name, None)
                    if heard:
                        heard.put_nowait(output)
                await asyncio.sleep(0)
        except Exception as error:
            # A dead engine answers nobody: everyone who waits must hear of it.
            for heard in self._listening.values():
                heard.put_nowait(error)
            self._listening.clear()


class AsyncVLLM(_Asked):
    """vLLM's async engine, in processes of its own: one for each data-parallel replica."""

    async def __aenter__(self) -> Self:
        os.environ.pop("VLLM_ENABLE_V1_MULTIPROCESSING", None)
        # Not forked: whoever has asked torch for its GPUs cannot use them in a fork, and vLLM does
        # not notice that (seen on an H100: "Cannot re-initialize CUDA in forked subprocess").
        if on_gpu():
            os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
        from vllm import AsyncEngineArgs
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.async_llm import AsyncLLM

        self._engine: Any = AsyncLLM.from_engine_args(
            AsyncEngineArgs(**self._settings), usage_context=UsageContext.LLM_CLASS
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._engine.shutdown()

    @property
    def in_flight_tokens(self) -> int:
        return _generated(self._engine)

    async def _outputs(self, name: str, prompt: Any, parameters: Any) -> AsyncIterator[Any]:
        drawn = self._engine.generate(prompt, parameters, name)
        async with contextlib.aclosing(drawn):
            async for output in drawn:
                yield output


def _generated(engine: Any) -> int:
    """Tokens of the requests that an engine has not finished; vLLM hands them out at the end."""
    states = engine.output_processor.request_states.values()
    return sum(state.detokenizer.num_output_tokens() for state in list(states))
