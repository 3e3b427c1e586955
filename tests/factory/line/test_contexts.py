"""Lengths that do not fit into a model's context are told before anything starts."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny_models import tiny_model

from factory import recipe as recipes
from factory.cli import main
from factory.errors import RecipeError
from factory.line import contexts
from factory.models.context import context_in
from factory.recipe import Recipe
from factory.recipe.models import Weights

MANIFESTS = Path(__file__).parents[3] / "manifests"
CONFIGS: dict[str, dict[str, Any]] = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": {"max_position_embeddings": 8192},
    "Qwen/Qwen2.5-0.5B-Instruct": {"max_position_embeddings": 32768},
    "Qwen/Qwen2.5-1.5B": {"max_position_embeddings": 131072},
    "Qwen/Qwen2.5-7B-Instruct": {"max_position_embeddings": 32768},
    "Qwen/Qwen2.5-Math-7B-Instruct": {"max_position_embeddings": 4096},
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": {"max_position_embeddings": 131072},
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": {"max_position_embeddings": 131072},
}
"""What the configs of the models say that shipped recipes name."""
PROMPTS = [{"source": "reasoning_gym", "task": "chain_sum", "rows": 20, "held_out": 5}]


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def config(model: Weights) -> bytes | None:
        return json.dumps(CONFIGS[model.path]).encode() if model.path in CONFIGS else None

    monkeypatch.setattr(contexts, "hub_config", config)


@pytest.mark.parametrize(
    "manifest",
    sorted(set(MANIFESTS.glob("*.yaml")) - set(MANIFESTS.glob("*-mix.yaml"))),
    ids=lambda path: path.stem,
)
def test_shipped_recipes_fit_into_the_contexts_of_their_models(manifest: Path):
    assert contexts.told(recipes.load(manifest), MANIFESTS) == []


def told(teacher: dict[str, Any], **parts: Any) -> list[str]:
    plan = {"name": "t", "prompts": PROMPTS, "teacher": teacher} | parts
    return contexts.told(Recipe.model_validate(plan), Path())


SHORT = {"base": {"path": "Qwen/Qwen2.5-Math-7B-Instruct"}}


def test_draws_longer_than_the_context_are_told():
    assert told(SHORT, sampling={"max_tokens": 4095}) == []
    assert told(SHORT, sampling={"max_tokens": 4096}) == [
        "teacher Qwen/Qwen2.5-Math-7B-Instruct: sampling.max_tokens is 4,096, and its context "
        "4,096 tokens with the prompt: draws end there"
    ]


def test_each_teacher_is_looked_at_by_its_own_settings():
    long = {"path": "Qwen/Qwen2.5-7B-Instruct"}
    capped = {"path": "Qwen/Qwen2.5-Math-7B-Instruct", "sampling": {"max_tokens": 512}}
    assert told({"base": long, "others": [capped]}, sampling={"max_tokens": 9000}) == []
    other = capped | {"sampling": {"max_tokens": 5000}}
    (line,) = told({"base": long, "others": [other]}, sampling={"max_tokens": 9000})
    assert line.startswith("teacher 2 Qwen/Qwen2.5-Math-7B-Instruct: its max_tokens is 5,000")


def test_examinations_and_grpo_are_looked_at():
    lines = told(
        SHORT | {"grpo": {"max_tokens": 5000}},
        sampling={"max_tokens": 1000},
        student={"base": {"tiny": "llama"}, "training": {"max_length": 512}},
        evaluate={"max_tokens": 600},
    )
    assert [line.split(": ")[1].split(" is ")[0] for line in lines] == [
        "teacher.grpo.max_tokens",
        "evaluate.max_tokens",
    ]


def test_rows_beyond_the_students_context_are_refused_as_in_the_run():
    student = {"base": {"tiny": "llama"}, "training": {"max_length": 513}}
    with pytest.raises(RecipeError, match=r"student.training.max_length is 513, .* context 512"):
        told(SHORT, sampling={"max_tokens": 100}, student=student)
    assert told(SHORT, sampling={"max_tokens": 100}, student=student | {"context": 1024}) == []


def test_a_model_that_nobody_knows_here_is_named():
    (line,) = told({"base": {"path": "some/model"}})
    assert line == "the context of some/model is not known here: it was not compared"


def test_check_says_it(tmp_path: Path):
    recipe = tmp_path / "r.yaml"
    plan = {"name": "t", "prompts": PROMPTS, "teacher": SHORT}
    recipe.write_text(json.dumps(plan))
    result = CliRunner().invoke(main, ["check", str(recipe)])
    assert result.exit_code == 0
    assert "sampling.max_tokens is 32,768, and its context 4,096" in result.output


def test_prompts_are_looked_at_where_they_and_the_tokenizer_are_here(tmp_path: Path):
    tiny_model(tmp_path / "model", seed=1)
    rows = [{"question": "1+1?", "answer": "2"}, {"question": "1+1? " * 5000, "answer": "2"}]
    rows.append({"question": "1+1?<|im_end|>", "answer": "2"})
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    columns = {"question": "question", "reference": "answer"}
    plan = {
        "name": "t",
        "prompts": [{"source": "files", "path": "rows.jsonl", "columns": columns}],
        "teacher": {"base": {"path": "model"}},
        "sampling": {"max_tokens": 100},
    }
    (tmp_path / "r.yaml").write_text(json.dumps(plan))
    result = CliRunner().invoke(main, ["check", str(tmp_path / "r.yaml")])
    assert result.exit_code == 0, result.output
    assert "2 prompts set aside (" in result.output
    assert "too_long 1" in result.output
    assert "control_token 1" in result.output


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024}, 1024),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4}}, 16384),
        ({"max_position_embeddings": 131072, "rope_scaling": {"rope_type": "llama3"}}, 131072),
        ({"max_position_embeddings": 32768, "rope_scaling": {"type": "yarn", "factor": 4}}, 32768),
        ({"max_position_embeddings": 9, "rope_parameters": {"rope_type": "default"}}, 9),
        ({"vocab_size": 5}, None),
    ],
)
def test_a_config_says_it_in_its_familys_way(config: dict[str, Any], tokens: int | None):
    assert context_in(config) == tokens
