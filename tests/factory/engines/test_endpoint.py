"""The endpoint against servers that misbehave on purpose: a draw, or a failure by its name."""

import asyncio
import logging
import re
import traceback

import pytest
from asking import KEY, Asked, endpoint, gathered, request
from misbehaving import (
    END,
    Behaviour,
    Misbehaving,
    answers,
    crowded,
    cuts,
    drips,
    event,
    gigabytes,
    hangs,
    hangs_up,
    parrots,
    says,
    streams,
    writes,
)

from factory.engines import Completion
from factory.engines.http_client import LARGEST_BODY
from factory.errors import FactoryError, StageError

# --- a good answer ------------------------------------------------------------------------------


def test_it_is_asked_as_the_request_says():
    asked = Asked(answers(), extra={"return_token_ids": True}, stream=False)
    assert asked.server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "2+2?"}],
            "temperature": 0.6,
            "top_p": 0.95,
            "max_tokens": 64,
            "seed": 7,
            "n": 1,
            "return_token_ids": True,
        }
    ]
    assert "Authorization" not in asked.server.headers[0]
    assert asked.draw == Completion("4", None, "stop", 5, 3)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    asked = Asked(answers(), api_key_env="TEACHER_API_KEY")
    assert asked.server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_turn_that_was_begun_is_sent_as_the_last_message():
    async def ask(asked_of: Misbehaving) -> Completion:
        async with asked_of, endpoint(asked_of.url) as asked:
            return await asked.draw(request(prefill="<think>\n2+2"))

    server = Misbehaving(answers("=4</think>4"))
    assert asyncio.run(ask(server)).text == "=4</think>4"
    body = server.bodies[0]
    assert body["messages"] == [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "<think>\n2+2"},
    ]
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert request().messages == [{"role": "user", "content": "2+2?"}]


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_with_tags_of_its_own_is_spoken_to_in_them(stream: bool):
    async def ask(asked_of: Misbehaving) -> Completion:
        tags = ("[THINK]", "[/THINK]")
        async with asked_of, endpoint(asked_of.url, stream=stream, thinking_tags=tags) as asked:
            return await asked.draw(request(prefill="<think>\n2+2"))

    pieces = (event("=4[/TH"), event("INK]4"), event(finish_reason="stop"))
    server = Misbehaving(streams(*pieces) if stream else answers("=4[/THINK]4"))
    assert asyncio.run(ask(server)).text == "=4</think>4"
    assert server.bodies[0]["messages"][-1]["content"] == "[THINK]\n2+2"


def test_what_a_server_refuses_is_not_sent():
    without = ["n", "seed", "stream_options"]
    asked = Asked(streams(event("4"), END), stream=True, without=without)
    assert asked.draw
    assert not asked.server.bodies[0].keys() & set(without)
    assert asked.server.bodies[0]["stream"] is True


@pytest.mark.parametrize("value", ["", "  ", "a b", "tröt", "x\ny"])
def test_a_key_that_is_none_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("TEACHER_API_KEY", value)
    with pytest.raises(StageError, match="environment variable TEACHER_API_KEY") as caught:
        endpoint("http://localhost/v1", api_key_env="TEACHER_API_KEY")
    assert not value.strip() or value not in str(caught.value)


# --- troubles of the transport ------------------------------------------------------------------

TROUBLES = [
    (says(429), "rate_limited"),
    (says(500), "http_500"),
    (says(502), "http_502"),
    (says(503, Retry_After="0"), "http_503"),
    (says(408), "http_408"),
    (hangs_up, "connection"),
    (cuts, "connection"),
]


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
def test_a_trouble_that_passes_is_none(trouble: Behaviour, reason: str):
    asked = Asked(trouble, trouble, answers())
    assert asked.draw
    assert asked.draw.retries == 2
    assert len(asked.server.bodies) == 3
    assert asked.server.bodies[0] == asked.server.bodies[2]


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
def test_a_trouble_that_stays_is_given_up_within_the_deadline(trouble: Behaviour, reason: str):
    asked = Asked(trouble, deadline=1.0)
    assert asked.failure
    assert asked.failure.reason == reason
    assert asked.failure.final or asked.failure.later  # so the sampler does not ask again at once
    assert asked.failure.tries == len(asked.server.bodies) > 1
    assert f"attempts: {asked.failure.tries}" in str(asked.failure)
    assert asked.seconds < 2.0


@pytest.mark.parametrize("endless", [hangs, drips])
def test_who_never_answers_is_left_at_the_deadline(endless: Behaviour):
    asked = Asked(endless, deadline=0.3)
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == ("timeout", True)
    assert len(asked.server.bodies) == 1
    assert 0.3 <= asked.seconds < 1.5


