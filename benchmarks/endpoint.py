"""What an endpoint costs the client, beside a bare aiohttp client that asks for the same.

`python -m benchmarks.endpoint`: 2,000 small draws, 64 in flight, of a server on loopback in a
process of its own: CPU seconds of this process, whole and streamed (20 pieces); then the wall time
where 5 % of requests are refused with a 429 whatever the load, and where the server refuses what is
more than 16 at once, each answer taking 0.3 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import ClientSession, TCPConnector, web

from factory.engines import Request
from factory.engines.endpoint import Endpoint
from factory.recipe.served import Served

DRAWS, IN_FLIGHT, PIECES = 2000, 64, 20
ANSWER = {
    "choices": [
        {"index": 0, "message": {"content": "x " * PIECES}, "finish_reason": "stop"},
    ],
    "usage": {"prompt_tokens": 30, "completion_tokens": PIECES, "total_tokens": 30 + PIECES},
}


def piece(content: str | None, **changes: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": None}
    whole = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + orjson.dumps({**whole, "choices": [choice | changes]}) + b"\n\n"


LAST = piece(None, finish_reason="stop")
USAGE = b"data: " + orjson.dumps({"choices": [], "usage": ANSWER["usage"]}) + b"\n\n"


def serve(port: int) -> None:
    """The server: `/plain`, `/refusing` and `/crowded` are its addresses."""
    here, chance = [0], random.Random(1)

    async def answer(request: web.Request) -> web.StreamResponse:
        body, kind = orjson.loads(await request.read()), request.path.split("/")[1]
        if kind == "refusing" and chance.random() < 0.05:
            return web.json_response({"error": {"message": "slow down"}}, status=429)
        if kind == "crowded" and here[0] >= 16:
            return web.json_response({"error": {"message": "too many requests"}}, status=429)
        here[0] += 1
        try:
            if kind != "plain":
                await asyncio.sleep(0.3)
            if not body.get("stream"):
                return web.json_response(ANSWER)
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for _ in range(PIECES):
                await response.write(piece("x "))
                await asyncio.sleep(0)  # each piece by itself
            await response.write(LAST + USAGE + b"data: [DONE]\n\n")
            return response
        finally:
            here[0] -= 1

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def question(number: int) -> dict[str, Any]:
    return {"role": "user", "content": f"What is {number} + {number}? " + "Think. " * 20}


async def bare(address: str, stream: bool) -> int:
    """The same by aiohttp alone: a semaphore, a try after each 429, and the text joined."""
    room, refused = asyncio.Semaphore(IN_FLIGHT), 0

    async def one(session: ClientSession, number: int) -> str:
        nonlocal refused
        body = {"model": "m", "messages": [question(number)], "max_tokens": 64, "stream": stream}
        async with room:
            for attempt in range(1000):
                async with session.post(f"{address}/chat/completions", json=body) as response:
                    if response.status == 200:
                        return await text(response, stream)
                refused += 1
                await asyncio.sleep(min(8.0, 0.5 * 2**attempt) * random.uniform(0.75, 1))
        raise RuntimeError

    async def text(response: Any, stream: bool) -> str:
        if not stream:
            return orjson.loads(await response.read())["choices"][0]["message"]["content"]
        found = []
        async for line in response.content:
            if line.startswith(b"data: {"):
                for choice in orjson.loads(line[6:])["choices"]:
                    found.append(choice["delta"].get("content") or "")
        return "".join(found)

    async with ClientSession(connector=TCPConnector(limit=IN_FLIGHT)) as session:
        texts = await asyncio.gather(*[one(session, number) for number in range(DRAWS)])
    assert set(texts) == {"x " * PIECES}
    return refused


async def ours(address: str, stream: bool) -> int:
    """The same by the endpoint engine."""
    served = Served.model_validate({"endpoint": address, "model": "m", "stream": stream})

    async def one(engine: Endpoint, number: int) -> Any:
        asked = [question(number)]
        request = Request(f"s{number}", f"p{number}", 0, asked, number, 0.6, 0.95, 64)  # pyrefly: ignore
        return await engine.draw(request)

    async with Endpoint(served, IN_FLIGHT) as engine:
        drawn = await asyncio.gather(*[one(engine, number) for number in range(DRAWS)])
    assert {each.text for each in drawn} == {"x " * PIECES}
    return sum(each.retries for each in drawn)


Client = Callable[[str, bool], Awaitable[int]]


def measured(client: Client, address: str, stream: bool) -> tuple[float, float, int]:
    """CPU seconds, wall seconds, refusals."""
    cpu, wall = time.process_time(), time.monotonic()
    refused = asyncio.run(client(address, stream))  # pyrefly: ignore
    return time.process_time() - cpu, time.monotonic() - wall, refused


def main(port: int = 18431) -> None:
    """Print a table."""
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.endpoint", str(port)])
    try:
        for _ in range(120):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.5)
        for kind in ("plain", "refusing", "crowded"):
            for stream in (False, True):
                for client in (bare, ours, bare, ours) if kind == "plain" else (bare, ours):
                    cpu, wall, refused = measured(client, f"http://127.0.0.1:{port}/{kind}", stream)
                    how = "streamed" if stream else "whole"
                    print(
                        f"{kind:9}{how:9}{client.__name__:5} {cpu:5.2f} s CPU "
                        f"{wall:6.1f} s {refused:5} refused",
                        flush=True,
                    )
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]))
    else:
        main()
