"""A chat-completions server on loopback that misbehaves on purpose, for tests of the endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Self

from aiohttp import web

Behaviour = Callable[["Misbehaving", web.Request], Awaitable[web.StreamResponse]]

MOST_BYTES = 4 * 2**30
"""What the gigabytes end at, should nobody hang up."""
LONGEST = 30.0
"""Seconds after which the patient ones end too."""


class Misbehaving:
    """Serves on a port of its own; the requests get the behaviours in turn, the last one for ever.

    What it was asked is kept: `bodies` and `headers`, one of each a request, and `sent`, the bytes
    of a body without end. `most` is how many requests were in at the same time, `left` how many of
    them were hung up before their end. `base` is where it is, and `models` what it has there.
    """

    def __init__(self, *behaviours: Behaviour, models: Sequence[str] = (), base: str = "/v1"):
        self.behaviours, self.models, self.base = list(behaviours), models, base
        self.paths: list[str] = []
        """Path and query of each request."""
        self.looked: list[str] = []
        """Paths at which models were asked for."""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sent = self.here = self.most = self.left = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{self.base}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            self.looked.append(request.path)
            if not self.models or request.path != f"{self.base}/models":
                return web.Response(status=404, text="404 page not found")
            return web.json_response({"data": [{"id": name} for name in self.models]})
        self.paths.append(request.path_qs)
        number = len(self.bodies)
        self.bodies.append(await request.json() if request.can_read_body else {})
        self.headers.append(dict(request.headers))
        self.here += 1
        self.most = max(self.most, self.here)
        try:
            if request.path != f"{self.base}/chat/completions":
                return web.json_response({"error": f"no {request.path} here"}, status=404)
            behaviour = self.behaviours[min(number, len(self.behaviours) - 1)]
            return await behaviour(self, request)
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise
        finally:
            self.here -= 1


@contextlib.contextmanager
def serving(server: Misbehaving) -> Iterator[str]:
    """The server in a thread of its own; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def draw(content: Any = "4", **changes: Any) -> dict[str, Any]:
    """The JSON of a good answer; `changes` are to its message, choice or whole, by key."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    whole = {"id": "chatcmpl-1", "model": "m", "choices": [choice], "usage": usage}
    for key, value in changes.items():
        if key in ("finish_reason", "index", "token_ids", "message"):
            choice[key] = value
        elif key in ("choices", "usage"):
            whole[key] = value
        else:
            message[key] = value
    return whole


def answers(content: str | None = "4", after: float = 0, **changes: Any) -> Behaviour:
    """A good answer, or one with these changes, after some seconds."""

    async def behave(_: Misbehaving, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(after)
        return web.json_response(draw(content, **changes))

    return behave


def says(status: int, text: str = "no", **headers: str) -> Behaviour:
    """This status, whatever is asked; `Retry_After="1"` becomes a header."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}

    async def behave(_: Misbehaving, request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers=told)

    return behave


def writes(body: bytes) -> Behaviour:
    """These bytes, said to be a good answer."""

    async def behave(_: Misbehaving, request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    return behave


def parrots(status: int) -> Behaviour:
    """The request's headers, the key among them, wherever there is room for them."""

    async def behave(_: Misbehaving, request: web.Request) -> web.StreamResponse:
        said = request.headers.get("Authorization", "")
        padded = json.dumps(draw("x" * 240 + said)) if status == 200 else "x" * 270 + said
        headers = {"Location": f"/login?{said}", "X-Was": said}
        return web.Response(status=status, reason=said, text=padded, headers=headers)

    return behave


def crowded(room: int, seconds: float = 0.02) -> Behaviour:
    """Takes so many at once and refuses the rest."""

    async def behave(server: Misbehaving, request: web.Request) -> web.StreamResponse:
        if server.here > room:
            return web.Response(status=429, text="too many")
        await asyncio.sleep(seconds)
        return web.json_response(draw())

    return behave


async def hangs(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    """Takes the request and never answers."""
    await asyncio.sleep(LONGEST)
    return web.json_response(draw())


async def hangs_up(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    """Cuts the connection without a word."""
    assert request.transport
    request.transport.close()
    return web.Response()


async def cuts(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    """Cuts the connection in the middle of an answer."""
    response = await _started(request)
    await response.write(json.dumps(draw()).encode()[:40])
    assert request.transport
    request.transport.close()
    return response


async def drips(server: Misbehaving, request: web.Request) -> web.StreamResponse:
    """A byte now and then: never silent, never ready."""
    response = await _started(request)
    for _ in range(int(LONGEST / 0.02)):
        await response.write(b" ")
        await asyncio.sleep(0.02)
    return response


async def gigabytes(server: Misbehaving, request: web.Request) -> web.StreamResponse:
    """An answer that goes on and on."""
    response = await _started(request)
    with contextlib.suppress(ConnectionError):
        while server.sent < MOST_BYTES:
            await response.write(b" " * 2**16)
            server.sent += 2**16
    return response


async def _started(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    return response


# --- streams ------------------------------------------------------------------------------------


def event(content: str | None = None, **changes: Any) -> bytes:
    """An event of a stream; `changes` are to its delta, choice or whole, by key."""
    delta: dict[str, Any] = {} if content is None else {"content": content}
    choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": None}
    whole: dict[str, Any] = {"object": "chat.completion.chunk", "choices": [choice]}
    for key, value in changes.items():
        if key in ("finish_reason", "index", "token_ids", "delta"):
            choice[key] = value
        elif key in ("choices", "usage", "error", "prompt_token_ids"):
            whole[key] = value
        else:
            delta[key] = value
    return b"data: " + json.dumps(whole, ensure_ascii=False).encode() + b"\n\n"


ROLE = event("", role="assistant")
"""How everybody begins to stream."""
DONE = b"data: [DONE]\n\n"
STOP = event(finish_reason="stop")
USAGE = event(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8})
END = STOP + USAGE + DONE


def streams(*parts: bytes | float, then: Behaviour | None = None) -> Behaviour:
    """These bytes, each part on its way before the next; numbers are seconds of silence; `then`
    may cut the connection, or hold it."""

    async def behave(server: Misbehaving, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in parts:
            if isinstance(part, bytes):
                await response.write(part)
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(part)
        if then:
            await then(server, request)
        return response

    return behave


def streams_for_ever(part: bytes, every: float = 0) -> Behaviour:
    """The same bytes again and again, until somebody hangs up."""

    async def behave(server: Misbehaving, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while server.sent < MOST_BYTES:
            await response.write(part)
            server.sent += len(part)
            await asyncio.sleep(every)
        return response

    return behave
