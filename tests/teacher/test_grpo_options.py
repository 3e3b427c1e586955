"""Options of TRL that a recipe may name, and those that are called otherwise here."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from small_recipe import RECIPE

from factory.errors import RecipeError
from factory.line.run import run
from factory.progress import Progress
from factory.recipe import Recipe
from factory.recipe.reinforcing import ELSEWHERE
from factory.recipe.teacher import Grpo
from teacher.options import lacking

BASE, WANTED = {"tiny": "qwen2", "rows": 100}, {"report_to": "trackio"}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_name_of_trl_that_is_none_here_is_refused_with_what_to_say_instead(name: str):
    with pytest.raises(ValidationError) as refused:
        Grpo.model_validate({name: 1})
    assert f"`{name}` is no key of this recipe: {ELSEWHERE[name]}" in str(refused.value)


def test_each_name_that_is_pointed_to_is_a_key():
    """Of what is told in place of a name, every word in backquotes that looks like a key."""
    elsewhere = {"name", "rollouts", *Grpo.model_fields}
    for said in ELSEWHERE.values():
        words = [word for word in said.split("`")[1::2] if word.isidentifier()]
        assert not {*words} - elsewhere, said


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"loss_type": "luspo"}, "luspo needs importance_sampling_level: sequence"),
        ({"warmup": 0.1}, "constant has no warmup: write constant_with_warmup"),
        ({"vllm_mode": "server"}, "vllm_mode: server and vllm_server_base_url belong together"),
        ({"num_iterations": 3, "save_steps": 20}, "save_steps 20 is no multiple of num_iterations"),
    ],
)
def test_options_that_contradict_each_other_are_refused(told: dict[str, Any], fault: str):
    with pytest.raises(ValidationError, match=fault):
        Grpo.model_validate(told)


def test_a_log_for_a_program_that_is_not_installed_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And nothing is started."""
    monkeypatch.setattr("teacher.options.find_spec", lambda name: None)
    grpos = {"teacher.stages[1].grpo": Grpo(report_to="trackio"), "teacher.stages[3].grpo": Grpo()}
    (told,) = lacking(grpos)
    assert told.startswith("teacher.stages[1].grpo.report_to: trackio is not installed: `pip inst")
    recipe = Recipe.model_validate(RECIPE | {"teacher": {"base": BASE, "grpo": WANTED}})
    with pytest.raises(RecipeError, match=r"^teacher\.grpo\.report_to: trackio is not installed"):
        run(recipe, tmp_path, tmp_path / "run", Progress([]))
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr("teacher.options.find_spec", lambda name: object())
    assert not list(lacking(grpos))
