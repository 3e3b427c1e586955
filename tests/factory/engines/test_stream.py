"""Draws that come word by word: what they become, and what may go wrong in the middle."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import pytest
from asking import KEY, Asked, endpoint, request
from misbehaving import (
    DONE,
    END,
    STOP,
    USAGE,
    Behaviour,
    Misbehaving,
    answers,
    cuts,
    event,
    gigabytes,
    hangs,
    hangs_up,
    says,
    streams,
    streams_for_ever,
    writes,
)

from factory.engines import Completion
from factory.engines.http_client import LARGEST_BODY, LARGEST_STREAM
from factory.engines.stream import Streamed
from factory.errors import EngineFailure

THINK = "<think>\n2+2=4\n</think>\n4"


class After:
    """A watch that stops after so many characters."""

    def __init__(self, length: int, reason: str = "loop"):
        self.length, self.reason, self.seen = length, reason, ""

    def feed(self, text: str) -> str | None:
        assert text, "nothing new is nothing to look at"
        self.seen += text
        return self.reason if len(self.seen) >= self.length else None


def streamed(*events: bytes, **settings: Any) -> Streamed:
    """What takes these events, as far as it wants them."""
    draw = Streamed(**settings)
    for told in events:
        for data in filter(None, told.split(b"\n\n")):
            if draw.take(data.removeprefix(b"data: ")):
                draw.end()
                return draw
    draw.end()
    return draw


# --- a draw -------------------------------------------------------------------------------------

ROLE = event("", role="assistant")

DRAWS = [
    ((ROLE, event("2"), event("+2"), END), "2+2", 3, None, "as everybody streams"),
    ((event("4", finish_reason="stop"), USAGE, DONE), "4", 3, None, "the last word at the end"),
    ((event("4"), STOP, USAGE), "4", 3, None, "without a last event"),
    ((event("4"), STOP, DONE), "4", 1, None, "without usage: events are counted"),
    ((event("2"), event(""), event("+"), STOP, DONE), "2+", 2, None, "empty ones are not"),
    ((event("4", token_ids=[7, 8]), event("", token_ids=[9]), STOP), "4", 3, [7, 8, 9], "ids are"),
    ((event("4", token_ids=[7, 8, 9]), END), "4", 3, [7, 8, 9], "as many ids as usage says"),
    ((event("4"), STOP, event(choices=[]), event(""), STOP, DONE), "4", 1, None, "more to no end"),
    ((event(reasoning="2+2"), event(reasoning="=4"), event("4"), END), THINK, 3, None, "vLLM"),
    ((event(reasoning_content="2+2=4"), event("4"), END), THINK, 3, None, "older"),
    ((event(None, reasoning="2+2=4"), event("4", reasoning=None), END), THINK, 3, None, "nulls"),
    (
        (event("\n"), event(reasoning="2+2=4\n\n"), event("\n"), event("\n4"), END),
        THINK,
        3,
        None,
        "",
    ),
    ((event(reasoning="so 4"), END), "<think>\nso 4", 3, None, "thinking without an end"),
    ((event(reasoning="so 4"), event("\n"), END), "<think>\nso 4", 3, None, "nor is this one"),
    ((event("<thi"), event("nk>so"), END), "<think>so", 3, None, "inline"),
    ((event(delta=None), event(delta={"role": "assistant"}), END), "", 3, None, "no word at all"),
]


@pytest.mark.parametrize(("events", "text", "tokens", "ids", "remark"), DRAWS)
def test_events_make_a_draw(
    events: Sequence[bytes], text: str, tokens: int, ids: list[int] | None, remark: str
):
    drawn = streamed(*events)
    assert drawn.trouble is None
    completion = drawn.completion()
    assert (completion.text, completion.token_ids) == (text, ids), remark
    assert (completion.finish_reason, completion.completion_tokens) == ("stop", tokens), remark


def test_the_prompts_tokens_are_counted_where_usage_is_missing():
    first = event("", prompt_token_ids=[1, 2, 3, 4])
    assert streamed(first, event("4"), STOP, DONE).completion().prompt_tokens == 4
    assert streamed(event("4"), STOP, DONE).completion().prompt_tokens == 0
    assert streamed(first, event("4"), END).completion().prompt_tokens == 5


def test_a_server_may_notice_a_loop_itself():
    drawn = streamed(event("ha ha"), event(finish_reason="repetition"), USAGE, DONE)
    assert drawn.completion().finish_reason == "loop"


BAD = [
    (b"data: {", "bad_body", "no JSON"),
    (b"data: [1]", "bad_body", "expected a mapping"),
    (b'data: {"choices": {}}', "bad_body", "expected a list"),
    (event(choices=[{}, {}]), "bad_body", "2 choices"),
    (event(choices=[None]), "bad_body", "1 choices"),
    (event("4", index=1), "bad_body", "choice number 1"),
    (event(delta=[4]), "bad_body", "delta is"),
    (event(delta={"content": 4}), "bad_body", "content .* expected text"),
    (event("4", token_ids=["7"]), "bad_body", "expected numbers"),
    (event("4", token_ids=[1, 2]) + END, "bad_body", "expected 3 numbers"),
    (STOP + event("4"), "bad_body", "something after the end"),
    (STOP + event(finish_reason="length"), "bad_body", "something after the end"),
    (event("4") + event(reasoning="no, 5"), "bad_body", "thinking after the answer"),
    (event("2+2=4</think>4") + END, "bad_body", "opens_thinking: true"),
    (event(reasoning="a</th") + event(reasoning="ink>4") + END, "bad_body", "its end is unknown"),
    (event("4", usage={"completion_tokens": -3}) + STOP, "bad_body", "completion_tokens is -3"),
    (event("4", finish_reason="abort"), "unfinished", "'abort'"),
    (event("4", finish_reason="content_filter"), "unfinished", "'content_filter'"),
    (event(error={"message": "too long", "code": 400}), "http_400", "too long"),
]


@pytest.mark.parametrize(("events", "reason", "message"), BAD)
def test_what_is_no_draw_is_a_failure(events: bytes, reason: str, message: str):
    drawn = streamed(events)
    assert drawn.trouble is None
    with pytest.raises(EngineFailure, match=message) as caught:
        drawn.completion()
    assert caught.value.reason == reason


TROUBLES = [
    (event("4"), "cut_stream", "no finish_reason"),
    (event("4") + DONE, "cut_stream", "no finish_reason"),  # said to be done, and is not
    (b"", "cut_stream", "no finish_reason"),
    (event("4") + event(choices=[], error={"message": "gone", "code": 502}), "http_502", "gone"),
    (event(error={"message": "gone", "code": "503"}), "http_503", "gone"),
    (event(error="out of memory"), "http_500", "out of memory"),
    (event(error={"code": "server_error"}), "http_500", "server_error"),
    (event(error={"code": 429, "message": "slow down"}), "rate_limited", "slow down"),
]


@pytest.mark.parametrize(("events", "reason", "message"), TROUBLES)
def test_what_ends_in_the_middle_may_be_asked_for_again(events: bytes, reason: str, message: str):
    drawn = streamed(events)
    assert drawn.trouble
    assert drawn.trouble.failure.reason == reason
    assert re.search(message, str(drawn.trouble))


# --- the watch ----------------------------------------------------------------------------------


def test_the_watch_sees_the_raw_text_in_order_and_stops_it():
    watch = After(10)
    events = (event("\n"), event(reasoning="2+2"), event(reasoning="\n=4\n"), event("\n"))
    drawn = streamed(ROLE, *events, event("4"), event("5"), END, watch=watch)
    completion = drawn.completion()
    assert watch.seen == completion.text == "<think>\n2+2"
    assert (completion.finish_reason, completion.completion_tokens) == ("loop", 2)


def test_a_watch_that_has_no_objection_sees_all_of_it():
    watch = After(1000)
    drawn = streamed(event(reasoning="2+2=4"), event("4"), END, watch=watch)
    assert watch.seen == drawn.completion().text == THINK
    assert drawn.completion().finish_reason == "stop"


def test_what_has_ended_by_itself_is_not_stopped():
    drawn = streamed(event("ha ha ha", finish_reason="length"), USAGE, DONE, watch=After(1))
    assert drawn.completion() == Completion("ha ha ha", None, "length", 5, 3)


@pytest.mark.parametrize(
    ("changes", "tokens", "prompt"),
    [
        ({}, 2, 0),  # events
        ({"token_ids": [7, 8]}, 4, 0),
        ({"usage": {"prompt_tokens": 5, "completion_tokens": 9}}, 9, 5),  # continuous_usage_stats
    ],
)
def test_the_tokens_of_a_draw_that_was_stopped(changes: Any, tokens: int, prompt: int):
    drawn = streamed(event("ab", **changes), event("cd", **changes), END, watch=After(4))
    completion = drawn.completion()
    assert (completion.text, completion.finish_reason) == ("abcd", "loop")
    assert (completion.completion_tokens, completion.prompt_tokens) == (tokens, prompt)


def test_a_watch_that_stops_a_draw_hangs_up_and_spoils_no_connection():
    """The server writes no more, and those who come next get their own draws."""
    endless = streams_for_ever(event("x", token_ids=[7]), every=0.001)
    watches: list[After] = []

    def watch() -> After:
        watches.append(After(20, "language"))
        return watches[-1]

    async def ask() -> list[Any]:
        async with (
            Misbehaving(*[endless] * 8, streams(event("4"), END)) as server,
            endpoint(server.url, 4, stream=True) as asked,
        ):
            watched = [request(n, watch=watch) for n in range(8)]
            stopped = await asyncio.gather(*map(asked.draw, watched))
            others = await asyncio.gather(*[asked.draw(request(n)) for n in range(8, 16)])
            for _ in range(100):
                if server.left == 8:
                    break
                await asyncio.sleep(0.01)
            return [stopped, others, server.left, server.sent]

    stopped, others, left, sent = asyncio.run(ask())
    for draw, watched in zip(stopped, watches, strict=True):
        assert draw == Completion("x" * 20, [7] * 20, "language", 0, 20)
        assert watched.seen == draw.text
    assert {draw.text for draw in others} == {"4"}
    assert left == 8
    assert sent < 8 * 20_000  # and not all that they would have sent


def test_every_attempt_has_a_watch_of_its_own():
    made: list[After] = []

    def watch() -> After:
        made.append(After(7))
        return made[-1]

    async def ask() -> Completion:
        broken = streams(event("abcdef"), then=hangs_up)
        async with (
            Misbehaving(broken, streams(event("abcdef"), END)) as server,
            endpoint(server.url) as asked,
        ):
            return await asked.draw(request(watch=watch))

    assert asyncio.run(ask()).text == "abcdef"
    assert [watched.seen for watched in made] == ["abcdef", "abcdef"]


def test_a_watch_that_fails_leaves_no_request_behind():
    class Broken:
        def feed(self, text: str) -> str | None:
            raise ZeroDivisionError

    async def ask() -> int:
        endless = streams_for_ever(event("x"), every=0.001)
        async with Misbehaving(endless) as server, endpoint(server.url) as asked:
            with pytest.raises(ZeroDivisionError):
                await asked.draw(request(watch=Broken))
            await asyncio.sleep(0.1)
            return server.here

    assert asyncio.run(ask()) == 0


def test_a_draw_that_nobody_waits_for_any_more_is_given_up():
    async def ask() -> int:
        endless = streams_for_ever(event("x"), every=0.001)
        async with Misbehaving(endless) as server, endpoint(server.url, stream=True) as asked:
            drawing = asyncio.create_task(asked.draw(request()))
            while server.sent < 1000:
                await asyncio.sleep(0.01)
            drawing.cancel()
            while server.here and server.sent < 10**6:
                await asyncio.sleep(0.01)
            return server.left

    assert asyncio.run(ask()) == 1


# --- asked of a server --------------------------------------------------------------------------


def test_what_is_streamed_is_asked_for_so():
    asked = Asked(streams(ROLE, event("4"), END), stream=True)
    assert asked.draw == Completion("4", None, "stop", 5, 3)
    body = asked.server.bodies[0]
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_further_stream_options_are_sent_with_a_stream_only():
    extra = {"stream_options": {"continuous_usage_stats": True}}
    asked = Asked(streams(event("4"), END), stream=True, extra=extra)
    sent = {"include_usage": True, "continuous_usage_stats": True}
    assert asked.server.bodies[0]["stream_options"] == sent
    assert "stream_options" not in Asked(answers(), extra=extra).server.bodies[0]


def test_a_server_that_does_not_stream_is_understood_all_the_same():
    asked = Asked(answers("4", reasoning="2+2=4"), stream=True)
    assert asked.draw == Completion(THINK, None, "stop", 5, 3)


def test_connections_are_used_again():
    """A stream that ended leaves its connection as good as new."""
    ports: list[Any] = []

    async def notes(server: Misbehaving, asked: Any) -> Any:
        ports.append(asked.transport.get_extra_info("peername")[1])
        return await streams(event("4"), END)(server, asked)

    async def ask() -> None:
        async with Misbehaving(notes) as server, endpoint(server.url, stream=True) as asked:
            for number in range(5):
                await asked.draw(request(number))

    asyncio.run(ask())
    assert len(set(ports)) == 1


FAULTS = [
    (says(429), "rate_limited"),
    (says(500), "http_500"),
    (hangs_up, "connection"),
    (hangs, "silent"),  # takes the request and never answers
    (streams(event("4"), then=hangs_up), "connection"),
    (streams(event("4")), "cut_stream"),
    (streams(event("4"), DONE), "cut_stream"),
    (streams(event("4")[:-9]), "cut_stream"),  # cut in the middle of an event
    (streams(b"<html>Sign in</html>"), "cut_stream"),
    (streams(event("4"), then=hangs), "silent"),
    (streams(event("4"), STOP, then=hangs), "silent"),
    (streams_for_ever(b" ", every=0.02), "silent"),  # a drip of bytes, and never a line
    (streams_for_ever(b"\n", every=0.02), "silent"),
    (streams(event("4"), event(error={"code": 502})), "http_502"),
    (cuts, "connection"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_fault_that_passes_is_none(fault: Behaviour, reason: str):
    asked = Asked(fault, streams(event("4"), END), stream=True, idle=0.5, deadline=9)
    assert asked.draw == Completion("4", None, "stop", 5, 3, retries=1)
    assert len(asked.server.bodies) == 2


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_fault_that_stays_is_given_up_within_the_deadline(fault: Behaviour, reason: str):
    asked = Asked(fault, stream=True, idle=0.2, deadline=0.7)
    assert asked.failure
    assert asked.failure.reason in (reason, "timeout")  # the last attempt may meet the deadline
    assert asked.failure.final or asked.failure.later  # so the sampler does not ask again at once
    assert asked.seconds < 1.7


def test_who_keeps_on_talking_is_left_at_the_deadline():
    for drip in (b": wait\n\n", event("x")):
        asked = Asked(streams_for_ever(drip, every=0.02), stream=True, idle=0.8, deadline=1.2)
        assert asked.failure
        assert (asked.failure.reason, len(asked.server.bodies)) == ("timeout", 1)
        assert 1.2 <= asked.seconds < 2.2


def test_comments_are_a_sign_of_life():
    queueing = [part for _ in range(5) for part in (b": in the queue\n\n", 0.25)]
    asked = Asked(streams(*queueing, event("4"), END), stream=True, idle=0.9, deadline=9)
    assert asked.draw
    assert len(asked.server.bodies) == 1


def test_what_says_done_and_stays_on_keeps_nobody_waiting_for_long():
    asked = Asked(streams(event("4"), END, then=hangs), stream=True, idle=9, deadline=9)
    assert asked.draw
    assert asked.seconds < 2.5


@pytest.mark.parametrize(
    ("endless", "cap"),
    [
        (gigabytes, LARGEST_BODY),  # said to be JSON
        (streams_for_ever(event("x" * 2**18)), LARGEST_STREAM),
        (streams_for_ever(b": wait" * 2**8 + b"\n"), LARGEST_STREAM),
        (streams_for_ever(b"x" * 2**18), 4 * 2**20),
        (streams_for_ever(b"data: " + b"x" * 2**18 + b"\n"), 4 * 2**20),
    ],
)
def test_gigabytes_are_left_after_the_cap(endless: Behaviour, cap: int):
    asked = Asked(endless, stream=True, deadline=20.0)
    assert asked.failure
    assert asked.failure.reason == "bad_body"
    assert asked.server.sent < cap + 2**25  # what the sockets hold comes on top


def test_bad_json_in_the_middle_is_no_reason_to_read_on():
    asked = Asked(streams(event("4"), b"data: {\n\n", then=hangs), stream=True)
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == ("bad_body", False)
    assert asked.seconds < 1.5


def test_compressed_bytes_are_no_events():
    asked = Asked(streams(b"\x1f\x8b\x08\x00" + bytes(range(256))), stream=True, deadline=0.3)
    assert asked.failure


# --- the key ------------------------------------------------------------------------------------

ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY).encode()

LEAKS = [
    streams(event(KEY), END),
    streams(*(event(letter) for letter in KEY), END),  # a letter an event
    streams(event(reasoning=KEY[:9]), event(reasoning=KEY[9:]), END),
    streams(event("KEY").replace(b"KEY", ESCAPED), END),
    streams(event(error={"message": KEY, "code": 400})),
    streams(event(*[KEY], finish_reason="abort")),
    streams(event("4", finish_reason="x" * 280 + KEY), DONE),  # cut, it would still show a part
    streams(event("4"), STOP, event(choices=[], usage={"prompt_tokens": KEY}), DONE),
    streams(event("4", reasoning=f"<think>{KEY}</think>"), END),
    streams(*(event(letter) for letter in KEY + "</think>"), END),
    writes(b'{"choices": [{"message": {"content": "' + ESCAPED + b'"}}]}'),
    says(400, '{"error": "' + ESCAPED.decode() + '"}'),
]


@pytest.mark.parametrize("behaviour", LEAKS)
def test_the_key_is_in_no_draw_and_no_message(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    caplog.set_level("DEBUG")
    asked = Asked(behaviour, stream=True, api_key_env="TEACHER_API_KEY", deadline=0.5)
    assert asked.server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert asked.draw is None
    assert asked.failure
    for text in (repr(asked.failure), repr(vars(asked.failure)), caplog.text):
        assert KEY[:12] not in text
        assert ESCAPED.decode()[:60] not in text
