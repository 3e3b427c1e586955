"""How long a silence may be: by the recipe, and by what a server has shown."""

import asyncio
import time
from typing import Any

import pytest
from asking import gathered
from misbehaving import END, Misbehaving, answers, event, hangs, streams, streams_for_ever

from factory.engines import Completion
from factory.engines.patience import FIRST, KNOWN, LATER, Pace
from factory.engines.wording import UNSTREAMED


def known(first: float, later: float = 0.0, most: float = 300.0) -> Pace:
    pace = Pace(most)
    for _ in range(KNOWN):
        pace.came(first, later)
    return pace


def test_a_server_that_nobody_knows_may_be_silent_as_long_as_the_recipe_says():
    pace = Pace(300)
    for _ in range(KNOWN - 1):
        pace.came(0.1, 0.1)
        assert pace.longest(False, 0) == 300


@pytest.mark.parametrize(
    ("first", "later", "begun", "silences", "seconds", "remark"),
    [
        (0.1, 0.1, False, 0, FIRST, "quick: not shorter than that"),
        (0.1, 0.1, True, 0, LATER, "what was begun costs more"),
        (5.0, 0.1, False, 0, 40.0, "eight times the slowest first word"),
        (0.1, 20.0, True, 0, 160.0, "or the longest silence in between"),
        (5.0, 0.1, False, 1, 80.0, "twice that, the next time"),
        (5.0, 0.1, False, 9, 300.0, "but never longer than the recipe says"),
        (90.0, 0.1, False, 0, 300.0, "a slow one: as the recipe says"),
    ],
)
def test_a_server_that_is_known_gets_as_long_as_it_has_needed(
    first: float, later: float, begun: bool, silences: int, seconds: float, remark: str
):
    assert known(first, later).longest(begun, silences) == seconds, remark


def test_a_connection_that_never_answers_costs_seconds(monkeypatch: pytest.MonkeyPatch):
    """And none of its draws, however many there are."""
    monkeypatch.setattr("factory.engines.patience.FIRST", 0.3)
    good = streams(event("4"), END)

    async def now_and_then(server: Misbehaving, asked: Any) -> Any:
        return await (hangs if len(server.bodies) % 12 == 0 else good)(server, asked)

    started = time.monotonic()
    draws = gathered(Misbehaving(now_and_then), 120, 8, deadline=60.0)
    assert all(isinstance(each, Completion) for each in draws)
    assert time.monotonic() - started < 20  # one that is waited for to the end takes `idle`: 300 s
    assert sum(each.retries for each in draws) >= 10


def test_silences_that_were_cut_short_are_no_failures(monkeypatch: pytest.MonkeyPatch):
    """Where the queue is suddenly longer, a draw waits for its turn again and again."""
    monkeypatch.setattr("factory.engines.patience.FIRST", 0.05)
    monkeypatch.setattr("factory.engines.patience.TIMES", 0.0)  # however slow this machine is

    async def later_slow(server: Misbehaving, asked: Any) -> Any:
        slow = len(server.bodies) > KNOWN
        if slow:
            await asyncio.sleep(1.2)
        return await streams(event("4"), END)(server, asked)

    draws = gathered(Misbehaving(later_slow), KNOWN + 2, 1, deadline=60.0)
    assert all(isinstance(each, Completion) for each in draws)
    assert draws[KNOWN].retries >= 4  # more than any other trouble may come


def test_signs_of_life_without_a_word_last_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("factory.engines.patience.LATER", 0.5)
    good, drip = streams(event("4"), END), streams_for_ever(b": wait\n\n", every=0.05)
    draws = gathered(Misbehaving(*[good] * KNOWN, drip, good), KNOWN + 1, 1, deadline=60.0)
    assert all(isinstance(each, Completion) for each in draws)
    assert draws[KNOWN].retries == 1


def test_a_server_that_does_not_stream_is_asked_for_whole_answers():
    server = Misbehaving(answers())
    gathered(server, UNSTREAMED + 2, 1)
    assert [body.get("stream", False) for body in server.bodies] == [True] * UNSTREAMED + [
        False
    ] * 2
    mixed = Misbehaving(streams(event("4"), END), answers())
    gathered(mixed, UNSTREAMED + 2, 1)
    assert all(body["stream"] for body in mixed.bodies)
