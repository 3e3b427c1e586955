"""Reward models of a recipe: looked at by `factory check`, before anything is trained."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny_classifier import tiny_classifier

from factory.cli import main

GYM = {"source": "reasoning_gym", "task": "chain_sum", "rows": 20, "held_out": 5}


def checked(folder: Path, told: dict[str, Any]) -> tuple[int, str]:
    plan = {
        "name": "test",
        "prompts": [GYM],
        "teacher": {"base": {"tiny": "qwen2", "rows": 100}, "grpo": {"rewards": told}},
        "sampling": {"policy": {"fixed": {"draws": 1}}},
    }
    (folder / "recipe.yaml").write_text(json.dumps(plan))
    answer = CliRunner().invoke(main, ["check", str(folder / "recipe.yaml")])
    return answer.exit_code, answer.output


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tiny_classifier(folder / "models" / "labels")
    tiny_classifier(folder / "models" / "one", labels=("reward",))
    (folder / "models" / "writer").mkdir()
    config = {"architectures": ["LlamaForCausalLM"]}
    (folder / "models" / "writer" / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    "told",
    [
        {"helpfulness": {"model": {"path": "models/one"}}},
        {"harmlessness": {"model": {"path": "models/labels"}, "label": "safe", "weight": 0.5}},
    ],
)
def test_good_ones(home: Path, told: dict[str, Any]):
    status, said = checked(home, told)
    assert status == 0, said


@pytest.mark.parametrize(
    ("model", "label", "words"),
    [
        ("models/labels", None, "has no label None; it has safe, unsafe, unsure"),
        ("models/labels", "good", "has no label 'good'; it has safe, unsafe, unsure"),
        ("models/writer", None, "models/writer is no model for sequence classification"),
        ("./models/none", None, "models/none is no folder with a config.json"),
        ("models", None, "models is no folder with a config.json"),
    ],
)
def test_others_are_refused_in_a_line(home: Path, model: str, label: str | None, words: str):
    told = {"helpfulness": {"model": {"path": model}} | ({"label": label} if label else {})}
    status, said = checked(home, told)
    assert status != 0
    assert words in " ".join(said.split())
    assert "rewards.helpfulness" in said
    assert "Traceback" not in said


def test_one_of_the_hub_that_is_not_here_is_told(home: Path):
    status, said = checked(home, {"helpfulness": {"model": {"path": "some/reward"}}})
    assert status == 0, said
    assert "not yet here: some/reward of teacher.grpo.rewards.helpfulness" in said
