"""Files on their way out."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from hub.calls import Call
from hub.faults import damage
from hub.refusals import Refused
from hub.repositories import Commit, File

Content = bytes | Path
PIECE = 2**20
"""Bytes read at once."""


async def resolve(call: Call) -> web.StreamResponse:
    """A file of a repository."""
    commit, path = call.commit(), call.part("path")
    file = commit.file(path)
    headers = _headers(call, commit, path, file)
    storage = call.server.storage

    def content() -> Content:
        return storage.object(file.sha256) if file.sha256 else storage.blob(file.oid)

    return await give(call, path, content, file.size, headers)


async def give(
    call: Call, path: str, content: Callable[[], Content], size: int, headers: dict[str, str]
) -> web.StreamResponse:
    """A file, or the part of it that was asked for; to HEAD, only what is known of it.

    Args:
        content: its bytes or where they lie; it may take its time.
        size: bytes.
    """
    if call.request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(size)})
    there = await asyncio.to_thread(content)
    if how := call.server.faults.damage_of(path):
        data = damage(there if isinstance(there, bytes) else there.read_bytes(), how)
        return await _cut(call, data, headers | {"Content-Length": str(size)})
    start, stop = _range(call, size)
    if (start, stop) != (0, size):
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    answer = web.StreamResponse(status=206 if "Content-Range" in headers else 200, headers=headers)
    answer.content_length = stop - start
    await answer.prepare(call.request)
    with io.BytesIO(there) if isinstance(there, bytes) else there.open("rb") as opened:
        opened.seek(start)
        while start < stop and (piece := opened.read(min(PIECE, stop - start))):
            await answer.write(piece)
            start += len(piece)
    return answer


def _headers(call: Call, commit: Commit, path: str, file: File) -> dict[str, str]:
    headers = {
        "X-Repo-Commit": commit.id,
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.sha256 or file.oid}"',
        "Content-Type": "application/octet-stream" if file.sha256 else "text/plain; charset=utf-8",
    }
    if file.sha256:
        headers |= {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(file.size)}
        if xet_hash := call.xet_hash(path, file):
            repository = call.repository()
            route = f"api/{repository.kind}/{repository.name}/xet-read-token/{commit.id}"
            headers["X-Xet-Hash"] = xet_hash
            headers["Link"] = f'<{call.address(route)}>; rel="xet-auth"'
    return headers


def _range(call: Call, size: int) -> tuple[int, int]:
    """First byte, and the one after the last; all of them when the request does not say."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.request.headers.get("Range", ""))
    if not asked or asked.groups() == ("", ""):
        return 0, size
    first, last = asked.groups()
    if not first:
        return max(0, size - int(last)), size
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    if start >= stop:
        refusal = Refused(416, "no such bytes")
        refusal.headers["Content-Range"] = f"bytes */{size}"
        raise refusal
    return start, stop


async def _cut(call: Call, data: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """These bytes, said to be as many as the file has; then the connection is closed."""
    answer = web.StreamResponse(headers=headers)
    await answer.prepare(call.request)
    await answer.write(data)
    if len(data) < int(headers["Content-Length"]) and call.request.transport:
        call.request.transport.close()
    return answer
