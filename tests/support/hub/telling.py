"""What a repository has: info, revision, tree, paths, refs, commits."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from hub import git
from hub.calls import Call
from hub.cards import metadata
from hub.repositories import Commit, File, Repository

EXPANDED_PAGE = 100
"""Entries in one answer of tree, when the last commit of each is told."""


async def info(call: Call) -> web.Response:
    """All of it, or with `expand` what was asked for."""
    repository, commit = call.repository(), call.commit()
    facts = _facts(call, repository, commit)
    wanted = call.request.query.getall("expand", []) + call.request.query.getall("expand[]", [])
    if wanted:
        facts = {name: facts.get(name) for name in ("_id", "id", *wanted) if name in facts}
    return web.json_response(facts)


def _facts(call: Call, repository: Repository, commit: Commit) -> dict[str, Any]:
    card = _card(call, commit)
    blobs = call.asks("blobs")
    facts = {
        "_id": repository.id,
        "id": repository.name,
        "author": repository.name.split("/")[0],
        "sha": commit.id,
        "lastModified": repository.commit_at("main").date,
        "createdAt": list(repository.history(repository.commit_at("main")))[-1].date,
        "private": repository.private,
        "gated": repository.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [*_tags(card), "region:us"],
        "cardData": card,
        "siblings": [_sibling(path, file, blobs) for path, file in commit.files.items()],
        "usedStorage": sum({file.oid: file.size for file in commit.files.values()}.values()),
    }
    return facts | ({"modelId": repository.name} if repository.kind == "models" else {})


def _card(call: Call, commit: Commit) -> dict[str, Any] | None:
    if "README.md" not in commit.files:
        return None
    return metadata(call.server.storage.blob(commit.files["README.md"].oid).decode())


def _tags(card: dict[str, Any] | None) -> Iterator[str]:
    """The card's own, and those the Hub makes of its other lines."""
    for key, value in (card or {}).items():
        if key in ("tags", "license", "language", "size_categories", "task_categories"):
            for one in value if isinstance(value, list) else [value]:
                yield str(one) if key == "tags" else f"{key}:{one}"


def _sibling(path: str, file: File, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    told: dict[str, Any] = {"rfilename": path, "size": file.size, "blobId": file.oid}
    if file.sha256:
        told["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": _pointer(file)}
    return told


def _pointer(file: File) -> int:
    assert file.sha256
    return len(git.pointer(file.sha256, file.size))


# --- files and folders ----------------------------------------------------------------------------


async def tree(call: Call) -> web.Response:
    repository, commit = call.repository(), call.commit()
    folder = call.part("path").strip("/")
    found = entries(commit.files, folder, call.asks("recursive"))
    if folder and not found:
        commit.file(folder + "/")
    expand = call.asks("expand")
    page, link = page_of(call, sorted(found), EXPANDED_PAGE if expand else None)
    told = [_entry(call, repository, commit, path, expand) for path in page]
    return web.json_response(told, headers=link)


def entries(paths: Iterable[str], folder: str, recursive: bool) -> set[str]:
    """The files in a folder and the folders; a folder ends in a slash."""
    prefix = f"{folder}/" if folder else ""
    found = set()
    for path in paths:
        if path.startswith(prefix):
            parts = path.removeprefix(prefix).split("/")
            folders = [prefix + "/".join(parts[:n]) + "/" for n in range(1, len(parts))]
            found |= set(folders if recursive else folders[:1])
            if recursive or not folders:
                found.add(path)
    return found


def page_of(
    call: Call, found: list[Any], most: int | None = None
) -> tuple[list[Any], dict[str, str]]:
    """What one answer holds, and the address of the next."""
    query = dict(call.request.query)
    page = min(most or call.server.settings.page, call.server.settings.page)
    most = min(int(query.get("limit", page)), page)
    start = int(base64.urlsafe_b64decode(query.get("cursor", "MA==")))
    if start + most >= len(found):
        return found[start:], {}
    query["cursor"] = base64.urlsafe_b64encode(str(start + most).encode()).decode()
    following = call.address(f"{call.request.raw_path.partition('?')[0]}?{urlencode(query)}")
    return found[start : start + most], {"Link": f'<{following}>; rel="next"'}


def _entry(
    call: Call, repository: Repository, commit: Commit, path: str, expand: bool
) -> dict[str, Any]:
    name = path.rstrip("/")
    if path.endswith("/"):
        ids = git.folder_ids({path: file.oid for path, file in commit.files.items()})
        told: dict[str, Any] = {"type": "directory", "oid": ids[name], "size": 0, "path": name}
    else:
        told = _file(call, name, commit.files[name])
    if expand:
        changed = repository.last_change(commit, name)
        told["lastCommit"] = {"id": changed.id, "title": changed.title, "date": changed.date}
    return told


def _file(call: Call, path: str, file: File) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.sha256:
        told["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": _pointer(file)}
        if xet_hash := call.xet_hash(path, file):
            told["xetHash"] = xet_hash
    return told


async def paths_info(call: Call) -> web.Response:
    """Those of the paths that are there. Python's client sends a form, JavaScript's JSON."""
    repository, commit = call.repository(), call.commit()
    body = (await call.request.read()).decode()
    if call.request.content_type == "application/json":
        asked: dict[str, Any] = json.loads(body)
    else:
        form = parse_qs(body)
        expand = form.get("expand", [""])[0].lower() == "true"
        asked = {"paths": form.get("paths", []), "expand": expand}
    folders = {path.rstrip("/") for path in entries(commit.files, "", True) if path.endswith("/")}
    there = [path + "/" * (path in folders) for path in asked.get("paths", [])]
    there = [path for path in there if path in commit.files or path.endswith("/")]
    expand = bool(asked.get("expand"))
    return web.json_response([_entry(call, repository, commit, path, expand) for path in there])


# --- commits --------------------------------------------------------------------------------------


async def refs(call: Call) -> web.Response:
    repository = call.repository()
    answer = {
        "branches": _refs("heads", repository.branches.items()),
        "converts": [],
        "tags": _refs("tags", repository.tags.items()),
    }
    if call.asks("include_prs"):
        answer["pullRequests"] = []
    return web.json_response(answer)


def _refs(kind: str, names: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": n, "ref": f"refs/{kind}/{n}", "targetCommit": c} for n, c in sorted(names)]


async def commits(call: Call) -> web.Response:
    repository = call.repository()
    history = list(repository.history(call.commit()))
    page, link = page_of(call, history)
    told = [
        {
            "id": commit.id,
            "title": commit.title,
            "message": commit.message,
            "date": commit.date,
            "authors": [{"user": commit.author, "avatar": ""}],
        }
        for commit in page
    ]
    return web.json_response(told, headers={"X-Total-Count": str(len(history)), **link})


async def listing(call: Call) -> web.Response:
    """The repositories of an author that whoever asks may see."""
    author = call.request.query.get("author")
    told = []
    for repository in call.server.repositories:
        namespace = repository.name.split("/")[0]
        seen = not repository.private or (call.account and call.account.sees(namespace))
        if repository.kind == call.kind and author in (None, namespace) and seen:
            told.append(_facts(call, repository, repository.commit_at("main")))
    return web.json_response(told)
