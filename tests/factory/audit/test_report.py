"""What a run tells at its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from factory.audit.report import practised, scores
from factory.recipe import Recipe
from factory.run_folder import RunFolder
from sft.score import Score

RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 100, "held_out": 10}],
    "teacher": {"base": {"path": "org/model"}},
    "sampling": {"policy": {"fixed": {"draws": 1}}},
    "student": {"base": {"path": "org/model"}},
    "evaluate": {"draws": 4},
}


def examined(run: RunFolder, models: dict[str, float]) -> None:
    """Note a score of each of these models."""
    for model, mean in models.items():
        told = {"low": 0, "high": 1, "prompts": 10, "draws": 40, "unverifiable": 0}
        score = Score(pass_at_1=mean, unfinished=0, tokens=10, **told)
        run.score(model).parent.mkdir(parents=True)
        run.score(model).write_text(score.model_dump_json())


@pytest.mark.parametrize(
    ("teacher", "student", "before"),
    [
        ({"base": {"path": "org/model"}}, "org/model", 0.4),
        ({"base": {"path": "org/model"}, "grpo": {"steps": 5}}, "org/model", 0.2),
        ({"base": {"path": "org/model"}}, "org/other", 0.1),
    ],
    ids=["its teacher's weights", "those its teacher was trained from", "its own"],
)
def test_the_student_before_has_the_score_of_the_weights_it_starts_from(
    tmp_path: Path, teacher: dict[str, Any], student: str, before: float
):
    run = RunFolder(tmp_path)
    plan = RECIPE | {"teacher": teacher, "student": {"base": {"path": student}}}
    run.note(Recipe.model_validate(plan), tmp_path)
    # The student's own base was examined by an earlier recipe, where it had another one.
    examined(run, {"teacher-base": 0.2, "teacher": 0.4, "student-base": 0.1, "student": 0.5})
    found = {model: score["pass_at_1"] for model, score in scores(run).items()}
    assert found["student-base"] == before
    assert found["student"] == 0.5


def test_a_training_tells_how_far_it_is(tmp_path: Path):
    log = RunFolder(tmp_path).training_log("teacher")
    assert practised(log) == ""
    log.parent.mkdir()
    examined = {"eval_pass_at_1": 0.45, "eval_pass_at_1_low": 0.4, "eval_pass_at_1_high": 0.502}
    same = {"completions/mean_length": 33.4, "frac_reward_zero_std": 0.875}
    steps = [{"step": n, "reward": n / 100, **same} for n in (39, 40)]
    log.write_text(json.dumps([*steps, {"step": 40, **examined}, {"step": 41, "reward": 0.61}]))
    assert practised(log) == (
        "; step 41, reward 0.61, 33 tokens a draw, 88% flat groups in the last 2 steps, "
        "held-out pass@1 45.0% (40.0% to 50.2%)"
    )
