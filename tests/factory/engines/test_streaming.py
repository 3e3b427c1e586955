"""Draws streamed by a server: what is asked of it, and what may go wrong in the middle."""

import asyncio
from typing import Any

import pytest
from asking import THINK, Asked, endpoint, request
from misbehaving import (
    DONE,
    END,
    ROLE,
    STOP,
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
)

from factory.engines import Completion
from factory.engines.http_client import LARGEST_BODY, LARGEST_STREAM


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
    whole = Asked(answers(), extra=extra, stream=False)
    assert "stream_options" not in whole.server.bodies[0]


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
    assert asked.seconds < 30  # a server that hangs would take for ever


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
