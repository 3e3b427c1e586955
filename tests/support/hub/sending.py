"""Files on their way in: how each is to be sent, tokens for Xet, and LFS."""

from __future__ import annotations

import fnmatch
import hashlib
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from hub.calls import Call
from hub.refusals import Refused
from hub.repositories import File

ATTRIBUTES = ".gitattributes"
TO_LFS = "filter=lfs diff=lfs merge=lfs -text"
"""What follows the name of a file in it that LFS or Xet store."""
REGULAR_MOST = 10 * 2**20
"""Bytes of the largest file that a commit may hold itself."""


async def preupload(call: Call) -> web.Response:
    """Large or small, by the file's ending and size; and the id of what is there now."""
    call.written()
    commit = call.commit()
    patterns = large_patterns(call, commit.files)
    files = []
    for asked in (await call.json())["files"]:
        path, present = asked["path"], commit.files.get(asked["path"])
        large = asked["size"] > REGULAR_MOST or is_large(path, patterns)
        file = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        files.append(file | ({"oid": present.sha256 or present.oid} if present else {}))
    return web.json_response({"files": files, "commitOid": commit.id})


def large_patterns(call: Call, files: Mapping[str, File]) -> list[str]:
    """What `.gitattributes` gives to LFS."""
    if ATTRIBUTES not in files:
        return []
    text = call.server.storage.blob(files[ATTRIBUTES].oid).decode()
    return [line.split()[0] for line in text.splitlines() if "filter=lfs" in line]


def is_large(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


async def xet_write_token(call: Call) -> web.Response:
    call.written()
    return xet_token(call)


async def xet_read_token(call: Call) -> web.Response:
    call.repository()
    return xet_token(call)


def xet_token(call: Call) -> web.Response:
    """Where the store is and for how long a client may use it: once as headers, once as JSON."""
    address, expiry = (
        call.server.storage.xet_address,
        int(time.time()) + call.server.settings.xet_seconds,
    )
    token = f"xet_{expiry}"
    headers = {
        "X-Xet-Cas-Url": address,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expiry),
    }
    body = {"accessToken": token, "exp": expiry, "casUrl": address}
    return web.json_response(body, headers=headers)


# --- LFS ------------------------------------------------------------------------------------------


async def lfs_batch(call: Call) -> web.Response:
    """Where to send each file; nowhere when it is there already."""
    call.written()
    asked = await call.json()
    if asked.get("operation") != "upload":
        raise Refused(400, "this server's LFS takes uploads; files are read by resolve/")
    objects = [_object(call, o["oid"], o["size"]) for o in asked["objects"]]
    parts = any(
        "chunk_size" in o.get("actions", {}).get("upload", {}).get("header", {}) for o in objects
    )
    answer = {
        "transfer": "multipart" if parts else "basic",
        "objects": objects,
        "hash_algo": "sha256",
    }
    return web.json_response(answer, content_type="application/vnd.git-lfs+json")


def _object(call: Call, oid: str, size: int) -> dict[str, Any]:
    told: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
    if call.server.storage.size(oid) is not None:
        return told
    settings = call.server.settings
    secret = f"_lfs/{call.server.secret}/{oid}"
    upload: dict[str, Any] = {"href": call.address(secret)}
    if size > settings.multipart_above:
        count = math.ceil(size / settings.part)
        parts = {str(n): call.address(f"{secret}/{n}") for n in range(1, count + 1)}
        upload["header"] = {"chunk_size": str(settings.part), **parts}
    verify = {"href": call.address(f"{call.repository().path}.git/info/lfs/objects/verify")}
    return told | {"actions": {"upload": upload, "verify": verify}}


async def lfs_verify(call: Call) -> web.Response:
    call.written()
    asked = await call.json()
    if call.server.storage.size(asked["oid"]) != asked["size"]:
        raise Refused(404, f"no object {asked['oid']} of {asked['size']} bytes")
    return web.json_response({})


async def lfs_put(call: Call) -> web.Response:
    """A whole file, or a part that waits for its completion."""
    _know(call)
    room, digest = call.server.storage.room(), hashlib.md5()
    with room.open("wb") as file:
        async for piece in call.request.content.iter_chunked(2**20):
            file.write(piece)
            digest.update(piece)
    if call.parts.get("number"):
        call.server.parts.setdefault(call.part("oid"), {})[int(call.part("number"))] = room
    else:
        call.server.storage.add_object(room, call.part("oid"))
    return web.Response(headers={"ETag": f'"{digest.hexdigest()}"'})


async def lfs_complete(call: Call) -> web.Response:
    """The parts, put together."""
    _know(call)
    oid, asked = call.part("oid"), await call.json()
    arrived = call.server.parts.get(oid, {})
    numbers = [part["partNumber"] for part in asked["parts"]]
    if numbers != sorted(arrived):
        raise Refused(400, f"parts {sorted(arrived)} have arrived, not {numbers}")
    room = call.server.storage.room()
    with room.open("wb") as whole:
        for number in numbers:
            whole.write(arrived[number].read_bytes())
            arrived[number].unlink()
    del call.server.parts[oid]
    call.server.storage.add_object(room, oid)
    return web.json_response({})


def _know(call: Call) -> None:
    """An address to send to is a secret of this server; whoever has it needs no token."""
    if call.part("secret") != call.server.secret:
        raise Refused(403, "this address is not valid any more")
