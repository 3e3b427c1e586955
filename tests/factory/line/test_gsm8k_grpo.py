"""The tutorial's recipe: what it rewards, and that `factory check` takes it, with rows of ours."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from tiny_models import tiny_model

from factory import recipe as recipes
from factory.cli import main
from factory.errors import RecipeError
from factory.models import at
from factory.models.thinking_tags import Tags, speech_of
from teacher.rewards import rewards

ROOT = Path(__file__).parents[3]
MANIFEST = ROOT / "manifests" / "gsm8k-grpo.yaml"
ROWS = ROOT / "tests" / "data" / "questions-with-steps.jsonl"


def with_rows_that_are_here(folder: Path) -> Path:
    """The recipe, its sources a file of ours in GSM8K's form, its model a tiny one."""
    tiny_model(folder / "model", 1)
    plan: Any = YAML().load(MANIFEST)
    lines = ROWS.read_text().splitlines(keepends=True)
    for source in plan["prompts"]:
        split = source["split"]
        (folder / f"{split}.jsonl").write_text("".join(lines[:4] if split == "test" else lines[4:]))
        for key in ("dataset", "config", "split", "rows"):
            source.pop(key, None)
        source |= {"source": "files", "path": f"{split}.jsonl", "columns": "openai/gsm8k"}
        source |= {"held_out": 4} if split == "test" else {}
    plan["teacher"]["base"]["path"] = "./model"
    YAML().dump(plan, folder / "recipe.yaml")
    return folder / "recipe.yaml"


def test_it_passes_check(tmp_path: Path):
    answer = CliRunner().invoke(main, ["check", str(with_rows_that_are_here(tmp_path))])
    assert answer.exit_code == 0, answer.output
    assert "good; stages: prompts, teacher-base, teacher, samples" in answer.output
    assert "test: all 4 rows become prompts" in answer.output


def test_what_its_five_rewards_give():
    """At most 4: 2 for the answer, and 0.5 for each of the four others, as in the tutorial."""
    (grpo,) = recipes.load(MANIFEST).teacher.grpos.values()
    weights = {name: each.at(0) for name, each in grpo.rewards.weighed.items()}
    assert weights == {
        "accuracy": 2.0,
        "strict_format": 0.5,
        "soft_format": 0.5,
        "tag_count": 0.5,
        "integer": 0.5,
    }

    def total(said: str) -> float:
        columns = {"prompts": ["?"], "prompt_id": ["a"], "reference": ['"42"']}
        columns |= {"verifier": ["math"], "completions": [said]}
        return sum(weights[each.name] * (each(**columns)[0] or 0) for each in rewards(False, grpo))

    whole = "<think>\n6*7\n</think>\n<answer>\n{}\n</answer>\n"
    assert total(whole.format("42")) == 4
    assert total(whole.format("41")) == 2
    assert total(whole.format("42 eggs")) == 3.5  # the same number, for us
    assert total(whole.format("42").replace("\n", "")) == 3  # neither strict nor a tag on a line
    assert total("I do not know.") == 0


def test_its_model_s_tags_are_read_as_ours(tmp_path: Path):
    """The tutorial's `<reasoning>` is what all rewards and filters know as thinking."""
    base = recipes.load(MANIFEST).teacher.base
    tags = ("<reasoning>", "</reasoning>")
    assert getattr(base, "thinking_tags", None) == tags
    speech = speech_of(
        at(tiny_model(tmp_path / "model", 1)).model_copy(update={"thinking_tags": tags})
    )
    assert speech.tags == Tags(*tags)
    ids = speech.tokenizer.encode("<reasoning>6*7</reasoning>42")
    assert speech.decode(ids, skip_special_tokens=True) == "<think>6*7</think>42"


@pytest.mark.parametrize("key", ["max_prompt_length", "num_generations", "warmup_ratio"])
def test_options_that_trl_has_removed_are_refused_by_name(tmp_path: Path, key: str):
    path = with_rows_that_are_here(tmp_path)
    plan: Any = YAML().load(path)
    plan["teacher"]["grpo"][key] = 1
    YAML().dump(plan, path)
    with pytest.raises(RecipeError, match=key):
        recipes.load(path)
