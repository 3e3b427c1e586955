"""Who gets the next draw: as many as the policy wants, in whatever order they finish."""

import asyncio
from pathlib import Path

import pytest
from sampled import (
    NO_END,
    RIGHT,
    WRONG,
    Recording,
    Shuffled,
    draws,
    fixed,
    mixed_answers,
    prompts,
    sample,
    told,
    until,
)

from factory.engines import Completion, Request, Scripted
from factory.recipe.sampling import Policy, Sampling
from factory.sampler.asker import Asker
from factory.sampler.budget import Spent
from factory.sampler.counters import Counters
from factory.sampler.feed import Feed
from factory.sampler.fill import fill
from factory.sampler.loop import Run
from factory.sampler.prompt_state import kept, states
from factory.store import Store
from filters.verdict import Verdict
from filters.watch import LoopStop, Stops


@pytest.mark.parametrize(
    ("policy", "answers", "expected", "remark"),
    [
        (fixed(3), [WRONG, RIGHT, WRONG], [0, 1, 2], "as many as asked for, right or wrong"),
        (fixed(1), [WRONG, RIGHT], [0], "and no more"),
        (until(1, 4), [RIGHT, RIGHT], [0], "enough at once"),
        (until(1, 4), [WRONG, WRONG, RIGHT, RIGHT], [0, 1, 2], "until one is right"),
        (until(1, 3), [WRONG, WRONG, WRONG, RIGHT], [0, 1, 2], "hopeless: no more than max_draws"),
        (until(2, 5), [RIGHT, WRONG, WRONG, RIGHT, RIGHT], [0, 1, 2, 3], "until two are"),
        (until(2, 2), [RIGHT, WRONG], [0, 1], "as many accepted as draws"),
        (until(3, 2), [RIGHT, RIGHT, RIGHT], [0, 1], "more wanted than may be drawn"),
        (until(1, 4, give_up=2), [WRONG, WRONG, RIGHT], [0, 1], "given up after two wrong ones"),
        (until(2, 4, give_up=2), [WRONG, RIGHT, WRONG, RIGHT], [0, 1, 2], "right ones between"),
        (until(2, 4, give_up=[1, 3]), [RIGHT, WRONG, WRONG, RIGHT], [0, 1, 2, 3], "trusted now"),
        (until(3, 5, give_up=[1, 2]), [RIGHT, RIGHT, WRONG, WRONG], [0, 1, 2, 3], "and later"),
        (until(1, 3, give_up=4), [WRONG] * 4, [0, 1, 2], "no more than max_draws"),
        (until(1, 3), [NO_END, RIGHT], [0, 1], "without an end of the thinking there is no answer"),
    ],
)
def test_a_policy_decides_who_gets_another(
    tmp_path: Path, policy: Policy, answers: list[str], expected: list[int], remark: str
):
    outcome = sample(Scripted({"a": answers}), prompts("a"), policy, Store(tmp_path))
    assert draws(outcome) == {"a": expected}, remark
    texts = [answers[draw] for draw in expected]
    assert outcome.samples["text"].to_list() == texts
    right = ["correct" if text == RIGHT else "incorrect" for text in texts]
    assert outcome.samples["verdict"].to_list() == right


def test_a_row_says_what_was_asked_and_what_came_back(tmp_path: Path):
    engine = Recording({"a": [RIGHT], "b": [NO_END]})
    outcome = sample(engine, prompts("a", "b"), fixed(1), Store(tmp_path), temperature=0.5)
    asked = {request.prompt_id: request for request in engine.asked}
    assert asked["a"].messages == [{"role": "user", "content": "a?"}]
    assert (asked["a"].temperature, asked["a"].top_p, asked["a"].max_tokens) == (0.5, 0.95, 32768)
    right, open_ended = outcome.samples.to_dicts()
    assert right["sample_id"] == asked["a"].sample_id
    assert right["seed"] == asked["a"].seed != asked["b"].seed
    assert (right["reasoning"], right["response"], right["answer"]) == ("so", r"\boxed{5}", "5")
    assert (right["finish_reason"], right["completion_tokens"], right["attempt"]) == ("stop", 2, 1)
    assert (open_ended["reasoning"], open_ended["response"]) == (r"perhaps \boxed{5}", None)
    assert open_ended["verdict_reason"] == "unfinished"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("policy", [until(2, 5), until(1, 4), fixed(3), until(3, 5, give_up=2)])
