"""What a recipe may say of rewards: weights that change, whose prompts, and who judges."""

from typing import Any

import pytest
from pydantic import ValidationError

from factory.recipe import Recipe
from factory.recipe.rewards import Rewards, Weighed

GYM = {"source": "reasoning_gym", "task": "chain_sum", "rows": 10}


def recipe(rewards: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "test",
        "prompts": [GYM],
        "teacher": {"base": {"tiny": "qwen2"}, "grpo": {"rewards": rewards}},
        "sampling": {"policy": {"fixed": {"draws": 1}}},
    }


@pytest.mark.parametrize(
    ("weighed", "at", "remark"),
    [
        ({"weight": 0.2}, {0: 0.2, 999: 0.2}, "it stays"),
        ({"weight": 1, "end": 0, "to_step": 4}, {0: 1, 1: 0.75, 4: 0, 9: 0}, "from the first step"),
        (
            {"weight": 0, "end": 0.5, "from_step": 10, "to_step": 20},
            {9: 0, 10: 0, 15: 0.25, 20: 0.5, 99: 0.5},
            "comes in later",
        ),
    ],
)
def test_weights_over_steps(weighed: dict[str, Any], at: dict[int, float], remark: str):
    told = Weighed.model_validate(weighed)
    assert {step: told.at(step) for step in at} == pytest.approx(at), remark


def test_those_that_count_at_any_step():
    rewards = Rewards.model_validate(
        {
            "accuracy": 2,
            "format": 0,
            "language": {"weight": 0, "end": 0.1, "to_step": 50},
            "length": {"weight": 0},
        }
    )
    assert {name: each.at(50) for name, each in rewards.weighed.items()} == {
        "accuracy": 2,
        "language": 0.1,
    }


@pytest.mark.parametrize(
    ("rewards", "words"),
    [
        ({"accuracy": 0, "format": 0}, "all weights are 0: nothing would be rewarded"),
        ({"format": {"end": 0}}, "end and to_step belong together: name both, or none"),
        (
            {"format": {"end": 0, "from_step": 9, "to_step": 9}},
            "to_step is 9, and must come after 9",
        ),
        ({"format": -1}, "greater than or equal to 0"),
        ({"fromat": 1}, "no reward is called 'fromat'; did you mean 'format'?"),
        ({"language": {"domains": ["stem"]}}, "names domains that no prompts have: stem"),
        ({"language": {"sources": ["gsm"]}}, "names sources that no prompts have: gsm"),
        (
            {"helpfulness": {"model": {"path": "a/b"}, "criteria": ["It is short."]}},
            "criteria are for a judge: leave out model, or criteria",
        ),
        ({"helpfulness": {"label": "good"}}, "label and score are of a model: name it"),
        ({"helpfulness": {"criteria": [" "]}}, "criterion 1: 1 to 500 characters were expected"),
        ({"deadline": 0}, "greater than 0"),
    ],
)
def test_what_is_refused(rewards: dict[str, Any], words: str):
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate(recipe(rewards))
    assert words in str(caught.value)


def test_so_it_is_in_a_stage_of_several():
    plan = recipe({})
    grpo = {"rewards": {"length": {"domains": ["stem"]}}}
    plan["teacher"] = {"base": {"tiny": "qwen2"}, "stages": [{"grpo": {}}, {"grpo": grpo}]}
    with pytest.raises(ValidationError, match=r"stages\[1\].grpo.rewards.length names domains"):
        Recipe.model_validate(plan)


def test_domains_that_it_learns_from_are_those_of_prompts():
    plan = recipe({})
    plan["teacher"]["grpo"] = {"domains": ["stem"]}
    with pytest.raises(
        ValidationError, match=r"grpo.domains names stem, and no prompts are of that"
    ):
        Recipe.model_validate(plan)
    plan["teacher"]["grpo"] = {"domains": ["math"]}
    assert Recipe.model_validate(plan)
