"""A request on its way through the server, with what its address names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from aiohttp import web

from hub.accounts import Account
from hub.faults import Fault, damage
from hub.refusals import Refused, no_repository
from hub.repositories import Bucket, Commit, File, Repository

if TYPE_CHECKING:
    from hub.server import Server

Room = TypeVar("Room", Repository, Bucket)


@dataclass
class Call:
    """`parts` are the named parts of the address, as they came: a revision may hold ``%2F``."""

    server: Server
    request: web.Request
    account: Account | None
    parts: dict[str, str]
    fault: Fault | None = None

    def part(self, name: str) -> str:
        return unquote(self.parts.get(name) or "")

    @property
    def kind(self) -> str:
        return self.parts.get("kind") or "models"

    def writer(self, namespace: str) -> Account:
        """Whoever asks, when they may write there."""
        if self.account is None:
            raise Refused(401, "Invalid username or password.")
        if self.account.role != "write" or not self.account.sees(namespace):
            raise Refused(403, f"You don't have the rights to write to the namespace {namespace}")
        return self.account

    def repository(self) -> Repository:
        """The one of the address; not there is the same as not for whoever asks."""
        return self._seen(self.server.repositories.find(self.kind, self.part("repo")))

    def bucket(self) -> Bucket:
        return self._seen(self.server.repositories.buckets.get(self.part("repo")))

    def _seen(self, found: Room | None) -> Room:
        seen = self.account is not None and self.account.sees(self.part("repo").split("/")[0])
        if found is None or (found.private and not seen):
            raise no_repository(404 if self.account else 401)
        return found

    def written(self) -> tuple[Repository, Account]:
        """The repository of the address and its writer."""
        repository = self.repository()
        return repository, self.writer(repository.name.split("/")[0])

    def commit(self) -> Commit:
        """What the revision of the address means now; without one, the head of main."""
        return self.repository().commit_at(self.part("revision") or "main")

    def xet_hash(self, path: str, file: File) -> str | None:
        """By what name clients of Xet fetch a file. Of a damaged one it is another file's: they
        never ask this server for its bytes."""
        storage = self.server.storage
        if file.sha256 is None or not (stored := storage.in_xet(file.sha256)):
            return None
        if how := self.server.faults.damage_of(path):
            stored = storage.put_into_xet(damage(storage.object(file.sha256).read_bytes(), how))
        return stored.hash

    async def json(self) -> dict[str, Any]:
        try:
            return json.loads(await self.request.read() or b"{}")
        except ValueError as error:
            raise Refused(400, f"the body is no JSON: {error}") from None

    def asks(self, flag: str) -> bool:
        """Whether the query says yes to this; Python's and JavaScript's clients write it apart."""
        return self.request.query.get(flag, "").lower() in ("true", "1")

    def address(self, path: str) -> str:
        """The whole address of a path on this server, as it was asked."""
        return f"{self.server.url}/{path.lstrip('/')}"
