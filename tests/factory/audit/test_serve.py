"""Pages on loopback: who may read them, and what every answer forbids."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from factory.audit.serve import HEADERS, Site, html, served, templates
from factory.errors import StageError

STRANGE = "evil.example"


async def hello(_: web.Request) -> web.Response:
    return html("<p>hello")


async def fails(_: web.Request) -> web.Response:
    raise KeyError("of our own")


async def mends(_: web.Request) -> web.Response:
    raise StageError("what a person can mend")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    style = tmp_path / "style.css"
    style.write_text("p { color: green }")
    return Site(
        pages={"/": hello, "/fails": fails, "/mends": mends},
        files={"/style.css": style},
        posts={"/mark": hello},
    )


class Answer(NamedTuple):
    """What a person's browser gets."""

    status: int
    text: str
    headers: Mapping[str, str]


def ask(site: Site, method: str = "GET", way: str = "{root}/", **headers: str) -> Answer:
    """The answer to one request; `Origin="own"` says the site's own."""

    async def asked() -> Answer:
        async with served(site) as address, ClientSession() as session:
            base = address.removesuffix(site.root + "/")
            told = {k: v.replace("own", base) for k, v in headers.items()}
            where = URL(base + way.format(root=site.root), encoded=True)
            async with session.request(method, where, headers=told) as answer:
                return Answer(answer.status, await answer.text(), dict(answer.headers))

    return asyncio.run(asked())


def test_a_page_and_a_file_are_given_with_all_headers(site: Site):
    for way, text in (("{root}/", "<p>hello"), ("{root}/style.css", "p { color: green }")):
        answer = ask(site, way=way)
        assert (answer.status, answer.text) == (200, text)
        assert HEADERS.items() <= answer.headers.items()


@pytest.mark.parametrize(
    "asked",
    [
        {"way": "/"},
        {"way": "/wrong-token/"},
        {"way": "/style.css"},
        {"way": "/{root}/"},
        {"way": "/x/..{root}/fails/.."},
        {"way": "/%C3%A9/"},
        {"Host": STRANGE},
        {"Host": f"{STRANGE}:80"},
        {"Host": f"127.0.0.1@{STRANGE}"},
        {"Host": f"{STRANGE}@127.0.0.1"},
        {"Host": f"127.0.0.1.{STRANGE}"},
        {"Host": "localhost."},
        {"Host": ""},
        {"Origin": f"http://{STRANGE}"},
        {"Origin": "null"},
        {"method": "POST", "way": "{root}/mark"},
        {"method": "POST", "way": "{root}/mark", "Origin": "null"},
        {"method": "POST", "way": "{root}/mark", "Origin": "http://localhost:1"},
        {"method": "POST", "way": "{root}/mark", "Origin": "http://127.0.0.1"},
        {"method": "OPTIONS", "way": "{root}/mark", "Origin": f"http://{STRANGE}"},
    ],
)
def test_who_has_no_token_or_comes_from_elsewhere_is_refused(site: Site, asked: dict[str, str]):
    answer = ask(site, **asked)
    assert answer.status == 403, answer.text
    assert answer.text.startswith("refused: ")
    assert site.token not in answer.text
    assert HEADERS.items() <= answer.headers.items()
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_post_of_our_own_is_taken(site: Site):
    assert ask(site, "POST", "{root}/mark", Origin="own").status == 200
    assert ask(site, Host="localhost:8000").status == 200  # through a tunnel


@pytest.mark.parametrize(
    ("method", "way", "status", "text"),
    [
        ("POST", "{root}/", 405, "405"),
        ("GET", "{root}/mark", 405, "405"),
        ("GET", "{root}/nothing", 404, "404"),
        ("GET", "{root}/fails", 500, "the terminal says how"),
        ("GET", "{root}/mends", 500, "what a person can mend"),
    ],
)
def test_failures_are_plain_text(site: Site, method: str, way: str, status: int, text: str):
    answer = ask(site, method, way, **({"Origin": "own"} if method == "POST" else {}))
    assert answer.status == status
    assert text in answer.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert HEADERS.items() <= answer.headers.items()


def test_tokens_differ_and_templates_escape(tmp_path: Path):
    assert len({Site({}).token for _ in range(9)}) == 9
    (tmp_path / "a.html").write_text("{{ said }}")
    page = templates(tmp_path).get_template("a.html")
    assert page.render(said="<script>") == "&lt;script&gt;"


def test_a_taken_port_is_named(site: Site):
    async def twice() -> None:
        async with served(site) as address, served(site, URL(address).port or 0):
            pass

    with pytest.raises(StageError, match=r"nothing can be served at 127\.0\.0\.1.*--port"):
        asyncio.run(twice())


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_it_is_told_to(sign: signal.Signals):
    program = (
        "from factory.audit.serve import *; serve(Site({}), lambda said: print(said, flush=1))"
    )
    paths = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(sign)
        assert process.communicate() == ("", "")
    assert process.returncode == 0
