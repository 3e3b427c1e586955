"""Buckets: files without a history, sent and read by Xet alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from hub.calls import Call
from hub.giving import give
from hub.refusals import Refused, no_entry
from hub.repositories import Bucket, Kept, timestamp
from hub.sending import xet_token
from hub.telling import entries, page_of


async def create(call: Call) -> web.Response:
    """`me` is whoever asks."""
    namespace, name = call.part("repo").split("/")
    if call.account and namespace == "me":
        namespace = call.account.name
    call.writer(namespace)
    whole = f"{namespace}/{name}"
    told = {"url": call.address(f"buckets/{whole}"), "name": whole, "id": whole}
    if whole in call.server.repositories.buckets:
        return web.json_response({"error": "You already created this bucket", **told}, status=409)
    private = bool((await call.json()).get("private"))
    call.server.repositories.buckets[whole] = Bucket(whole, timestamp(time.time()), private)
    return web.json_response(told)


async def info(call: Call) -> web.Response:
    bucket = call.bucket()
    told = {
        "id": bucket.name,
        "private": bucket.private,
        "createdAt": bucket.date,
        "size": sum(kept.size for kept in bucket.files.values()),
        "totalFiles": len(bucket.files),
    }
    return web.json_response(told)


async def delete(call: Call) -> web.Response:
    bucket = _written(call)
    del call.server.repositories.buckets[bucket.name]
    return web.json_response({})


async def tree(call: Call) -> web.Response:
    bucket = call.bucket()
    found = entries(bucket.files, call.part("path").strip("/"), call.asks("recursive"))
    page, link = page_of(call, sorted(found))
    return web.json_response([_entry(bucket, path) for path in page], headers=link)


async def paths_info(call: Call) -> web.Response:
    bucket, asked = call.bucket(), await call.json()
    return web.json_response([_entry(bucket, p) for p in asked["paths"] if p in bucket.files])


def _entry(bucket: Bucket, path: str) -> dict[str, Any]:
    if path.endswith("/"):
        return {"type": "directory", "path": path.rstrip("/")}
    kept = bucket.files[path]
    told = {"type": "file", "path": path, "size": kept.size, "xetHash": kept.hash}
    return told | {"mtime": kept.date, "uploadedAt": kept.date}


async def batch(call: Call) -> web.Response:
    """Operations one by one: some may fail while others are done."""
    bucket, failed, done = _written(call), [], 0
    for line in (await call.request.read()).splitlines():
        asked = json.loads(line)
        try:
            _apply(call, bucket, asked)
            done += 1
        except Refused as refusal:
            failed.append({"path": asked["path"], "error": refusal.message})
    told = {"success": not failed, "processed": done + len(failed), "succeeded": done}
    return web.json_response(told | {"failed": failed}, status=200 if done or not failed else 422)


def _apply(call: Call, bucket: Bucket, asked: dict[str, Any]) -> None:
    path = asked["path"]
    if asked["type"] == "deleteFile":
        if bucket.files.pop(path, None) is None:
            raise Refused(404, f"{path} does not exist")
        return
    stored = call.server.storage.in_xet(asked["xetHash"])
    if stored is None:
        raise Refused(400, f"no file in Xet has the hash {asked['xetHash']}")
    bucket.files[path] = Kept(stored.hash, stored.size, timestamp(time.time()))


async def write_token(call: Call) -> web.Response:
    _written(call)
    return xet_token(call)


async def read_token(call: Call) -> web.Response:
    call.bucket()
    return xet_token(call)


async def resolve(call: Call) -> web.StreamResponse:
    bucket, path, storage = call.bucket(), call.part("path"), call.server.storage
    if path not in bucket.files:
        raise no_entry(path, "")
    kept = bucket.files[path]
    route = call.address(f"api/buckets/{bucket.name}/xet-read-token")
    headers = {"ETag": f'"{kept.hash}"', "Accept-Ranges": "bytes", "X-Xet-Hash": kept.hash}
    headers |= {"X-Linked-Size": str(kept.size), "Link": f'<{route}>; rel="xet-auth"'}

    def content() -> bytes | Path:
        stored = storage.in_xet(kept.hash)
        assert stored
        room = storage.fetched(stored)
        data = room.read_bytes()
        room.unlink()
        return data

    return await give(call, path, content, kept.size, headers)


def _written(call: Call) -> Bucket:
    bucket = call.bucket()
    call.writer(bucket.name.split("/")[0])
    return bucket
