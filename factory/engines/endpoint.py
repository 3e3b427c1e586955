"""An endpoint: an OpenAI-compatible server somewhere else, asked for one draw a request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Any, Self

import orjson

from factory.engines import Completion, Request
from factory.engines.backoff import Breaker, Clock, Limit, Retries
from factory.engines.http_client import Reply, Trouble, Wire, refusal, repeated
from factory.engines.responses import completion, echo
from factory.engines.stream import Streamed
from factory.errors import EngineFailure, StageError
from factory.recipe.models import Served

log = logging.getLogger(__name__)


class Endpoint:
    """A model that another machine runs; an async context manager around its connections.

    Two layers try again, each for troubles of its own. This one: the transport (no connection, cut,
    429, 5xx), within the deadline of the draw; what it then gives up is final. The sampler: whole
    draws that were answered with something that is none.
    """

    opened = False
    """Texts are rebuilt with their opening tag."""

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
        self._breaker = Breaker(clock, outage=served.outage, first=first_wait)
        self._turn, self._change = asyncio.Lock(), asyncio.Event()
        self._last_trouble = ""

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.__aexit__()

    async def draw(self, request: Request) -> Completion:
        """One draw, asked for until it is there or its deadline is over.

        Raises:
            EngineFailure: this draw cannot be had.
            StageError: the endpoint has done nothing but fail for as long as the recipe allows.
        """
        body = self._body(request)
        retries = Retries(self.served.deadline, self._random, first=self._first_wait)
        while True:
            async with self._admitted() as (sent, probe):
                try:
                    return await self._attempt(request, body, retries.left)
                except Trouble as trouble:
                    failure, asked = trouble.failure, trouble.asked
                    self._troubled(trouble, sent, probe)
                finally:
                    retries.spend(self._clock() - sent)
            wait = retries.delay(asked, refused=failure.reason == "rate_limited")
            if wait is None:
                raise EngineFailure(
                    failure.reason, f"{failure.message}; attempts: {retries.attempts}", final=True
                )
            await asyncio.sleep(wait)

    async def _attempt(self, request: Request, body: bytes, seconds: float) -> Completion:
        if not self._streams(request):
            return self._answered(await self._wire.post(body, seconds), request)
        watch = request.watch() if request.watch else None
        streamed = Streamed(self.served.opens_thinking, request.prefill, watch)
        reply = await self._wire.post(body, seconds, streamed, self.served.idle)
        return self._answered(reply, request, streamed)

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
        }
        if request.prefill:
            messages.append({"role": "assistant", "content": request.prefill})
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        further = body.pop("stream_options", {})  # refused where nothing is streamed
        if self._streams(request):
            body |= {"stream": True, "stream_options": {"include_usage": True} | further}
        return orjson.dumps({key: body[key] for key in body if key not in self.served.without})

    @contextlib.asynccontextmanager
    async def _admitted(self) -> AsyncIterator[tuple[float, bool]]:
        """A turn, in the order of asking: when it began, and whether it is the breaker's probe."""
        async with self._turn:
            while True:
                self._stop_if_broken()
                wait = max(self._limit.wait(), self._breaker.wait())
                if wait <= 0:
                    break
                self._change.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if math.isinf(wait) else wait):
                        await self._change.wait()
            sent, probe = self._limit.begin(), self._breaker.begin()
        try:
            yield sent, probe
        except BaseException:
            # Cancelled, or answered with what is no draw: after the former another may be a probe.
            self._breaker.abandoned(probe)
            raise
        finally:
            self._limit.end()
            self._change.set()

    def _stop_if_broken(self) -> None:
        if self._breaker.broken:
            raise StageError(
                f"{self.served.endpoint} has done nothing but fail for {self.served.outage:g} "
                f"seconds, at last with {self._last_trouble}. Draws so far are kept; see to the "
                "endpoint and run the same command again."
            )

    def _troubled(self, trouble: Trouble, sent: float, probe: bool) -> None:
        self._last_trouble = str(trouble)
        if trouble.failure.reason == "rate_limited":
            self._limit.refused(sent, min(trouble.asked or 0.0, self.served.deadline))
            self._breaker.abandoned(probe)
            return
        was_open = self._breaker.open
        self._breaker.failed(probe)
        if self._breaker.open and not was_open:
            log.warning("%s fails again and again: %s", self.served.endpoint, trouble)

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
        self._breaker.answered()
        if failed:
            raise failed
        if not (streamed and reply.streamed):
            return completion(reply.body, self.served.opens_thinking, request.prefill)
        if self._wire.credentials.are_in(streamed.said()):
            raise repeated()
        return streamed.completion()


def refused(reply: Reply) -> Trouble | EngineFailure:
    """What a reply that is no success comes to."""
    if 300 <= reply.status < 400:
        where = f"a redirect to {echo(reply.location)}, which is not followed: the key would go "
        return refusal(reply.status, where + "along. Write the final address into the recipe")
    return refusal(reply.status, reply.said(), reply.retry_after)
