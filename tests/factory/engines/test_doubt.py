"""What any request would meet ends the run in one line that says what to change."""

import asyncio
import re
import time
from typing import Any

import pytest
from asking import KEY, endpoint, gathered, request
from misbehaving import Behaviour, Misbehaving, answers, event, hangs_up, says, streams, writes

from factory.engines import Completion
from factory.engines.address import Address
from factory.errors import EngineFailure, StageError


def ended(server: Misbehaving, count: int = 4, concurrency: int = 2, **settings: Any) -> str:
    """What ended so many draws; all of them, in one line."""
    failures = gathered(server, count, concurrency, **settings)
    told = {str(each) for each in failures if isinstance(each, StageError)}
    assert len(told) == 1, failures
    line = told.pop()
    assert "\n" not in line
    return line


def asked_at(address: str) -> Completion:
    async def ask() -> Completion:
        async with endpoint(address) as asked:
            return await asked.draw(request())

    return asyncio.run(ask())


# --- money and access ---------------------------------------------------------------------------

QUOTA = '{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}'


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (says(402, "no credit left"), "no money is left.*http_402.*no credit left"),
        (says(429, QUOTA), "no money is left.*http_429.*exceeded your current quota"),
        (writes(QUOTA.encode()), "no money is left.*http_402.*exceeded your current quota"),
        (
            streams(event("4"), event(error={"message": "Insufficient credits", "code": 402})),
            "no money is left.*http_402.*amid the stream: Insufficient credits",
        ),
        (says(401, "Invalid API key"), "does not let this key in.*http_401.*Invalid API key"),
        (says(403, "Your country is not supported"), "does not let this key in.*Your country"),
    ],
)
@pytest.mark.parametrize("first", [0, 5])
def test_no_money_and_no_access_end_it_at_once(behaviour: Behaviour, told: str, first: int):
    good = [streams(event("4"), event(finish_reason="stop"))] * first
    server, started = Misbehaving(*good, behaviour), time.monotonic()
    failures = gathered(server, first + 4, 2, deadline=60.0)
    assert sum(isinstance(each, Completion) for each in failures) == first
    stopped = [each for each in failures if isinstance(each, StageError)]
    assert stopped
    assert all(re.search(told, str(each)) for each in stopped)
    assert "the same command goes on" in str(stopped[0])
    assert time.monotonic() - started < 20


def test_what_a_gateway_says_once_ends_nothing():
    once = [answers(), says(401), says(402), writes(QUOTA.encode()), says(403, "denied"), says(404)]
    for last in range(1, len(once)):
        server = Misbehaving(once[0], once[last], answers())
        assert all(isinstance(each, Completion) for each in gathered(server, 6, 1)[:1])
        server = Misbehaving(once[last], answers())  # nor the first answer of all
        draws = gathered(server, 6, 3)
        assert sum(isinstance(each, Completion) for each in draws) >= 5
        assert not [each for each in draws if isinstance(each, StageError)]


def test_a_prompt_that_is_refused_costs_itself_alone():
    async def by_seed(server: Misbehaving, asked: Any) -> Any:
        flagged = (await asked.json())["seed"] == 9
        chosen = says(403, '{"error": {"message": "Your input was flagged"}}')
        return await (chosen if flagged else answers())(server, asked)

    draws = gathered(Misbehaving(by_seed), 8, 2)
    failed = [each for each in draws if isinstance(each, EngineFailure)]
    assert [each.reason for each in failed] == ["http_403"]
    assert "flagged" in str(failed[0])


# --- the address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "chat"),
    [
        ("http://h/v1", "http://h/v1/chat/completions"),
        ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v1/chat/completions/", "http://h/v1/chat/completions"),
        (
            "https://n.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_an_address_may_be_written_as_people_have_it(endpoint: str, chat: str):
    assert Address.of(endpoint).chat == chat


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("/v1", ""), ("/v1/chat/completions", ""), ("", "is asked"), ("/api", "is asked")],
)
def test_an_address_that_is_nearly_right_works(wrong: str, told: str):
    said: list[str] = []

    async def ask() -> tuple[str, list[str]]:
        async with Misbehaving(answers(), models=["m"]) as server:
            address = server.url.removesuffix("/v1") + wrong
            async with endpoint(address, say=said.append) as asked:
                draws = await asyncio.gather(*[asked.draw(request(n)) for n in range(4)])
            return draws[0].text, server.paths

    text, _ = asyncio.run(ask())
    assert text == "4"
    assert len(said) == bool(told)
    assert all(told in line and "/v1/chat/completions is" in line for line in said)


def test_one_refusal_is_enough_to_look_and_what_is_sent_wrongly_is_no_failure():
    async def ask() -> tuple[list[Completion], Misbehaving]:
        server = Misbehaving(answers(), models=["m"])
        async with server, endpoint(server.url.removesuffix("/v1"), 3) as asked:
            return await asyncio.gather(*[asked.draw(request(n)) for n in range(9)]), server

    draws, server = asyncio.run(ask())
    assert {draw.retries for draw in draws} == {0}
    assert server.looked == ["/models", "/v1/models"]
    wrong = server.paths.count("/chat/completions")
    assert 1 <= wrong <= 3  # those that were out by then; the others wait for the look
    assert server.paths.count("/v1/chat/completions") == 9


def test_an_address_that_is_mended_is_looked_at_as_well():
    async def ask() -> None:
        server = Misbehaving(says(404, "no such model"), models=["qwen"])
        async with server, endpoint(server.url.removesuffix("/v1")) as asked:
            await asked.draw(request())

    with pytest.raises(StageError, match=r"/v1 has no model 'm'; it has qwen"):
        asyncio.run(ask())


