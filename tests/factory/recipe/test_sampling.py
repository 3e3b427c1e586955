"""The `sampling` part of a recipe: what a policy says, and which are refused."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from factory import recipe
from factory.errors import RecipeError
from factory.recipe.sampling import Policy
from factory.sampler.policy import Limits, limits_of, sure_draws_of


def loaded(folder: Path, policy: dict[str, Any]) -> Policy:
    """The policy of a recipe with prompts of two sources."""
    file = folder / "recipe.yaml"
    plan = {
        "name": "two-sources",
        "prompts": [
            {"source": "reasoning_gym", "task": "chain_sum", "name": name, "rows": 10}
            for name in ("easy", "hard")
        ],
        "teacher": {"base": {"path": "some/model"}},
        "sampling": {"policy": policy},
    }
    YAML().dump(plan, file)
    return recipe.load(file).sampling.policy


@pytest.mark.parametrize(
    ("told", "limits", "sure"),
    [
        ({"fixed": {"draws": 3}}, (3, 3, 3, 3), 3),
        ({"until": {"accepted": 2, "max_draws": 5}}, (5, 5), 2),
        ({"until": {"accepted": 4, "max_draws": 8, "give_up": 2}}, (2, 3, 4, 5), 2),
        ({"until": {"accepted": 4, "max_draws": 8, "give_up": [1, 2, 4]}}, (1, 3, 6, 7), 1),
        ({"until": {"accepted": 2, "max_draws": 3, "give_up": 9}}, (3, 3), 2),
    ],
)
def test_a_policy_says_when_a_prompt_has_had_enough(
    tmp_path: Path, told: dict[str, Any], limits: Limits, sure: int
):
    policy = loaded(tmp_path, told)
    assert limits_of(policy, "easy") == limits_of(policy, "hard") == limits
    assert sure_draws_of(policy) == sure


def test_a_source_may_be_given_up_by_its_own_numbers(tmp_path: Path):
    rule = {"accepted": 3, "max_draws": 8, "give_up": 4, "give_up_by_source": {"hard": 1}}
    policy = loaded(tmp_path, {"until": rule})
    assert (limits_of(policy, "easy"), limits_of(policy, "hard")) == ((4, 5, 6), (1, 2, 3))
    assert sure_draws_of(policy) == 1  # not every prompt is sure of more


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"until": {"give_up": 0}}, "found 0, expected at least 1"),
        ({"until": {"accepted": 2, "give_up": [1, 2, 3]}}, "only the first 2 can count"),
        (
            {"until": {"give_up_by_source": {"hrad": 1}}},
            "no source to go by: hrad; the prompts are of easy, hard",
        ),
        ({"fixed": {}, "until": {}}, "name exactly one policy: fixed or until"),
        ({"adaptive": {"accepted": 2}}, "adaptive is gone.*write until: {accepted: 1, max_draws"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_what_to_write(
    tmp_path: Path, told: dict[str, Any], complaint: str
):
    with pytest.raises(RecipeError, match=complaint):
        loaded(tmp_path, told)


def test_a_recipe_that_an_older_run_holds_can_be_read():
    held = {"fixed": None, "until": {"accepted": 1, "max_draws": 4}, "adaptive": None}
    assert Policy.model_validate(held) == Policy.model_validate({"until": {}})
