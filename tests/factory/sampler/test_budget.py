"""A target is hardly exceeded, a budget never."""

import time
from pathlib import Path

import pytest
from sampled import RIGHT, Recording, Shuffled, fixed, mixed_answers, prompts, sample, until

from factory.engines import Scripted
from factory.recipe.sampling import Budget, Target
from factory.store import Store


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
