"""Commits, and the names of commits: branches and tags."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from aiohttp import web

from hub import git
from hub.calls import Call
from hub.cards import check
from hub.refusals import Refused, no_revision
from hub.repositories import Commit, File, Repository
from hub.sending import ATTRIBUTES, REGULAR_MOST, TO_LFS, is_large, large_patterns

STALE = "A commit has happened since. Please refresh and try again."
BUSY = "Another commit is being written to this repository. Please try again."


async def commit(call: Call) -> web.Response:
    """All operations as one new head, or none of them."""
    repository, account = call.written()
    branch = call.part("revision").removeprefix("refs/heads/")
    if call.asks("create_pr"):
        raise Refused(400, "this server has no pull requests")
    lines = _lines(await call.request.read())
    if repository.busy:
        raise Refused(409, BUSY)
    repository.busy = True
    try:
        if held := call.server.faults.take_held():
            held.arrived.set()
            await asyncio.to_thread(held.released.wait)
        if branch not in repository.branches:
            raise no_revision(branch)
        header = _header(lines)
        head = repository.commit_at(branch)
        if (parent := header.get("parentCommit")) and not head.id.startswith(parent):
            raise Refused(412, STALE)
        files = _changed(call, repository, head, lines)
        made = repository.add_commit(
            branch, account.name, header["summary"], header.get("description") or "", files
        )
    finally:
        repository.busy = False
    answer = {
        "success": True,
        "commitOid": made.id,
        "commitUrl": call.address(f"{repository.path}/commit/{made.id}"),
        "hookOutput": "",
        "pullRequestUrl": None,
    }
    return web.json_response(answer)


def _lines(body: bytes) -> list[dict[str, Any]]:
    """What is to be done, a JSON each line; the Hub's other form, one JSON, is not spoken here."""
    try:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
    except ValueError as error:
        raise Refused(400, f"a line of a commit is no JSON: {error}") from None
    if not all(isinstance(line, dict) and line.keys() >= {"key", "value"} for line in lines):
        raise Refused(400, "each line of a commit has a key and a value (application/x-ndjson)")
    return lines


def _header(lines: list[dict[str, Any]]) -> dict[str, Any]:
    headers = [line["value"] for line in lines if line["key"] == "header"]
    if len(headers) != 1 or not headers[0].get("summary"):
        raise Refused(400, "a commit has one header, and a summary in it")
    return headers[0]


def _changed(
    call: Call, repository: Repository, head: Commit, lines: list[dict[str, Any]]
) -> dict[str, File]:
    """The files after every operation."""
    files = dict(head.files)
    for line in lines:
        key, value = line["key"], line["value"]
        if "oldPath" in value:
            raise Refused(400, "this server moves no files: delete one and add the other")
        if key == "header":
            continue
        path = _path(value["path"])
        if key == "file":
            files[path] = _small(call, repository, path, value)
        elif key == "lfsFile":
            files[path] = _large(call, path, value)
        elif key == "deletedFile":
            if files.pop(path, None) is None:
                raise Refused(404, f"{path} does not exist", "EntryNotFound")
        elif key in ("deletedFolder", "deletedEntry"):
            files = {n: f for n, f in files.items() if n != path and not n.startswith(f"{path}/")}
        else:
            raise Refused(400, f"no operation is called {key}")
    return _attributed(call, files)


def _attributed(call: Call, files: dict[str, File]) -> dict[str, File]:
    """The Hub notes large files in `.gitattributes` when no pattern there is theirs."""
    patterns = large_patterns(call, files)
    new = [path for path, file in files.items() if file.sha256 and not is_large(path, patterns)]
    if new:
        present = call.server.storage.blob(files[ATTRIBUTES].oid) if ATTRIBUTES in files else b""
        data = present + "".join(f"{path} {TO_LFS}\n" for path in new).encode()
        files[ATTRIBUTES] = File(call.server.storage.add_blob(data), len(data))
    return files


def _path(path: str) -> str:
    parts = path.removesuffix("/").split("/")
    if not all(parts) or {".", "..", ".git"} & set(parts):
        raise Refused(400, f"not a path in a repository: {path}")
    return "/".join(parts)


def _small(call: Call, repository: Repository, path: str, value: dict[str, Any]) -> File:
    content = value["content"]
    data = base64.b64decode(content) if value.get("encoding") == "base64" else content.encode()
    if len(data) > REGULAR_MOST:
        raise Refused(413, f"{path} has more than 10 MiB: LFS or Xet store it")
    if path == "README.md":
        errors = check(data.decode(), repository.kind[:-1])["errors"]
        if errors:
            raise Refused(400, f"Invalid metadata in README.md: {errors[0]['message']}")
    return File(call.server.storage.add_blob(data), len(data))


def _large(call: Call, path: str, value: dict[str, Any]) -> File:
    """A file of which the bytes have come before; a copy comes without their number."""
    sha256 = value["oid"]
    if call.fault and call.fault.forgets:
        call.server.storage.forget_object(sha256)
    size = None if call.fault and call.fault.forgets else call.server.storage.size(sha256)
    if size is None or value.get("size", size) != size:
        raise Refused(400, f"LFS pointer pointed to a file that does not exist: {path} {sha256}")
    return File(git.blob_id(git.pointer(sha256, size)), size, sha256)


# --- names of commits -----------------------------------------------------------------------------


async def create_tag(call: Call) -> web.Response:
    repository, _ = call.written()
    tag = (await call.json())["tag"]
    if tag in repository.tags:
        raise Refused(409, f"Tag {tag} already exists")
    repository.tags[tag] = call.commit().id
    return web.json_response({})


async def delete_tag(call: Call) -> web.Response:
    repository, _ = call.written()
    if repository.tags.pop(call.part("revision"), None) is None:
        raise no_revision(call.part("revision"))
    return web.json_response({})


async def create_branch(call: Call) -> web.Response:
    repository, _ = call.written()
    branch, asked = call.part("revision"), await call.json()
    if branch in repository.branches and not asked.get("overwrite"):
        raise Refused(409, f"Branch {branch} already exists")
    start = repository.commit_at(asked.get("startingPoint") or "main")
    repository.branches[branch] = start.id
    return web.json_response({})


async def delete_branch(call: Call) -> web.Response:
    repository, _ = call.written()
    branch = call.part("revision")
    if branch == "main":
        raise Refused(403, "the branch main stays")
    if repository.branches.pop(branch, None) is None:
        raise no_revision(branch)
    return web.json_response({})


async def squash(call: Call) -> web.Response:
    """The branch's files as one commit without a past; what tags name stays."""
    repository, account = call.written()
    branch = call.part("revision")
    head = repository.commit_at(branch)
    title = (await call.json()).get("message") or f"Super-squash branch {branch}"
    del repository.branches[branch]
    made = repository.add_commit(branch, account.name, title, "", head.files)
    return web.json_response({"commitId": made.id})
