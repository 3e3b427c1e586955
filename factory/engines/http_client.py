"""One address asked over HTTP: with a key that is told to nobody else, in time, up to a cap."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, Self

from factory.engines.address import Address
from factory.engines.backoff import retry_after
from factory.engines.credentials import REMOVED, Credentials
from factory.engines.models_at import models_there, plain_headers
from factory.engines.patience import Pace, Patience
from factory.engines.refusals import Trouble
from factory.engines.saying import echo
from factory.engines.sse import Events
from factory.errors import EngineFailure
from factory.recipe.served import Served

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.client import _RequestContextManager

LARGEST_BODY = 32 * 2**20
"""Bytes of an answer that are read: some 30 times what 32,768 tokens with their ids need."""
LARGEST_STREAM = 128 * 2**20
"""Bytes of a stream that are read, of which little is kept: an event a token, and each has a
wrapping of its own."""
LARGEST_ERROR = 64 * 2**10
"""Bytes of an error that are read."""
CONNECT_SECONDS = 10.0
"""Longest wait for a connection."""
LAST_SECONDS = 1.0
"""Longest wait for the end of a stream that said it was done."""


class Listener(Protocol):
    """Takes the events of one stream, and raises nothing."""

    @property
    def done(self) -> bool:
        """Whether the server said that no more comes."""
        ...

    def take(self, data: bytes) -> bool:
        """Take an event; says whether it is the last one that is wanted."""
        ...


@dataclass(frozen=True)
class Reply:
    """What a server sent, with the key taken out."""

    status: int
    retry_after: float | None
    """Seconds, where a header asks for some."""
    location: str
    body: bytes
    streamed: bool = False
    """Whether the listener got it, event by event, and the body is empty."""


class Wire:
    """A pool of connections to one address; an async context manager.

    The key goes to the one address in the recipe, so redirects are not followed, and is taken out
    of whatever the server says before anybody sees or cuts it.
    """

    def __init__(self, served: Served, connections: int):
        """Raises StageError when the key or the proxy is not in the environment."""
        self.address = Address.of(served.endpoint)
        self.credentials = Credentials.of(served)
        self.served = served
        self._connections = connections
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        from aiohttp import ClientSession, TCPConnector

        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        headers |= plain_headers(self.served) | self.credentials.sent
        pool = TCPConnector(limit=self._connections)
        # Not decompressed: a few bytes might become gigabytes.
        self._session = ClientSession(connector=pool, headers=headers, auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def models(self, address: str) -> list[str] | None:
        """The models that an address tells; None where it tells none."""
        return await models_there(address, self.served, self.credentials)

    async def post(
        self,
        body: bytes,
        seconds: float,
        listener: Listener | None = None,
        pace: Pace | None = None,
        silences: int = 0,
    ) -> Reply:
        """Send it, and read what comes. A reply is searched for the key, and a stream's last event;
        who listens to the others searches what is kept of them.

        Args:
            body: JSON.
            seconds: longest time for all of it.
            listener: gets the events of a stream as they come; when it has enough, the connection
                is closed, so that the server writes no more.
            pace: says how long a silence may be before and between events.
            silences: attempts before this one that ended in silence.

        Raises:
            Trouble: when nothing came, or not all of it, or not in time.
            EngineFailure: when too much came, or the key came back in an answer.
        """
        from aiohttp import ClientError, ConnectionTimeoutError

        if self._session is None:
            raise RuntimeError("an endpoint is asked inside `async with` only")
        patience = Patience(pace if listener else None, silences)
        try:
            async with patience.timeout:
                patience.start()
                async with self._sent(self._session, body, seconds) as response:
                    reply = await self._reply(response, listener, patience)
                    patience.well()
                    return reply
        except ConnectionTimeoutError:
            failure = EngineFailure("connection", f"none within {CONNECT_SECONDS:g} seconds")
        except TimeoutError:
            if patience.timeout.expired():
                silence = f"not a word for {patience.wordless:.3g} seconds"
                failure = EngineFailure("silent", silence)
            else:
                failure = EngineFailure("timeout", f"no whole answer within {seconds:.3g} seconds")
        except (ClientError, OSError) as error:
            said = echo(self.credentials.removed_from(_words(error)))
            failure = EngineFailure("connection", f"{type(error).__name__} {said}")
        finally:
            patience.stop()
        # Not from the error: it holds the request's headers, and these the key.
        raise Trouble(failure)

    def _sent(self, session: ClientSession, body: bytes, seconds: float) -> _RequestContextManager:
        from aiohttp import ClientTimeout

        patience = ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS, sock_read=seconds)
        return session.post(
            self.address.chat,
            data=body,
            timeout=patience,
            allow_redirects=False,
            proxy=self.credentials.proxy,
        )

    async def _reply(
        self, response: ClientResponse, listener: Listener | None, patience: Patience
    ) -> Reply:
        good = response.status == 200
        wait = retry_after(response.headers, datetime.now(UTC))
        begun = b""
        if good and listener and response.content_type not in ("application/json", "text/html"):
            begun = await response.content.readany()
            if not begun.lstrip().startswith((b"{", b"[", b"<")):
                await self._listen(response, begun, listener, patience)
                return Reply(response.status, wait, "", b"", streamed=True)
        cap = LARGEST_BODY if good else LARGEST_ERROR
        content = begun + await _read(response, cap)
        if good and len(content) > cap:
            raise EngineFailure("bad_body", f"an answer of more than {cap:,} bytes", final=True)
        if self.credentials.are_in(content):
            if good:
                raise repeated()
            content = self.credentials.removed_from(content.decode(errors="replace")).encode()
            if self.credentials.are_in(content):
                content = REMOVED.encode()
        location = self.credentials.removed_from(response.headers.get("Location", ""))
        return Reply(response.status, wait, location, content)

    async def _listen(
        self, response: ClientResponse, begun: bytes, listener: Listener, patience: Patience
    ) -> None:
        events, read, lines, chunk = Events(), 0, 0, begun
        while chunk:
            read += len(chunk)
            if read > LARGEST_STREAM:
                limit = f"{LARGEST_STREAM:,} bytes"
                raise EngineFailure("bad_body", f"a stream of more than {limit}", final=True)
            found = events.feed(chunk)
            if events.lines > lines:
                lines = events.lines
                patience.heard(bool(found))
            for event in found:
                if listener.take(event):
                    if self.credentials.are_in(event):  # a failure may repeat the last one
                        raise repeated()
                    await _left(response, listener.done)
                    return
            chunk = await response.content.readany()


def _words(error: Exception) -> str:
    """Those of a failure; aiohttp names its setting of TLS in many, be it spoken or not."""
    return re.sub(r" ssl:\S+(?= \[)", "", str(error))


async def _read(response: ClientResponse, cap: int) -> bytes:
    """The body; of one that is longer than the cap, more than the cap, and no end of it."""
    read = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        read += chunk
        if len(read) > cap:
            response.close()
            break
    return bytes(read)


async def _left(response: ClientResponse, done: bool) -> None:
    """A stream that is wanted no more: at its end the connection may serve another request, before
    it the server must see that nobody listens."""
    if done:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while await response.content.readany():
                    pass
    if not response.content.at_eof():
        response.close()


def repeated() -> EngineFailure:
    """The failure of an answer that holds the key, and is not to be kept."""
    return EngineFailure("key_in_answer", "the answer repeats the key, and is not kept")
