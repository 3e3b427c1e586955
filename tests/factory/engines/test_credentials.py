"""The key and the proxy: from the environment, and in nobody's words."""

import asyncio
from typing import Any

import pytest
from asking import KEY, endpoint, request
from misbehaving import Misbehaving, answers, says

from factory.engines.credentials import Credentials
from factory.errors import EngineFailure, StageError
from factory.recipe.served import Served

PASSWORD = "hunter2%21"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def through(proxy: Misbehaving, monkeypatch: pytest.MonkeyPatch, address: str, **told: Any) -> Any:
    """A draw from the address by way of a proxy that wants a password."""

    async def ask() -> Any:
        async with proxy:
            host = proxy.url.removeprefix("http://").removesuffix("/v1")
            for name in ("HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, f"http://me:{PASSWORD}@{host}")
            async with endpoint(address, proxy=True, **told) as asked:
                return await asked.draw(request())

    return asyncio.run(ask())


def test_a_proxy_is_asked_where_the_recipe_says_so(monkeypatch: pytest.MonkeyPatch):
    proxy = Misbehaving(answers("4"))
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    drawn = through(proxy, monkeypatch, "http://h.invalid/v1", api_key_env="TEACHER_API_KEY")
    assert drawn.text == "4"
    headers = proxy.headers[0]
    assert (headers["Host"], headers["Authorization"]) == ("h.invalid", f"Bearer {KEY}")
    assert headers["Proxy-Authorization"] == "Basic bWU6aHVudGVyMiE="  # me:hunter2!


def test_a_proxy_is_left_alone_where_it_does_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def ask() -> str:
        async with Misbehaving(answers("4")) as server, endpoint(server.url) as asked:
            return (await asked.draw(request())).text

    assert asyncio.run(ask()) == "4"


def test_a_host_that_the_environment_excepts_is_asked_directly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def ask() -> str:
        async with Misbehaving(answers("4")) as server, endpoint(server.url, proxy=True) as asked:
            return (await asked.draw(request())).text

    assert asyncio.run(ask()) == "4"


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://h.invalid/v1", "http_407"), ("https://h.invalid/v1", "connection")],
)
def test_a_proxy_that_refuses_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, address: str, reason: str
):
    caplog.set_level("DEBUG")
    with pytest.raises(EngineFailure) as caught:
        through(Misbehaving(says(407, "who are you?")), monkeypatch, address, deadline=0.5)
    assert caught.value.reason == reason
    for text in (repr(caught.value), caplog.text):
        assert "hunter2" not in text


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "HTTPS_PROXY names none"),
        ({"HTTPS_PROXY": "socks5://127.0.0.1:1080"}, "holds no address as http://proxy:3128"),
        ({"HTTPS_PROXY": f"me:{PASSWORD}@proxy"}, "holds no address as http://proxy:3128"),
    ],
)
def test_a_proxy_that_is_none_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StageError, match=told) as caught:
        endpoint("https://h.invalid/v1", proxy=True)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (KEY, True),
        (f"Bearer {KEY}!", True),
        ('"' + "".join(f"\\u{ord(letter):04x}" for letter in KEY) + '"', True),
        ('"\\u0073' + KEY[1:] + '"', True),
        (KEY[:-1], False),
        ('"a\\nb"', False),
        ("\\", False),
        ("", False),
    ],
)
def test_a_key_is_found_in_whatever_form(body: str, found: bool):
    assert Credentials(KEY).are_in(body.encode()) is found
    assert not Credentials().are_in(body.encode())


def test_nobody_prints_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{PASSWORD}@proxy:3128")
    told = {"endpoint": "http://h.invalid/v1", "model": "m", "api_key_env": "TEACHER_API_KEY"}
    credentials = Credentials.of(Served.model_validate(told | {"proxy": True}))
    assert (credentials.key, credentials.proxy) == (KEY, f"http://me:{PASSWORD}@proxy:3128")
    assert KEY not in repr(credentials)
    assert PASSWORD not in repr(credentials)
    said = f"{KEY} by http://me:{PASSWORD}@proxy:3128, hunter2!"
    assert credentials.removed_from(said) == "[key] by [key], [key]"


def test_a_secret_in_a_header_is_kept_as_a_key_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GATEWAY", f"Basic {KEY}")
    headers = {"X-Gateway": {"env": "GATEWAY"}, "X-Title": "mine"}

    async def ask(*behaviours: Any) -> Any:
        async with (
            Misbehaving(*behaviours) as server,
            endpoint(server.url, headers=headers) as asked,
        ):
            return server.headers, await asked.draw(request())

    sent, drawn = asyncio.run(ask(answers("4")))
    assert drawn.text == "4"
    assert (sent[0]["X-Gateway"], sent[0]["X-Title"]) == (f"Basic {KEY}", "mine")
    with pytest.raises(EngineFailure, match="key_in_answer"):
        asyncio.run(ask(answers(f"it is {KEY}")))
    with pytest.raises(EngineFailure) as caught:
        asyncio.run(ask(says(400, f"{KEY} has no such right")))
    assert KEY[:12] not in repr(caught.value)
    monkeypatch.delenv("GATEWAY")
    told = "variable GATEWAY, which the recipe names as the header X-Gateway of http"
    with pytest.raises(StageError, match=told):
        endpoint("http://h.invalid/v1", headers=headers)
