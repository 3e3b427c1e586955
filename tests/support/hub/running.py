"""The server in a thread of a test, and the handle by which the test has it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from hub.accounts import READER, STRANGER, WRITER
from hub.faults import Faults
from hub.server import Asked, Server, Settings

MOST_SECONDS = 30.0
"""What starting, stopping or one change may take; a busy machine needs some."""


class Hub:
    """A server that runs. Its tokens are of alice (who is in the organization `lab`), once without
    the right to write, and of bob, who sees nothing private of hers."""

    token, reader_token, stranger_token = WRITER, READER, STRANGER

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop):
        self._server, self._loop = server, loop

    @property
    def endpoint(self) -> str:
        """Where it is: ``http://127.0.0.1:PORT``."""
        return self._server.url

    @property
    def faults(self) -> Faults:
        """What will go wrong."""
        return self._server.faults

    @property
    def settings(self) -> Settings:
        return self._server.settings

    @property
    def log(self) -> list[Asked]:
        """Every request that has been answered, the oldest first."""
        return self._server.log

    def asked(self, where: str) -> list[Asked]:
        """The requests in which this text is: ``POST``, ``/commit/``."""
        return [asked for asked in self.log if where in str(asked)]

    def commit(self, name: str, files: dict[str, bytes], kind: str = "datasets") -> str:
        """Another's commit to main of files that are small; its id."""

        async def change() -> str:
            repository = self._server.repositories.find(kind, name)
            assert repository, f"no {kind} {name}"
            return self._server.commit(repository, files)

        return asyncio.run_coroutine_threadsafe(change(), self._loop).result(MOST_SECONDS)

    def environment(self, home: Path, xet: bool = True) -> dict[str, str]:
        """Variables of a process whose Hub this is.

        Args:
            home: an empty folder for its caches: a full one would hide what is downloaded.
            xet: whether it sends and reads large files by Xet, else by LFS.
        """
        named = {
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": self.token,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        return kept | named


@contextlib.contextmanager
def serving_hub(folder: Path, settings: Settings | None = None, port: int = 0) -> Iterator[Hub]:
    """A server on loopback while the block runs.

    Args:
        folder: its repositories and their bytes. A server that starts there later has them.
        settings: `Settings()` without.
        port: 0 for a free one.
    """
    server = Server(folder, settings or Settings())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="hub", daemon=True)
    thread.start()

    def wait(work: contextlib.AbstractAsyncContextManager, end: bool) -> None:
        step = work.__aexit__(None, None, None) if end else work.__aenter__()
        asyncio.run_coroutine_threadsafe(step, loop).result(MOST_SECONDS)

    running = listening(server, port)
    try:
        wait(running, end=False)
        yield Hub(server, loop)
    finally:
        wait(running, end=True)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(MOST_SECONDS)
        loop.close()


@contextlib.asynccontextmanager
async def listening(server: Server, port: int):
    """The server takes requests while the block runs."""
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await runner.cleanup()
