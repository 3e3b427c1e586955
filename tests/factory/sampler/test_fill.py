"""A sitting draws what is lacking, and nothing twice; told to stop, it ends in good order."""

import asyncio
import random
from pathlib import Path

import pytest
from sampled import (
    RIGHT,
    WRONG,
    Recording,
    draws,
    fixed,
    prompts,
    sample,
    told,
    until,
)

from factory.engines import Completion, Request, Scripted
from factory.errors import StageError
from factory.recipe.sampling import Policy, Sampling
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.protocols import Stop
from factory.store import Store


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
