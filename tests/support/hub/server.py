"""The routes, and how a request goes through: faults, account, work, log."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

from hub import buckets, committing, creating, giving, sending, telling
from hub.accounts import account_of
from hub.calls import Call
from hub.faults import Fault, Faults
from hub.refusals import Refused
from hub.repositories import File, Repositories, Repository
from hub.storage import Storage

REPO = r"(?P<repo>[^/]+/[^/]+)"
API = rf"/api/(?P<kind>datasets|models)/{REPO}"
PAGE = rf"/(?:(?P<kind>datasets|models)/)?{REPO}"
BUCKET = rf"/api/buckets/{REPO}"
AT = r"/(?P<revision>[^/]+)"
PATH = r"(?:/(?P<path>.*))?"
OBJECT = r"/_lfs/(?P<secret>\w+)/(?P<oid>[0-9a-f]{64})"

Handler = Callable[[Call], Awaitable[web.StreamResponse]]
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", r"/api/whoami-v2", creating.whoami),
    ("POST", r"/api/repos/create", creating.create),
    ("DELETE", r"/api/repos/delete", creating.delete),
    ("POST", r"/api/validate-yaml", creating.validate_card),
    ("PUT", rf"{API}/settings", creating.settings),
    ("POST", rf"{API}/preupload{AT}", sending.preupload),
    ("GET", rf"{API}/xet-write-token{AT}", sending.xet_write_token),
    ("GET", rf"{API}/xet-read-token{AT}", sending.xet_read_token),
    ("POST", rf"{PAGE}\.git/info/lfs/objects/batch", sending.lfs_batch),
    ("POST", rf"{PAGE}\.git/info/lfs/objects/verify", sending.lfs_verify),
    ("PUT", rf"{OBJECT}(?:/(?P<number>\d+))?", sending.lfs_put),
    ("POST", OBJECT, sending.lfs_complete),
    ("POST", rf"{API}/commit{AT}", committing.commit),
    ("POST", rf"{API}/tag{AT}", committing.create_tag),
    ("DELETE", rf"{API}/tag{AT}", committing.delete_tag),
    ("POST", rf"{API}/branch{AT}", committing.create_branch),
    ("DELETE", rf"{API}/branch{AT}", committing.delete_branch),
    ("POST", rf"{API}/super-squash{AT}", committing.squash),
    ("GET", r"/api/(?P<kind>datasets|models)", telling.listing),
    ("GET", API, telling.info),
    ("GET", rf"{API}/revision{AT}", telling.info),
    ("GET", rf"{API}/tree{AT}{PATH}", telling.tree),
    ("POST", rf"{API}/paths-info{AT}", telling.paths_info),
    ("GET", rf"{API}/refs", telling.refs),
    ("GET", rf"{API}/commits{AT}", telling.commits),
    ("GET", rf"/buckets/{REPO}/resolve{PATH}", buckets.resolve),  # a bucket may be called raw
    ("GET", rf"{PAGE}/(?:resolve|raw){AT}{PATH}", giving.resolve),
    ("POST", BUCKET, buckets.create),
    ("GET", BUCKET, buckets.info),
    ("DELETE", BUCKET, buckets.delete),
    ("GET", rf"{BUCKET}/tree{PATH}", buckets.tree),
    ("POST", rf"{BUCKET}/paths-info", buckets.paths_info),
    ("POST", rf"{BUCKET}/batch", buckets.batch),
    ("GET", rf"{BUCKET}/xet-write-token", buckets.write_token),
    ("GET", rf"{BUCKET}/xet-read-token", buckets.read_token),
]
"""Method, address as it comes (a slash in a revision is ``%2F``), work."""


@dataclass
class Settings:
    """What a test may want smaller than the Hub has it."""

    xet_seconds: int = 900
    """How long a token for Xet is good; clients ask again when less than 60 are left."""
    page: int = 1000
    """Entries in one answer of tree and commits."""
    multipart_above: int = 5 * 2**30
    """Bytes above which LFS sends a file in parts."""
    part: int = 5 * 2**30
    """Bytes of a part."""


class Asked(NamedTuple):
    """A request, and how it was answered; status 0 when the connection was closed instead."""

    method: str
    path: str
    status: int
    account: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class Server:
    """All state, and the one handler of all requests."""

    def __init__(self, folder: Path, settings: Settings):
        folder = folder.absolute()
        self.storage = Storage(folder)
        self.repositories = Repositories(folder / "repositories.json")
        self.settings, self.faults, self.log = settings, Faults(), list[Asked]()
        self.secret = secrets.token_hex(8)
        """Part of the addresses to which LFS sends."""
        self.parts: dict[str, dict[int, Path]] = {}
        """What has arrived of files that LFS sends in parts: by sha256 and number."""
        self.url = ""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**40)
        app.router.add_post("/_fault", self._add_fault)
        app.router.add_delete("/_fault", self._clear_faults)
        app.router.add_get("/_log", self._tell_log)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = f"{request.method} {unquote(request.raw_path)}"
        fault = self.faults.take(asked)
        name = None
        if fault and fault.first:
            await asyncio.to_thread(fault.first)
        try:
            if fault and fault.answers and not fault.done:
                await request.read()
                answer: web.StreamResponse = _injected(fault)
            else:
                account = account_of(request.headers.get("Authorization"))
                name = account.name if account else None
                answer = await self._work(request, Call(self, request, account, {}, fault))
                if fault and fault.answers:
                    answer = _injected(fault)
        except Refused as refusal:
            body = {"error": refusal.message}
            answer = web.json_response(body, status=refusal.status, headers=refusal.headers)
        if fault and fault.closed and request.transport:
            request.transport.close()
        status = 0 if fault and fault.closed else answer.status
        self.log.append(Asked(request.method, unquote(request.raw_path), status, name))
        return answer

    async def _work(self, request: web.Request, call: Call) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        asked = request.method.replace("HEAD", "GET")  # what has a body answers without it, too
        for method, pattern, handler in ROUTES:
            if method == asked and (found := re.fullmatch(pattern, path)):
                call.parts = {name: part or "" for name, part in found.groupdict().items()}
                if call.fault and call.fault.moves_head:
                    self.commit(call.repository(), {"moved.txt": b"somebody was faster\n"})
                answer = await handler(call)
                if request.method not in ("GET", "HEAD"):
                    self.repositories.save()
                return answer
        raise Refused(404, f"this server has no {request.method} {path}")

    def commit(self, repository: Repository, files: dict[str, bytes], author: str = "bob") -> str:
        """Another's commit to main of files that are small; its id."""
        head = repository.commit_at("main")
        added = {p: File(self.storage.add_blob(data), len(data)) for p, data in files.items()}
        made = repository.add_commit("main", author, "another's commit", "", head.files | added)
        return made.id

    # --- for tests, and for whoever tries things by hand ----------------------------------------

    async def _add_fault(self, request: web.Request) -> web.Response:
        """The fields of a `Fault`, or `damaged`: a file, and `how`."""
        asked = await request.json()
        try:
            if "damaged" in asked:
                self.faults.damage(asked["damaged"], asked["how"])
            elif "first" in asked:
                raise ValueError("what happens first is Python: only a test in this process has it")
            else:
                self.faults.add(Fault(**asked))
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({})

    async def _tell_log(self, request: web.Request) -> web.Response:
        return web.json_response([asked._asdict() for asked in self.log])


def _injected(fault: Fault) -> web.Response:
    headers = {"X-Error-Message": fault.message, **fault.headers}
    return web.json_response({"error": fault.message}, status=fault.status or 500, headers=headers)
