"""Who gets the next draw: as many as wanted, each kept once, and no failure a wrong answer."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.engines import Completion, Engine, Request, Scripted
from factory.errors import StageError
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Budget, Fixed, Policy, Sampling, Target, Until
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.loop import Stop
from factory.sampler.outcome import Outcome
from factory.store import Store
from filters.watch import LoopStop, Stops

RIGHT, WRONG = r"<think>so</think> \boxed{5}", r"<think>so</think> \boxed{6}"
NO_END = r"<think>perhaps \boxed{5}"


def prompts(*ids: str) -> pl.DataFrame:
    """Questions whose answer is 5."""
    rows = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}?"}]}
        | {"reference": '"5"', "verifier": "exact"}
        for id in ids
    ]
    return pl.DataFrame(rows, schema=PROMPT)


def fixed(draws: int) -> Policy:
    return Policy(fixed=Fixed(draws=draws))


def until(accepted: int, max_draws: int, **told: Any) -> Policy:
    return Policy(until=Until(accepted=accepted, max_draws=max_draws, **told))


def sample(
    engine: Engine, asked: pl.DataFrame, policy: Policy, store: Store, **settings: Any
) -> Outcome:
    """The outcome; `samples` has the draws whole."""
    sampling = Sampling.model_validate({"policy": policy, "concurrency": 4} | settings)
    asker = Asker("t", sampling, seed=1)
    outcome = asyncio.run(fill(engine, asked, asker, store, lambda *_, **__: None))
    whole = store.table().drop("prompt_id", "draw")
    outcome.samples = outcome.samples.join(whole, on="sample_id", maintain_order="left")
    return outcome


def draws(outcome: Outcome) -> dict[str, list[int]]:
    """The numbers of the draws of each prompt."""
    found: dict[str, list[int]] = {}
    for prompt, draw in outcome.samples.select("prompt_id", "draw").iter_rows():
        found.setdefault(prompt, []).append(draw)
    return found


class Recording(Scripted):
    """A scripted engine that remembers what it was asked."""

    def __init__(self, answers: dict[str, list[str]]):
        super().__init__(answers)
        self.asked: list[Request] = []

    async def draw(self, request: Request) -> Completion:
        self.asked.append(request)
        return await super().draw(request)


class Shuffled(Scripted):
    """Finishes in an order of its own."""

    def __init__(self, answers: dict[str, list[str]], seed: int):
        super().__init__(answers)
        self.random = random.Random(seed)

    async def draw(self, request: Request) -> Completion:
        await asyncio.sleep(self.random.uniform(0, 0.004))
        return await super().draw(request)


class Failing(Scripted):
    """Fails when `fails(request, times it was asked for this draw before)` says so."""

    def __init__(self, answers: dict[str, list[str]], fails: Callable[[Request, int], bool]):
        super().__init__(answers)
        self.fails, self.asked = fails, Counter[str]()

    async def draw(self, request: Request) -> Completion:
        before = self.asked[request.sample_id]
        self.asked[request.sample_id] += 1
        if self.fails(request, before):
            raise ConnectionError("the line is dead")
        return await super().draw(request)


# --- policies -----------------------------------------------------------------------------------


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


def mixed_answers(prompts: int, draws: int) -> dict[str, list[str]]:
    rng = random.Random(7)
    kinds = [RIGHT, WRONG, WRONG]
    return {f"p{n:02}": rng.choices(kinds, k=draws) for n in range(prompts)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("policy", [until(2, 5), until(1, 4), fixed(3), until(3, 5, give_up=2)])
def test_the_order_in_which_draws_finish_changes_nothing(tmp_path: Path, policy: Policy, seed: int):
    answers = mixed_answers(prompts=10, draws=5)
    in_order = sample(Scripted(answers), prompts(*answers), policy, Store(tmp_path / "in order"))
    mixed = sample(Shuffled(answers, seed), prompts(*answers), policy, Store(tmp_path / "mixed"))
    assert told(mixed.samples).equals(told(in_order.samples))


def told(samples: pl.DataFrame) -> pl.DataFrame:
    """All that is the same whenever a draw is made."""
    return samples.drop("verdict_seconds", "attempt")


# --- resuming -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "drawn_again", "table"),
    [
        (fixed(2), fixed(2), [], [0, 1]),
        (fixed(2), fixed(4), [2, 3], [0, 1, 2, 3]),
        (fixed(4), fixed(2), [], [0, 1]),  # what is not asked for stays on disk, out of the table
        (until(1, 4), until(2, 4), [2, 3], [0, 1, 2, 3]),  # a second right one is looked for
        (until(1, 1), until(1, 4), [1], [0, 1]),
    ],
)
def test_what_was_drawn_is_never_drawn_again(
    tmp_path: Path, first: Policy, then: Policy, drawn_again: list[int], table: list[int]
):
    answers = {"a": [WRONG, RIGHT, WRONG, RIGHT]}
    sample(Scripted(answers), prompts("a"), first, Store(tmp_path))
    engine = Recording(answers)
    outcome = sample(engine, prompts("a"), then, Store(tmp_path))
    assert [request.draw for request in engine.asked] == drawn_again
    assert draws(outcome) == {"a": table}


def test_other_settings_are_other_draws(tmp_path: Path):
    answers = {"a": [RIGHT]}
    warm = sample(Scripted(answers), prompts("a"), fixed(1), Store(tmp_path), temperature=0.6)
    engine = Recording(answers)
    hot = sample(engine, prompts("a"), fixed(1), Store(tmp_path), temperature=1.0)
    assert len(engine.asked) == 1
    assert set(warm.samples["sample_id"]).isdisjoint(hot.samples["sample_id"])
    back = Recording(answers)
    again = sample(back, prompts("a"), fixed(1), Store(tmp_path), temperature=0.6)
    assert back.asked == []
    assert told(again.samples).equals(told(warm.samples))


def test_a_stricter_policy_finds_the_draws_it_would_have_made(tmp_path: Path):
    asked, answers = prompts("p"), {"p": [WRONG, RIGHT, WRONG, RIGHT, WRONG]}
    store = Store(tmp_path)
    assert draws(sample(Scripted(answers), asked, fixed(5), store)) == {"p": [0, 1, 2, 3, 4]}
    engine = Recording(answers)
    assert draws(sample(engine, asked, until(1, 4), store)) == {"p": [0, 1]}
    assert draws(sample(engine, asked, until(2, 5), store)) == {"p": [0, 1, 2, 3]}
    assert not engine.asked


@pytest.mark.parametrize("seed", [0, 2])
def test_what_a_store_holds_beyond_the_policy_changes_nothing(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    rates = [rng.choice([0, 0, 0.1, 0.2, 0.5, 1]) for _ in range(400)]
    texts = [[RIGHT if rng.random() < rate else WRONG for _ in range(12)] for rate in rates]
    answers = {f"p{n:03}": text for n, text in enumerate(texts)}
    asked, policy, richer = prompts(*answers), until(2, 12, give_up=3), Store(tmp_path / "richer")
    alone = sample(Scripted(answers), asked, policy, Store(tmp_path / "alone"))
    sample(Scripted(answers), asked, fixed(5), richer)
    outcome = sample(Scripted(answers), asked, policy, richer)
    assert "pending" not in set(outcome.prompts["state"])
    assert told(outcome.samples).equals(told(alone.samples))
    assert outcome.prompts.equals(alone.prompts)


# --- giving up ----------------------------------------------------------------------------------


def test_a_source_is_given_up_by_its_own_numbers(tmp_path: Path):
    answers = {id: [WRONG, WRONG, WRONG, RIGHT] for id in "abc"}
    asked = prompts(*answers).with_columns(source=pl.Series(["easy", "hopeless", None]))
    rule = until(1, 4, give_up_by_source={"hopeless": 1})
    outcome = sample(Scripted(answers), asked, rule, Store(tmp_path))
    assert draws(outcome) == {"a": [0, 1, 2, 3], "b": [0], "c": [0, 1, 2, 3]}
    states = dict(outcome.prompts.select("prompt_id", "state").iter_rows())
    assert states == {"a": "enough", "b": "hopeless", "c": "enough"}


def test_giving_up_later_draws_only_what_is_lacking(tmp_path: Path):
    answers, asked = {"a": [WRONG, WRONG, RIGHT, WRONG, RIGHT]}, prompts("a")
    sample(Scripted(answers), asked, until(2, 5, give_up=1), Store(tmp_path))
    engine = Recording(answers)
    outcome = sample(engine, asked, until(2, 5, give_up=4), Store(tmp_path))
    assert [request.draw for request in engine.asked] == [1, 2, 3, 4]
    back = sample(engine, asked, until(2, 5, give_up=1), Store(tmp_path))
    assert (draws(outcome), draws(back)) == ({"a": [0, 1, 2, 3, 4]}, {"a": [0]})


def test_a_target_is_reached_by_prompts_that_are_worth_it(tmp_path: Path):
    answers = {f"p{n:03}": [RIGHT if n % 2 else WRONG] * 4 for n in range(100)}
    told = {"target": Target(accepted=60), "concurrency": 2}
    rule = until(4, 4, give_up=1)
    outcome = sample(Scripted(answers), prompts(*answers), rule, Store(tmp_path), **told)
    assert outcome.ended_by == "the target of 60 accepted rows"
    verdicts = Counter(outcome.samples["verdict"])
    assert 60 <= verdicts["correct"] <= 62
    assert verdicts["incorrect"] <= 17  # one for each hopeless prompt among the first thirty-two
    again = Recording(answers)
    resumed = sample(again, prompts(*answers), rule, Store(tmp_path), **told)
    assert again.asked == []
    assert resumed.samples.equals(outcome.samples)


@pytest.mark.parametrize("rule", [until(1, 6), until(4, 6, give_up=1)])
def test_pass_rates_of_prompts_are_fair(tmp_path: Path, rule: Policy):
    answers = mixed_answers(prompts=2000, draws=6)  # one draw in three is right
    outcome = sample(Scripted(answers), prompts(*answers), rule, Store(tmp_path))
    mean = outcome.prompts["pass_rate"].mean()
    plain = outcome.prompts.select((pl.col("correct") / pl.col("draws")).mean()).item()
    assert mean == pytest.approx(1 / 3, abs=0.04)
    assert abs(plain - 1 / 3) > 0.06  # what a plain share would have said


# --- targets and budgets ------------------------------------------------------------------------


def test_a_target_ends_a_run_and_is_hardly_exceeded(tmp_path: Path):
    answers = mixed_answers(prompts=300, draws=5)
    told = {"target": Target(accepted=50), "concurrency": 16}
    outcome = sample(Scripted(answers), prompts(*answers), until(1, 5), Store(tmp_path), **told)
    assert outcome.ended_by == "the target of 50 accepted rows"
    accepted = outcome.samples.filter(verdict="correct").height
    assert 50 <= accepted <= 55
    assert set(outcome.prompts["state"]) > {"pending"}
    again = Recording(answers)
    sample(again, prompts(*answers), until(1, 5), Store(tmp_path), **told)
    assert again.asked == []  # it is reached
    more = told | {"target": Target(accepted=60)}
    outcome = sample(Scripted(answers), prompts(*answers), until(1, 5), Store(tmp_path), **more)
    assert 60 <= outcome.samples.filter(verdict="correct").height <= 65


@pytest.mark.parametrize(
    ("budget", "ended_by"),
    [
        (Budget(draws=37), "the budget of 37 draws"),
        (Budget(tokens=101), "the budget of 101 tokens"),
        (Budget(draws=37, tokens=10_000), "the budget of 37 draws"),
        (Budget(draws=3700), "all prompts are finished"),
    ],
)
def test_a_budget_is_never_overdrawn(tmp_path: Path, budget: Budget, ended_by: str):
    answers = mixed_answers(prompts=60, draws=5)
    told = {"budget": budget, "concurrency": 16, "max_tokens": 4}
    for _ in range(2):  # the second time there is nothing left to spend
        store = Store(tmp_path)
        outcome = sample(Scripted(answers), prompts(*answers), fixed(5), store, **told)
        kept = store.table()
        assert outcome.ended_by == ended_by
        assert kept.height <= (budget.draws or 10_000)
        assert kept["completion_tokens"].sum() <= (budget.tokens or 10_000)
    if budget.draws == 37:
        assert kept.height == 37


def test_when_the_hours_are_over_what_is_in_flight_is_broken_off(tmp_path: Path):
    answers = {f"p{n:03}": [RIGHT] * 50 for n in range(50)}
    told = {"budget": Budget(hours=0.5 / 3600), "concurrency": 2}
    started = time.monotonic()
    outcome = sample(Shuffled(answers, 1), prompts(*answers), fixed(50), Store(tmp_path), **told)
    assert outcome.ended_by.startswith("the budget of 0.000138")
    assert 0.4 < time.monotonic() - started < 5
    assert 0 < outcome.samples.height < 2500
    started = time.monotonic()
    sample(Shuffled(answers, 1), prompts(*answers), fixed(50), Store(tmp_path), **told)
    assert time.monotonic() - started < 0.5  # earlier sittings count


# --- told to stop -------------------------------------------------------------------------------


@pytest.mark.parametrize(("grace", "finished"), [(5.0, 6), (0.0, 0)])
def test_told_to_stop_it_finishes_what_is_in_flight_if_there_is_time(
    tmp_path: Path, grace: float, finished: int
):
    class Late(Scripted):
        async def draw(self, request: Request) -> Completion:
            stop.now.set()
            await asyncio.sleep(0.3)
            return await super().draw(request)

    async def run() -> None:
        nonlocal stop
        stop = Stop(grace)
        asker = Asker("t", Sampling(policy=fixed(1), concurrency=4), 1)
        await fill(engine, asked, asker, store, lambda *_, **__: None, stop=stop)

    stop = Stop()
    answers = {f"p{n}": [RIGHT] for n in range(30)}
    engine, asked, store = Late(answers), prompts(*answers), Store(tmp_path)
    with pytest.raises(StageError, match=f"told to stop: {finished} draws were finished"):
        asyncio.run(run())
    assert store.table().height == finished  # in hand: four, and half as many that wait
    assert sample(Scripted(answers), asked, fixed(1), Store(tmp_path)).samples.height == 30


# --- doomed draws -------------------------------------------------------------------------------


class Streaming(Scripted):
    """Shows its text to a watch as it writes it."""

    async def draw(self, request: Request) -> Completion:
        whole = await super().draw(request)
        watch = request.watch() if request.watch else None
        for end in range(100, len(whole.text), 100):
            if watch and (reason := watch.feed(whole.text[end - 100 : end])):
                return Completion(whole.text[:end], None, reason, 0, end // 4)
        return whole


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