def test_a_model_that_is_not_there_is_told_with_those_that_are():
    for words in (
        says(404, '{"error": {"message": "The model `m` does not exist.", "code": 404}}'),
        says(400, '{"error": {"message": "m is not a valid model ID"}}'),
    ):
        line = ended(Misbehaving(words, models=["qwen", "llama"]))
        assert "has no model 'm'; it has qwen, llama" in line
        assert "http://127.0.0.1" in line


def test_a_wrong_path_is_told_with_what_to_write():
    line = ended(Misbehaving(says(404, "404 page not found")))
    assert "/v1/chat/completions is not where draws are asked for: http_404" in line
    assert "404 page not found" in line
    assert "as http://localhost:8000/v1" in line


def test_a_web_page_is_no_answer():
    page = b"<!doctype html><html><title>Sign in</title></html>"
    line = ended(Misbehaving(writes(page)))
    assert (
        "is not where draws are asked for: web_page: the server said 'a web page: Sign in'" in line
    )
    drawn = gathered(Misbehaving(answers(), writes(page), answers()), 3, 1)
    assert all(isinstance(each, Completion) for each in drawn)  # amid others it may pass


def test_tls_and_its_absence_are_told():
    async def closed() -> str:
        async with Misbehaving(answers()) as server:
            return server.url

    with pytest.raises(StageError, match=r"nobody was reached at http.*start the server") as told:
        asked_at(asyncio.run(closed()))
    assert "ssl" not in str(told.value)  # a word of the library's for what nobody asked about

    async def secured() -> None:
        async with Misbehaving(answers()) as server:
            address = server.url.replace("http:", "https:")
            async with endpoint(address) as asked:
                await asked.draw(request())

    with pytest.raises(StageError, match=r"does not speak TLS there: write http:// in place of"):
        asyncio.run(secured())
    with pytest.raises(StageError, match="no machine of that name"):
        asked_at("http://nowhere.invalid/v1")
    words = says(400, "Client sent an HTTP request to an HTTPS server.")
    assert "write https:// for http://" in ended(Misbehaving(words))


def test_who_hangs_up_was_reached():
    failures = gathered(Misbehaving(hangs_up), 2, 2, deadline=0.5)
    assert {each.reason for each in failures} == {"connection"}


# --- fields -------------------------------------------------------------------------------------


def wants(field: str, words: str) -> Behaviour:
    """Refuses requests that have this field."""

    async def behave(server: Misbehaving, asked: Any) -> Any:
        there = field in await asked.json()
        return await (says(400, words) if there else answers())(server, asked)

    return behave


@pytest.mark.parametrize(
    ("field", "words", "told"),
    [
        (
            "max_tokens",
            '{"error": {"message": "Unsupported parameter: \'max_tokens\' is not supported with '
            'this model. Use \'max_completion_tokens\' instead.", "param": "max_tokens"}}',
            "max_tokens is sent as max_completion_tokens",
        ),
        (
            "seed",
            '{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs '
            'are not permitted"}]}',
            "seed is left out",
        ),
        ("n", '{"error": {"message": "\'n\' is not supported"}}', "n is left out"),
        (
            "stream_options",
            '{"error": {"message": "Unrecognized request argument supplied: stream_options"}}',
            "stream_options is left out",
        ),
        ("stream", '{"error": {"message": "\'stream\' is not supported"}}', "stream is left out"),
    ],
)
def test_a_name_that_the_server_does_not_know_is_put_otherwise(field: str, words: str, told: str):
    said: list[str] = []

    async def ask() -> list[Completion]:
        server = Misbehaving(wants(field, words))
        async with server, endpoint(server.url, say=said.append) as asked:
            return await asyncio.gather(*[asked.draw(request(n)) for n in range(8)])

    draws = asyncio.run(ask())
    assert {draw.text for draw in draws} == {"4"}
    assert {draw.seeded for draw in draws} == {field != "seed"}
    assert len(said) == 1
    assert told in said[0]


@pytest.mark.parametrize(
    ("field", "words", "remedy"),
    [
        (
            "temperature",
            '{"error": {"message": "Unsupported value: \'temperature\' does not support 0.6 with '
            'this model. Only the default (1) value is supported.", "param": "temperature"}}',
            "write `without: [temperature]` beneath the endpoint",
        ),
        ("top_p", '{"error": {"message": "top_p is deprecated"}}', "`without: [top_p]`"),
    ],
)
def test_what_changes_the_sampling_is_for_the_recipe_to_leave_out(
    field: str, words: str, remedy: str
):
    line = ended(Misbehaving(wants(field, words)))
    assert f"does not take {field}, which says how draws are sampled" in line
    assert remedy in line
    draws = gathered(Misbehaving(wants(field, words)), 3, 3, without=[field])
    assert all(isinstance(each, Completion) for each in draws)


def test_the_recipe_may_say_so_beforehand(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AZURE_API_KEY", KEY)
    server = Misbehaving(answers(), base="/openai/deployments/d")

    async def ask() -> Completion:
        async with server:
            settings: dict[str, Any] = {
                "headers": {"api-key": {"env": "AZURE_API_KEY"}, "X-T": "x"}
            }
            settings |= {"without": ["temperature", "n"], "stream": False}
            address = f"{server.url}?api-version=2024-10-21"
            settings |= {"max_tokens_field": "max_completion_tokens"}
            async with endpoint(address, **settings) as asked:
                return await asked.draw(request())

    assert asyncio.run(ask()).text == "4"
    body, headers = server.bodies[0], server.headers[0]
    assert body.keys() == {"model", "messages", "top_p", "max_completion_tokens", "seed"}
    assert (headers["api-key"], headers["X-T"]) == (KEY, "x")
    assert "Authorization" not in headers
    assert server.paths == ["/openai/deployments/d/chat/completions?api-version=2024-10-21"]