def test_the_order_in_which_draws_finish_changes_nothing(tmp_path: Path, policy: Policy, seed: int):
    answers = mixed_answers(prompts=10, draws=5)
    in_order = sample(Scripted(answers), prompts(*answers), policy, Store(tmp_path / "in order"))
    mixed = sample(Shuffled(answers, seed), prompts(*answers), policy, Store(tmp_path / "mixed"))
    assert told(mixed.samples).equals(told(in_order.samples))


class Streaming(Scripted):
    """Shows its text to a watch as it writes it."""

    async def draw(self, request: Request) -> Completion:
        whole = await super().draw(request)
        watch = request.watch() if request.watch else None
        for end in range(100, len(whole.text), 100):
            if watch and (reason := watch.feed(whole.text[end - 100 : end])):
                return Completion(whole.text[:end], None, reason, 0, end // 4)
        return whole


class Crowded(Scripted):
    """Holds back all but the requests that a server would take, and knows how many are out."""

    out = 7


def in_flight_while_judged(engine: Scripted, folder: Path) -> set[float]:
    """What is told of requests in flight while verdicts are awaited, and nothing else goes on."""
    told: set[float] = set()

    async def judge(*_: object) -> Verdict:
        for _step in range(20):
            await asyncio.sleep(0)
        told.add(run._out())
        return Verdict("correct")

    sampling = Sampling(policy=fixed(1), concurrency=8)
    asker, store = Asker("t", sampling, 1), Store(folder)
    counters = Counters(Spent(), prompts=3)
    run = Run(engine, asker, counters, store, judge)
    feed = Feed(states(prompts("a", "b", "c"), kept(store, asker), asker), counters, asker)
    asyncio.run(run.over(feed, lambda *_, **__: None))
    return told


def test_in_flight_is_what_is_out_and_not_what_waits_for_a_verdict(tmp_path: Path):
    answers = {name: [RIGHT] for name in "abc"}
    assert in_flight_while_judged(Scripted(answers), tmp_path / "plain") == {0}
    assert in_flight_while_judged(Crowded(answers), tmp_path / "crowded") == {7}


def test_it_tells_how_far_it_is_while_it_only_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("factory.sampler.loop.PULSE", 0.01)
    monkeypatch.setattr("factory.sampler.counters.TELL_SECONDS", 0.0)
    waits, reports = asyncio.Event(), list[dict[str, float]]()

    class Silent(Scripted):
        async def draw(self, request: Request) -> Completion:
            await waits.wait()
            return await super().draw(request)

    def report(*_: object, **figures: float) -> None:
        reports.append(figures)
        if len(reports) == 3:
            waits.set()

    asker, store = Asker("t", Sampling(policy=fixed(1)), 1), Store(tmp_path)
    asyncio.run(fill(Silent({"a": [RIGHT]}), prompts("a"), asker, store, report))
    assert [told["in_flight"] for told in reports[:3]] == [0, 1, 1]
    assert reports[-1]["requests"] == reports[-1]["draws"] == 1


def test_a_loop_is_stopped_recorded_with_its_cost_and_never_an_answer(tmp_path: Path):
    loop = r"<think>so</think> \boxed{5}" + " Wait, let me see again." * 1000
    engine = Streaming({"a": [loop, RIGHT]})
    asked = prompts("a")
    stopping = {"stop": Stops(loop=LoopStop())}
    outcome = sample(engine, asked, until(1, 2), Store(tmp_path), **stopping)
    stopped, right = outcome.samples.to_dicts()
    assert stopped["finish_reason"] == "loop"
    assert 300 < stopped["completion_tokens"] < 2000
    assert (stopped["verdict"], stopped["verdict_reason"]) == ("incorrect", "unfinished")
    assert right["verdict"] == "correct"
