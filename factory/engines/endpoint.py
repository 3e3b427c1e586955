"""An endpoint: an OpenAI-compatible server somewhere else, asked for one draw a request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Self

from factory.engines import Completion, Request
from factory.engines.backoff import Clock, Limit, Retries
from factory.engines.counting import Counting
from factory.engines.doubt import Case, Doubt
from factory.engines.http_client import Reply, Wire, repeated
from factory.engines.patience import Pace
from factory.engines.refusals import Refusal, Said, Trouble, is_page, refusal, said_by
from factory.engines.responses import completion
from factory.engines.saying import echo
from factory.engines.sse import Events
from factory.engines.stream import Streamed
from factory.engines.wording import Wording
from factory.errors import EngineFailure
from factory.recipe.served import Served

log = logging.getLogger(__name__)


class Endpoint:
    """A model that another machine runs; an async context manager around its connections.

    Two layers try again, each for troubles of its own. This one: the transport (no connection, cut,
    5xx), a few times within seconds, and 429 until the draw's deadline. The sampler: at once, where
    the answer was no draw; and what is given up here, once the endpoint has answered others
    (`factory.sampler.health`). What any request would meet ends the run: see `Doubt`.
    """

    def __init__(
        self,
        served: Served,
        concurrency: int,
        *,
        say: Callable[[str], None] | None = None,
        clock: Clock = time.monotonic,
        random: Random | None = None,
        first_wait: float = 1.0,
    ):
        """`concurrency`: most requests out at once. `say`: is told what people should know.
        `first_wait`: seconds, see `Retries`.

        Raises:
            StageError: when the key is not in the environment.
        """
        self.served, self._clock, self._random = served, clock, random or Random()
        self._say, self._first_wait = say or log.warning, first_wait
        self._wire, self._wording = Wire(served, concurrency), Wording(served)
        self._doubt = Doubt(self._wire, self._wording, self._say)
        self._pace, self._counting = Pace(served.idle), Counting(served.tokenizer)
        self._limit = Limit(concurrency, clock)
        self._turn, self._change = asyncio.Lock(), asyncio.Event()
        self._written: set[Streamed] = set()
        self._told: set[str] = set()

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
            StageError: none can, from this address or by this account.
        """
        deadline = self.served.deadline_of(request.max_tokens)
        retries, case = Retries(deadline, self._random, first=self._first_wait), Case()
        while True:
            lessons = 0
            try:
                async with self._admitted() as sent:
                    lessons = self._doubt.lessons
                    try:
                        drawn = await self._attempt(request, retries)
                    except Trouble as trouble:
                        if trouble.failure.reason == "rate_limited":
                            self._limit.refused(sent, min(trouble.asked or 0.0, deadline))
                        raise
                    finally:
                        retries.spend(self._clock() - sent)
                return self._whole(drawn, retries)
            except Trouble as trouble:
                wait = self._wait(trouble, retries)
            except Refusal as refused:
                found = await self._doubt.look(refused, case, lessons)
                if found is None:
                    raise
                wait = found
                if lessons != self._doubt.lessons:
                    retries.attempts -= 1  # it was asked wrongly, which is no failure of the server
            await asyncio.sleep(wait)

    def _wait(self, trouble: Trouble, retries: Retries) -> float:
        """Seconds to wait after a trouble; raises EngineFailure where it was the last one."""
        failure = trouble.failure
        retries.silences += failure.reason == "silent"
        # A silence that was cut short, as the server was quicker so far, is no failure of it yet.
        early = failure.reason == "silent" and self._pace.early(retries.silences)
        wait = retries.delay(trouble.asked, refused=early or failure.reason == "rate_limited")
        if wait is not None:
            return wait
        self._doubt.unreached(failure)
        # A silence is long: as many of them again would outlast the deadline.
        later = retries.failures <= 0 and failure.reason != "silent"
        raise EngineFailure(
            failure.reason,
            f"{failure.message}; attempts: {retries.attempts}",
            final=not later,
            later=later,
            tries=retries.attempts,
        )

    async def _attempt(self, request: Request, retries: Retries) -> Completion:
        body = self._wording.body(request)
        if not self._wording.streams(request):
            return self._answered(await self._wire.post(body, retries.left), request)
        watch = request.watch() if request.watch else None
        streamed = self._stream(request, watch)
        self._written.add(streamed)
        try:
            reply = await self._wire.post(
                body, retries.left, streamed, self._pace, retries.silences
            )
            return self._answered(reply, request, streamed)
        finally:
            self._written.discard(streamed)

    def _stream(self, request: Request, watch: Any = None) -> Streamed:
        served = self.served
        return Streamed(served.opens_thinking, request.prefill, watch, served.thinking_tags)

    @property
    def out(self) -> int:
        """Requests that are out now: not those that sleep between two tries."""
        return self._limit.out

    @property
    def in_flight_tokens(self) -> int:
        """Pieces of draws that come word by word: mostly a token each."""
        return sum(streamed.pieces for streamed in self._written)

    @contextlib.asynccontextmanager
    async def _admitted(self) -> AsyncIterator[float]:
        """A turn, in the order of asking; gives when it began."""
        async with self._turn:
            while (wait := self._limit.wait()) > 0:
                self._change.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if math.isinf(wait) else wait):
                        await self._change.wait()
            await self._doubt.settled.wait()
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
        failed = self._refused(reply) if reply.status != 200 or is_page(reply.body) else None
        if not reply.streamed and reply.body.lstrip()[:5] in (b"data:", b"event"):
            streamed, reply = self._stream(request), replace(reply, streamed=True)
            any(streamed.take(event) for event in Events().feed(reply.body + b"\n\n"))
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
            drawn = completion(reply.body, opens, request.prefill, tags)
            self._wording.came(whole=streamed is not None)
            return drawn
        self._wording.came()
        if self._wire.credentials.are_in(streamed.said()):
            raise repeated()
        return streamed.completion()

    def _refused(self, reply: Reply) -> Trouble | EngineFailure:
        """The failure that a reply without success means."""
        if 300 <= reply.status < 400:
            where = f"a redirect to {echo(reply.location)}, which is not followed: the key would "
            words = where + "go along. Write the final address into the recipe"
            return Refusal(Said(reply.status, words), "place")
        said = said_by(reply.status, reply.body)
        if reply.status != 200:
            return refusal(said, reply.retry_after)
        if self._doubt.answers:
            return Trouble(EngineFailure("web_page", f"the server sent {echo(said.words)}"))
        return Refusal(said, "place", "web_page")

    def _whole(self, drawn: Completion, retries: Retries) -> Completion:
        """The draw with what is known of it beside; tells what people should know of it."""
        self._doubt.answers += 1
        counted = None if drawn.counted else self._counting.tokens(drawn.text)
        if counted is not None:
            drawn = replace(drawn, completion_tokens=counted, counted=True)
        if not drawn.counted:
            self._tell(
                "the server does not say how many tokens a draw has: that is noted as unknown, "
                "and a budget of tokens takes it for max_tokens. Name a `tokenizer` beneath the "
                "endpoint, and they are counted"
            )
        if drawn.thinking_hidden:
            self._tell(
                f"the server gives the model's thinking {drawn.thinking_hidden}: such draws are "
                "kept as answers without thinking"
            )
        return replace(
            drawn,
            retries=retries.attempts - 1,
            seeded="seed" not in self._wording.without,
        )

    def _tell(self, words: str) -> None:
        """Say it, once."""
        if words not in self._told:
            self._told.add(words)
            self._say(words)