def test_nobody_there():
    async def ask() -> None:
        async with Misbehaving(answers()) as server:
            url = server.url
        async with endpoint(url, deadline=0.5) as asked:
            await asked.draw(request())

    with pytest.raises(StageError, match=r"nobody was reached at http://127.*start the server"):
        asyncio.run(ask())


@pytest.mark.parametrize("status", [400, 406, 413, 422])
def test_a_refusal_for_good_is_not_tried_again(status: int):
    asked = Asked(says(status, "the context is 4096 tokens"))
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == (f"http_{status}", True)
    assert "the context is 4096 tokens" in str(asked.failure)
    assert len(asked.server.bodies) == 1


def test_what_the_server_says_is_repeated_in_part_only():
    asked = Asked(says(400, "x" * 100_000))
    assert 100 < len(str(asked.failure)) < 500


def test_gigabytes_are_left_after_the_cap():
    asked = Asked(gigabytes, deadline=20.0)
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == ("bad_body", True)
    assert asked.server.sent < LARGEST_BODY + 2**25  # what the sockets hold comes on top


def test_retry_after_is_waited_for():
    asked = Asked(says(429, Retry_After="1"), answers())
    assert asked.draw
    assert asked.seconds > 1.0


def test_a_draw_may_be_refused_more_often_than_it_may_fail():
    asked = Asked(*[says(429)] * 7, answers(), deadline=30.0)
    assert asked.draw
    failed = Asked(*[says(500)] * 7, answers(), deadline=30.0)
    assert re.search("http_500.*attempts: 4", str(failed.failure))
    assert failed.failure
    assert (failed.failure.later, failed.failure.final) == (True, False)


def test_a_retry_after_beyond_the_deadline_is_not():
    asked = Asked(says(429, Retry_After="3600"), answers())
    assert asked.failure
    assert (asked.failure.reason, len(asked.server.bodies)) == ("rate_limited", 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    elsewhere = Misbehaving(answers())

    async def ask() -> None:
        async with elsewhere:
            there = says(status, Location=f"{elsewhere.url}/chat/completions")
            async with (
                Misbehaving(there) as server,
                endpoint(server.url, api_key_env="TEACHER_API_KEY") as asked,
            ):
                await asked.draw(request())

    with pytest.raises(StageError, match=r"a redirect to 'http://127\.0\.0\.1.* final address"):
        asyncio.run(ask())
    assert not elsewhere.headers  # no key, no question


# --- many draws ---------------------------------------------------------------------------------


def test_no_more_at_once_than_the_concurrency():
    server = Misbehaving(answers(after=0.01))
    draws = gathered(server, 60, concurrency=5)
    assert all(isinstance(drawn, Completion) for drawn in draws)
    assert server.most == 5
    assert len({body["seed"] for body in server.bodies}) == 60


def test_a_crowded_server_is_asked_by_fewer_at_once():
    server = Misbehaving(crowded(room=4))
    draws = gathered(server, 150, concurrency=64, deadline=20.0)
    assert all(isinstance(drawn, Completion) for drawn in draws)  # none lost to refusals
    refusals = len(server.bodies) - 150
    assert refusals < 150


def test_a_server_that_is_away_for_a_while_loses_no_draw():
    away = [says(503)] * 19  # at most two for each of those that are out
    server = Misbehaving(*away, answers())
    draws = gathered(server, 40, concurrency=16, deadline=20.0)
    assert all(isinstance(drawn, Completion) for drawn in draws)
    assert len(server.bodies) == 40 + 19


# --- the key ------------------------------------------------------------------------------------

LEAKS = [
    *(parrots(status) for status in (200, 302, 400, 401, 429, 500)),
    writes(b'{"choices": "Bearer ' + KEY.encode() + b'"}'),
    hangs_up,
    cuts,
    hangs,
]


@pytest.mark.parametrize("behaviour", LEAKS)
def test_the_key_is_in_no_message_and_no_log(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    server = Misbehaving(behaviour)
    failures = gathered(server, 12, 12, api_key_env="TEACHER_API_KEY", outage=0.2, deadline=0.4)
    assert all(isinstance(failure, FactoryError) for failure in failures)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    told = [caplog.text, repr(failures)]
    for failure in failures:
        told += traceback.format_exception(failure)
        told += [repr(failure.__cause__), repr(failure.__context__), repr(vars(failure))]
    for text in told:
        assert KEY[:12] not in text
