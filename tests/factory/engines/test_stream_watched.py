"""A watch on a stream: it sees every word, stops the draw, and spoils nothing."""

import asyncio
from typing import Any

import pytest
from asking import THINK, endpoint, request, streamed
from misbehaving import (
    DONE,
    END,
    ROLE,
    USAGE,
    Misbehaving,
    event,
    hangs_up,
    streams,
    streams_for_ever,
)

from factory.engines import Completion


class After:
    """A watch that stops after so many characters."""

    def __init__(self, length: int, reason: str = "loop"):
        self.length, self.reason, self.seen = length, reason, ""

    def feed(self, text: str) -> str | None:
        assert text, "nothing new is nothing to look at"
        self.seen += text
        return self.reason if len(self.seen) >= self.length else None


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
