"""A training depends on the recipe's judge where a reward asks it, and not otherwise."""

from typing import Any

from small_recipe import RECIPE, prints

from factory.recipe import Recipe


def teachers(rewards: dict[str, Any], votes: int, **more: Any) -> str:
    """The fingerprint of the teacher, rewarded so, where the judge has so many votes."""
    judge = {"model": {"endpoint": "http://localhost:8000/v1", "model": "judge"}, "votes": votes}
    grpo = {"steps": 5, "rewards": rewards}
    plan = RECIPE | {"judge": judge, "teacher": RECIPE["teacher"] | {"grpo": grpo}} | more
    return prints(Recipe.model_validate(plan))["teacher"]


def test_another_judge_trains_anew_where_a_reward_asks_it():
    helpful = {"accuracy": 1, "helpfulness": {"weight": 0.5}}
    assert teachers(helpful, 1) == teachers(helpful, 1) != teachers(helpful, 3)


def test_and_leaves_a_training_by_rules_alone():
    """The judge is for other prompts, which this reward is not for."""
    letters = {"source": "hub", "dataset": "some/letters", "verifier": "rubric"}
    letters |= {"domain": "general", "columns": {"question": "q", "reference": "criteria"}}
    prompts = [*RECIPE["prompts"], letters]
    told = {"accuracy": {"weight": 1, "domains": ["math"]}}
    assert teachers(told, 1, prompts=prompts) == teachers(told, 3, prompts=prompts)
    assert teachers({"accuracy": 1}, 1, prompts=prompts) != teachers(
        {"accuracy": 1}, 3, prompts=prompts
    )
