"""Poison or an engine that is out: draws that were given up, settled by others or by a canary."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from asking import request

from factory.engines import Completion, Request
from factory.errors import EngineFailure, StageError
from factory.sampler.health import CANARY_TOKENS, Health

DONE = Completion("4", None, "stop", 5, 3)
LATER = EngineFailure("http_503", "being moved", later=True, tries=4)
FINAL = EngineFailure("http_400", "too long", final=True)
NO_DRAW = EngineFailure("bad_body", "no choices")
CRASH = RuntimeError("the engine is dead")


class Clock:
    """A clock that only sleeping turns."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


class Told:
    """Answers as it is told: for each draw, and for the canary, what comes of one try after the
    other, the last one for ever."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    def __init__(self, **tries: Sequence[Completion | Exception]):
        self.tries = tries
        self.asked: list[str] = []
        self.canaries: list[Request] = []

    async def draw(self, request: Request) -> Completion:
        await asyncio.sleep(0)
        canary = "canary" in self.tries and request.sample_id == "known"
        name = "canary" if canary else request.sample_id
        self.asked.append(name)
        if canary:
            self.canaries.append(request)
        told = self.tries[name]
        answer = told[min(self.asked.count(name), len(told)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


KNOWN = request(sample_id="known", watch=lambda: None, logprobs=True)


def outcomes(
    engine: Told,
    *names: str,
    outage: float = 0.0,
    known: Request | None = KNOWN,
    clock: Any = None,
    said: list[str] | None = None,
) -> dict[str, int | None]:
    """The attempt that brought each of these draws, asked for together; None: none did."""
    clock, say = clock or Clock(), (said if said is not None else []).append
    told: dict[str, Any] = {"clock": clock, "sleep": clock.sleep, "say": say}
    health = Health(engine, 4, outage=outage, canary=known, **told)

    async def run() -> dict[str, int | None]:
        left = {
            name: asyncio.create_task(
                health.ask(request(sample_id=name), lambda attempts, failure: None)
            )
            for name in names
        }
        while any(not task.done() for task in left.values()):
            await asyncio.sleep(0)
            if health.due(True, sum(not task.done() for task in left.values())):
                await health.look()
        answers = {name: task.result() for name, task in left.items()}
        return {name: answer and answer[1] for name, answer in answers.items()}

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("tries", "attempt", "asked", "remark"),
    [
        ([DONE], 1, 1, "answered"),
        ([NO_DRAW, DONE], 2, 2, "what was no draw is asked for again at once"),
        ([CRASH, CRASH, DONE], 3, 3, "and so is what nobody knows"),
        ([NO_DRAW], None, 3, "but not for ever"),
        ([FINAL], None, 1, "a refusal is one"),
        ([LATER, DONE], 5, 2, "a failing transport is tried once the engine is known to be well"),
        ([LATER], None, 3, "but not for ever either"),
    ],
)
def test_a_draw_fails_while_the_engine_is_well(
    tries: list[Any], attempt: int | None, asked: int, remark: str
):
    engine = Told(a=tries, canary=[DONE])
    assert outcomes(engine, "a") == {"a": attempt}, remark
    assert engine.asked.count("a") == asked, remark


def test_a_canary_is_short_and_nobody_follows_it():
    engine = Told(a=[FINAL], canary=[DONE])
    outcomes(engine, "a")
    (canary,) = engine.canaries
    assert (canary.max_tokens, canary.watch, canary.logprobs) == (CANARY_TOKENS, None, False)
    assert (canary.messages, canary.seed) == (KNOWN.messages, KNOWN.seed)


def test_a_canary_that_is_refused_for_its_length_is_asked_whole_and_stopped_at_a_word():
    engine = Told(a=[FINAL], canary=[EngineFailure("http_400", "too short", final=True), DONE])
    assert outcomes(engine, "a") == {"a": None}
    whole = engine.canaries[1]
    assert whole.max_tokens == KNOWN.max_tokens
    assert whole.watch
    assert whole.watch().feed("a word")


def test_an_engine_that_comes_back_is_asked_again_for_all_that_failed():
    away: list[Any] = [LATER, LATER, LATER, DONE]
    clock, said = Clock(), list[str]()
    engine = Told(a=[LATER, DONE], b=[FINAL, DONE], c=[NO_DRAW] * 3 + [DONE], canary=away)
    found = outcomes(engine, "a", "b", "c", outage=120, clock=clock, said=said)
    assert found == {"a": 5, "b": 2, "c": 4}
    assert clock.slept == [1, 2, 4]
    assert said == [
        "the engine is out, and asked again for 120 s: http_503: being moved",
        "the engine answers again",
    ]


def test_an_engine_that_stays_away_ends_it_with_its_own_last_words():
    clock = Clock()
    engine = Told(a=[LATER], canary=[LATER, EngineFailure("http_402", "no credit", final=True)])
    with pytest.raises(StageError, match=r"was out for 120 seconds; at last http_402: no credit\."):
        outcomes(engine, "a", outage=120, clock=clock)
    assert clock.slept == [1, 2, 4, 8, *[10] * 10]  # the next would be over


def test_an_engine_here_that_dies_stays_dead():
    clock = Clock()
    with pytest.raises(StageError, match=r"is out; at last RuntimeError: the engine is dead"):
        outcomes(Told(a=[CRASH], canary=[CRASH]), "a", clock=clock)
    assert clock.slept == []


@pytest.mark.parametrize(("number", "ends"), [(1, False), (3, False), (4, True), (9, True)])
def test_without_any_answer_so_many_failures_end_it(number: int, ends: bool):
    names = [f"d{n}" for n in range(number)]
    engine = Told(**{name: [FINAL] for name in names})
    if ends:
        with pytest.raises(
            StageError, match=rf"none of {number} draws; at last http_400: too long"
        ):
            outcomes(engine, *names, known=None)
    else:
        assert outcomes(engine, *names, known=None) == dict.fromkeys(names)


def test_what_is_answered_here_is_the_canary_from_then_on():
    engine = Told(known=[DONE], a=[FINAL])
    health = Health(engine, 4)

    async def run() -> Any:
        note: Callable[..., None] = lambda *_: None  # noqa: E731
        assert await health.ask(KNOWN, note)
        asked = asyncio.create_task(health.ask(request(sample_id="a"), note))
        while not health.due(True, 2):
            await asyncio.sleep(0)
        await health.look()
        return await asked

    assert asyncio.run(run()) is None
    assert engine.asked == ["known", "a", "known"]


def test_a_draw_that_was_begun_later_settles_it_and_an_earlier_one_does_not():
    """What was sent before an engine went down may still be answered."""
    engine = Told(early=[DONE], a=[LATER, DONE], late=[DONE])
    health, gate = Health(engine, 4), asyncio.Event()

    async def run() -> tuple[Any, bool]:
        note: Callable[..., None] = lambda *_: None  # noqa: E731
        plain, waits = engine.draw, {"early"}

        async def draw(asked: Request) -> Completion:
            if asked.sample_id in waits:
                await gate.wait()
            return await plain(asked)

        engine.draw = draw  # pyrefly: ignore
        early = asyncio.create_task(health.ask(request(sample_id="early"), note))
        await asyncio.sleep(0)
        doubted = asyncio.create_task(health.ask(request(sample_id="a"), note))
        while not health.doubted:
            await asyncio.sleep(0)
        gate.set()
        await early
        waiting = health.doubted == 1
        await health.ask(request(sample_id="late"), note)
        return await doubted, waiting

    answer, waiting = asyncio.run(run())
    assert waiting
    assert answer == (DONE, 5)
