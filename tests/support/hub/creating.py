"""Who asks; repositories made, changed, deleted; cards looked at."""

from __future__ import annotations

from aiohttp import web

from hub.calls import Call
from hub.cards import check
from hub.refusals import Refused
from hub.repositories import File
from hub.sending import ATTRIBUTES, TO_LFS

LARGE = """
7z arrow bin bz2 gz npy npz onnx parquet pickle pkl png pt pth safetensors tar tgz wasm xz zip
zst"""
FIRST = "".join(f"*.{ending} {TO_LFS}\n" for ending in LARGE.split()).encode()
"""What the Hub puts into a new repository: which files LFS or Xet store."""


async def whoami(call: Call) -> web.Response:
    if call.account is None:
        raise Refused(401, "Invalid username or password.")
    account = call.account
    answer = {
        "type": "user",
        "id": "0" * 23 + "1",
        "name": account.name,
        "fullname": account.name,
        "email": f"{account.name}@localhost",
        "emailVerified": True,
        "canPay": False,
        "isPro": False,
        "periodEnd": None,
        "avatarUrl": "",
        "orgs": [
            {
                "type": "org",
                "id": "0" * 23 + "2",
                "name": name,
                "fullname": name,
                "isEnterprise": False,
            }
            for name in account.organizations
        ],
        "auth": {
            "type": "access_token",
            "accessToken": {"displayName": "token", "role": account.role},
        },
    }
    return web.json_response(answer)


async def create(call: Call) -> web.Response:
    """The first commit has the file that says what LFS stores, as the Hub's has."""
    asked = await call.json()
    if call.account is None:
        raise Refused(401, "Invalid username or password.")
    namespace = asked.get("organization") or call.account.name
    account, name = call.writer(namespace), f"{namespace}/{asked['name']}"
    kind = (asked.get("type") or "model") + "s"
    if present := call.server.repositories.find(kind, name):
        there = {
            "error": f"You already created this {kind[:-1]} repo",
            "url": call.address(present.path),
            "name": name,
            "id": present.id,
        }
        return web.json_response(there, status=409)
    made = call.server.repositories.create(kind, name)
    made.private = asked.get("private") or asked.get("visibility") == "private"
    first = File(call.server.storage.add_blob(FIRST), len(FIRST))
    made.add_commit("main", account.name, "initial commit", "", {ATTRIBUTES: first})
    answer = {"url": call.address(made.path), "name": name, "id": made.id}
    return web.json_response(answer)


async def delete(call: Call) -> web.Response:
    asked = await call.json()
    if call.account is None:
        raise Refused(401, "Invalid username or password.")
    namespace = asked.get("organization") or call.account.name
    call.writer(namespace)
    kind = (asked.get("type") or "model") + "s"
    call.server.repositories.delete(kind, f"{namespace}/{asked['name']}")
    return web.json_response({})


async def settings(call: Call) -> web.Response:
    repository, _ = call.written()
    asked = await call.json()
    if "visibility" in asked:
        repository.private = asked["visibility"] == "private"
    repository.private = asked.get("private", repository.private)
    repository.gated = asked.get("gated", repository.gated)
    return web.json_response({"private": repository.private, "gated": repository.gated})


async def validate_card(call: Call) -> web.Response:
    asked = await call.json()
    report = check(asked["content"], asked.get("repoType", "model"))
    return web.json_response(report, status=400 if report["errors"] else 200)
