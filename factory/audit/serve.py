"""Pages for the one person at this machine: on loopback alone, behind an address nobody can guess.

What is shown is the writing of models, and may be hostile. So every answer forbids scripts, styles
and connections other than ours, no other site can read or frame a page, and a name that somebody
else's DNS points at this machine is refused (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import signal
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from factory.errors import FactoryError, StageError

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]

HERE = "127.0.0.1"
HOSTS = (HERE, "localhost")
"""Names of this machine in the Host header, with any port: a tunnel may have another."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every answer, a refusal's as well."""
MOST = 1_000_000
"""Bytes of a request's body."""
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def new_token() -> str:
    """192 random bits, as they stand in an address."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Site:
    """What is served, all of it below `/TOKEN`."""

    pages: Mapping[str, Page]
    """Path, as `/sample/{id}` -> what answers GET."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Path, as `/style.css` -> a file of ours."""
    posts: Mapping[str, Page] = field(default_factory=dict)
    """Path -> what answers POST. A page's script sends it with `fetch`; a form's own POST has no
    Origin under our headers, and is refused."""
    token: str = field(default_factory=new_token)
    """Who knows it may read."""

    @property
    def root(self) -> str:
        """Where the addresses of all pages begin."""
        return f"/{self.token}"


def templates(folder: Path, **told: Any) -> Environment:
    """HTML templates of a folder: whatever is put into them is escaped.

    Args:
        told: what all of them know.
    """
    there = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    there.globals.update(told)
    return there


def html(text: str, status: int = 200) -> web.Response:
    """An answer that is a page."""
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def plain(text: str, status: int = 200) -> web.Response:
    """An answer that is text and nothing else."""
    return web.Response(text=text, content_type="text/plain", charset="utf-8", status=status)


def application(site: Site) -> web.Application:
    """A site as aiohttp serves it."""
    app = web.Application(middlewares=[_guard(site)], client_max_size=MOST)
    app.on_response_prepare.append(_with_headers)
    for path, page in site.pages.items():
        app.router.add_get(site.root + path, page)
    for path, file in site.files.items():
        app.router.add_get(site.root + path, _of_file(file))
    for path, page in site.posts.items():
        app.router.add_post(site.root + path, page)
    return app


@asynccontextmanager
async def served(site: Site, port: int = 0) -> AsyncIterator[str]:
    """A site on loopback, as long as the block runs; gives its address.

    Args:
        port: 0 takes a free one.

    Raises:
        StageError: the port is taken.
    """
    runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HERE, port).start()
        except OSError as error:
            raise StageError(
                f"nothing can be served at {HERE}:{port}: {error.strerror}; choose another "
                "--port, or leave it out for a free one"
            ) from None
        yield f"http://{HERE}:{runner.addresses[0][1]}{site.root}/"
    finally:
        await runner.cleanup()


def serve(site: Site, say: Callable[[str], None], port: int = 0, browser: bool = False) -> None:
    """Serve until Ctrl-C.

    Args:
        say: is told the address, in a line.
        browser: open the address in the person's browser.
    """
    asyncio.run(_until_stopped(site, say, port, browser))


async def _until_stopped(site: Site, say: Callable[[str], None], port: int, browser: bool) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    async with served(site, port) as address:
        say(address)
        if browser:
            webbrowser.open(address)
        await stopped.wait()


def _guard(site: Site) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Asks of every request whether it may be answered, and turns failures into plain words."""

    @web.middleware
    async def guard(request: web.Request, handler: Page) -> web.StreamResponse:
        if why := refusal(request, site.token):
            return plain(f"refused: {why}", 403)
        try:
            return await handler(request)
        except web.HTTPException as error:
            if 300 <= error.status < 400:
                raise
            return plain(f"{error.status}: {error.text or error.reason}", error.status)
        except FactoryError as error:
            return plain(str(error), 500)
        except Exception:
            logging.getLogger(__name__).exception("a page failed: %s", request.rel_url.raw_path)
            return plain("500: this page failed; the terminal says how", 500)

    return guard


def refusal(request: web.Request, token: str) -> str | None:
    """Why a request is not answered; none if it is."""
    host = request.headers.get("Host", "")
    if urlsplit(f"//{host}").hostname not in HOSTS or "@" in host:
        return f"this is served to {' and '.join(HOSTS)} alone"
    said = request.path.split("/")[1]
    if not hmac.compare_digest(said.encode(), token.encode()):
        return "the address lacks the token that the terminal shows"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "another site sent this"
    if request.method not in ("GET", "HEAD") and origin is None:
        return "what changes something must say its origin"
    return None


async def _with_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _of_file(file: Path) -> Page:
    text, kind = file.read_text(), TYPES[file.suffix]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=kind, charset="utf-8")

    return answer
