"""What tests of the endpoint share: requests, impatient endpoints, draws asked of a bad server."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from misbehaving import Behaviour, Misbehaving

from factory.engines import Completion, Request
from factory.engines.endpoint import Endpoint
from factory.engines.stream import Streamed
from factory.errors import EngineFailure
from factory.recipe.served import Served

KEY = "sk-s3cret-0123456789abcdef"
THINK = "<think>\n2+2=4\n</think>\n4"


def request(number: int = 0, **changes: Any) -> Request:
    question = [{"role": "user", "content": "2+2?"}]
    asked = Request(f"s{number}", "p", number, question, 7 + number, 0.6, 0.95, 64)  # pyrefly: ignore
    return replace(asked, **changes)


def endpoint(
    url: str, concurrency: int = 8, *, say: Callable[[str], None] | None = None, **settings: Any
) -> Endpoint:
    """An impatient one: a test has less time than a run."""
    told = {"endpoint": url, "model": "m", "deadline": 2.0, "outage": 60.0} | settings
    served = Served.model_validate(told)
    return Endpoint(served, concurrency, say=say, random=random.Random(1), first_wait=0.02)


class Asked:
    """A draw asked of a server that behaves so: what came of it, and what the server saw."""

    def __init__(self, *behaviours: Behaviour, **settings: Any):
        self.server = Misbehaving(*behaviours)
        self.draw: Completion | None = None
        self.failure: EngineFailure | None = None
        started = time.monotonic()
        asyncio.run(self._ask(settings))
        self.seconds = time.monotonic() - started

    async def _ask(self, settings: dict[str, Any]) -> None:
        async with self.server, endpoint(self.server.url, **settings) as asked:
            try:
                self.draw = await asked.draw(request())
            except EngineFailure as failure:
                self.failure = failure


def gathered(server: Misbehaving, count: int, concurrency: int, **settings: Any) -> list[Any]:
    """What came of so many draws, failures among it."""

    async def ask() -> list[Any]:
        async with server, endpoint(server.url, concurrency, **settings) as asked:
            draws: list[Coroutine[Any, Any, Completion]]
            draws = [asked.draw(request(number)) for number in range(count)]
            return await asyncio.gather(*draws, return_exceptions=True)

    return asyncio.run(ask())


def streamed(*events: bytes, **settings: Any) -> Streamed:
    """What takes these events, as far as it wants them."""
    draw = Streamed(**settings)
    for told in events:
        for data in filter(None, told.split(b"\n\n")):
            if draw.take(data.removeprefix(b"data: ")):
                draw.end()
                return draw
    draw.end()
    return draw
