"""Prompts that are given up: which, when, and what their pass rates say."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from sampled import RIGHT, WRONG, Recording, draws, mixed_answers, prompts, sample, until

from factory.engines import Scripted
from factory.recipe.sampling import Policy, Target
from factory.store import Store


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
