"""One address asked over HTTP: with a key that is told to nobody else, in time, up to a cap."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from factory.backoff import retry_after
from factory.errors import EngineFailure, StageError
from factory.recipe import Served
from factory.replies import echo

if TYPE_CHECKING:
    from aiohttp import ClientSession

LARGEST_BODY = 32 * 2**20
"""Bytes of an answer that are read: some 30 times what 32,768 tokens with their ids need."""
LARGEST_ERROR = 64 * 2**10
"""Bytes of an error that are read."""
CONNECT_SECONDS = 10.0
"""Longest wait for a connection."""
REMOVED = "[key]"


@dataclass(frozen=True)
class Reply:
    """What a server sent, with the key taken out."""

    status: int
    retry_after: float | None
    """Seconds, where it asks for some."""
    location: str
    body: bytes

    def said(self) -> str:
        """The beginning of its words."""
        return f"the server said {echo(self.body.decode(errors='replace'))}"


class Trouble(Exception):
    """An attempt that may do better later: the server is busy, failing or not to be reached."""

    def __init__(self, failure: EngineFailure, asked: float | None = None):
        super().__init__(str(failure))
        self.failure, self.asked = failure, asked


class Wire:
    """A pool of connections to `URL/chat/completions`; an async context manager.

    The key comes from the environment. It goes to the one address in the recipe, so redirects are
    not followed, and is taken out of whatever the server says before anybody sees or cuts it.
    """

    def __init__(self, served: Served, connections: int):
        """Raises StageError when the key is not in the environment."""
        self._url = served.endpoint.rstrip("/") + "/chat/completions"
        self._key = key_of(served)
        self._connections = connections
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        from aiohttp import ClientSession, TCPConnector

        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        pool = TCPConnector(limit=self._connections)
        # Not decompressed: a few bytes might become gigabytes.
        self._session = ClientSession(connector=pool, headers=headers, auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def post(self, body: bytes, seconds: float) -> Reply:
        """Send it, and read what comes.

        Raises:
            Trouble: when nothing came, or not all of it, or not in time.
            EngineFailure: when too much came, or the key came back in an answer.
        """
        from aiohttp import ClientError, ConnectionTimeoutError

        if self._session is None:
            raise RuntimeError("an endpoint is asked inside `async with` only")
        try:
            return await self._exchange(self._session, body, seconds)
        except ConnectionTimeoutError:
            failure = EngineFailure("connection", f"none within {CONNECT_SECONDS:g} seconds")
        except TimeoutError:
            failure = EngineFailure("timeout", f"no whole answer within {seconds:.3g} seconds")
        except (ClientError, OSError) as error:
            said = echo(self._without_key(str(error)))
            failure = EngineFailure("connection", f"{type(error).__name__} {said}")
        # Not from the error: it holds the request's headers, and these the key.
        raise Trouble(failure)

    async def _exchange(self, session: ClientSession, body: bytes, seconds: float) -> Reply:
        from aiohttp import ClientTimeout

        patience = ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS, sock_read=seconds)
        async with session.post(
            self._url, data=body, timeout=patience, allow_redirects=False
        ) as response:
            good = response.status == 200
            cap = LARGEST_BODY if good else LARGEST_ERROR
            read = bytearray()
            async for chunk in response.content.iter_chunked(2**16):
                read += chunk
                if len(read) > cap:
                    response.close()
                    break
            wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            location = self._without_key(response.headers.get("Location", ""))
        if good and len(read) > cap:
            raise EngineFailure("bad_body", f"an answer of more than {cap:,} bytes", final=True)
        content = bytes(read)
        if self._key and self._key.encode() in content:
            if good:
                raise EngineFailure("key_in_answer", "the answer repeats the key, and is not kept")
            content = content.replace(self._key.encode(), REMOVED.encode())
        return Reply(response.status, wait, location, content)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, REMOVED) if self._key else text


def key_of(served: Served) -> str:
    """The key from the environment variable that the recipe names; empty where it names none.

    Raises:
        StageError: when it is not there, or is none that a header can hold.
    """
    if served.api_key_env is None:
        return ""
    key = os.environ.get(served.api_key_env, "").strip()
    wanted = f"the environment variable {served.api_key_env}, which the recipe names as the key of"
    if not key:
        raise StageError(f"{wanted} {served.endpoint}, is not set; set it and run again")
    if not set(key) <= set(string.ascii_letters + string.digits + string.punctuation):
        raise StageError(f"{wanted} {served.endpoint}, holds characters that no key has")
    return key
