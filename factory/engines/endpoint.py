"""An endpoint: an OpenAI-compatible server somewhere else, asked for one draw a request."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Self

import orjson

from factory.engines import Completion, Request
from factory.engines.backoff import Clock, Limit, Retries
from factory.engines.http_client import Reply, Trouble, Wire, refusal, repeated
from factory.engines.responses import completion, echo
from factory.engines.stream import Streamed
from factory.errors import EngineFailure
from factory.models.thinking_tags import Tags, named_tags
from factory.recipe.models import Served


class Endpoint:
    """A model that another machine runs; an async context manager around its connections.

    Two layers try again, each for troubles of its own. This one: the transport (no connection, cut,
    5xx), a few times within seconds, and 429 until the draw's deadline. The sampler: at once, where
    the answer was no draw; and what is given up here, once the endpoint has answered others
    (`factory.sampler.health`).
    """

    def __init__(
        self,
        served: Served,
        concurrency: int,
        *,
        clock: Clock = time.monotonic,
        random: Random | None = None,
        first_wait: float = 1.0,
    ):
        """`concurrency`: most requests out at once. `first_wait`: seconds, see `Retries`.

        Raises:
            StageError: when the key is not in the environment.
        """
        self.served, self._clock, self._random = served, clock, random or Random()
        self._first_wait = first_wait
        self._wire = Wire(served, concurrency)
        self._limit = Limit(concurrency, clock)
        self._turn, self._change = asyncio.Lock(), asyncio.Event()
        self._written: set[Streamed] = set()

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        """Never: texts are rebuilt with their opening tag."""
        return False

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.__aexit__()

    async def draw(self, request: Request) -> Completion:
        """One draw, asked for until it is there, has failed a few times, or its deadline is over.

        Raises:
            EngineFailure: this draw cannot be had.
        """
        body = self._body(request)
        retries = Retries(self.served.deadline, self._random, first=self._first_wait)
        while True:
            async with self._admitted() as sent:
                try:
                    completion = await self._attempt(request, body, retries.left)
                    seeded = "seed" not in self.served.without
                    return replace(completion, retries=retries.attempts, seeded=seeded)
                except Trouble as trouble:
                    failure, asked = trouble.failure, trouble.asked
                    if failure.reason == "rate_limited":
                        self._limit.refused(sent, min(asked or 0.0, self.served.deadline))
                finally:
                    retries.spend(self._clock() - sent)
            wait = retries.delay(asked, refused=failure.reason == "rate_limited")
            if wait is None:
                # A silence is long: as many of them again would outlast the deadline.
                later = retries.failures <= 0 and failure.reason != "silent"
                raise EngineFailure(
                    failure.reason,
                    f"{failure.message}; attempts: {retries.attempts}",
                    final=not later,
                    later=later,
                    tries=retries.attempts,
                )
            await asyncio.sleep(wait)

    async def _attempt(self, request: Request, body: bytes, seconds: float) -> Completion:
        if not self._streams(request):
            return self._answered(await self._wire.post(body, seconds), request)
        watch = request.watch() if request.watch else None
        served = self.served
        streamed = Streamed(served.opens_thinking, request.prefill, watch, served.thinking_tags)
        self._written.add(streamed)
        try:
            reply = await self._wire.post(body, seconds, streamed, self.served.idle)
            return self._answered(reply, request, streamed)
        finally:
            self._written.discard(streamed)

    @property
    def in_flight_tokens(self) -> int:
        """Pieces of draws that come word by word: mostly a token each."""
        return sum(streamed.pieces for streamed in self._written)

    def _streams(self, request: Request) -> bool:
        return self.served.stream or request.watch is not None

    def _body(self, request: Request) -> bytes:
        messages = [dict(message) for message in request.messages]
        body: dict[str, Any] = {
            **self.served.extra,
            "model": self.served.model,
            "messages": messages,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
            "n": 1,
            **request.options,
            **request.extra,
        }
        if request.stop_words:
            body["stop"] = list(request.stop_words)
        if request.template_arguments:
            body["chat_template_kwargs"] = {
                **body.get("chat_template_kwargs", {}),
                **request.template_arguments,
            }
        if request.prefill:
            tags = named_tags(self.served.thinking_tags) or Tags()
            begun = tags.said(request.prefill)
            messages.append({"role": "assistant", "content": begun})
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        further = body.pop("stream_options", {})  # refused where nothing is streamed
        if self._streams(request):
            body |= {"stream": True, "stream_options": {"include_usage": True} | further}
        return orjson.dumps({key: body[key] for key in body if key not in self.served.without})

    @contextlib.asynccontextmanager
    async def _admitted(self) -> AsyncIterator[float]:
        """A turn, in the order of asking; gives when it began."""
        async with self._turn:
            while (wait := self._limit.wait()) > 0:
                self._change.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if math.isinf(wait) else wait):
                        await self._change.wait()
            sent = self._limit.begin()
        try:
            yield sent
        finally:
            self._limit.end()
            self._change.set()

    def _answered(
        self, reply: Reply, request: Request, streamed: Streamed | None = None
    ) -> Completion:
        """The draw in a reply, or in the stream that came in its place.

        Raises:
            Trouble: when asking again may help.
            EngineFailure: when the reply is none that holds a draw.
        """
        failed = refused(reply) if reply.status != 200 else None
        if streamed and reply.streamed:
            streamed.end()
            failed = streamed.trouble
        if isinstance(failed, Trouble):
            raise failed
        self._limit.answered()
        if failed:
            raise failed
        if not (streamed and reply.streamed):
            served = self.served
            opens, tags = served.opens_thinking, served.thinking_tags
            return completion(reply.body, opens, request.prefill, tags)
        if self._wire.credentials.are_in(streamed.said()):
            raise repeated()
        return streamed.completion()


def refused(reply: Reply) -> Trouble | EngineFailure:
    """The failure that a reply without success means."""
    if 300 <= reply.status < 400:
        where = f"a redirect to {echo(reply.location)}, which is not followed: the key would go "
        return refusal(reply.status, where + "along. Write the final address into the recipe")
    return refusal(reply.status, reply.said(), reply.retry_after)
