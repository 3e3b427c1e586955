"""Models that are found: nothing is drawn from one that nobody knows how to ask."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from families import CHATML, model_folder, tokenizer
from ruamel.yaml import YAML

from factory.cli import main

CHAT = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"


def run(folder: Path, **parts: Any) -> tuple[int, str]:
    """Exit code and words of a run that may go no further than its models."""
    plan: dict[str, Any] = {
        "name": "found",
        "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9, "held_out": 2}],
        "sampling": {"max_tokens": 8, "policy": {"fixed": {"draws": 1}}},
        "filters": {},
    }
    YAML().dump(plan | parts, folder / "recipe.yaml")
    result = CliRunner().invoke(
        main, ["run", str(folder / "recipe.yaml"), "--into", str(folder / "run")]
    )
    return result.exit_code, result.output


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A base model: no chat template, no tokens of a chat."""
    return model_folder(tmp_path / "bare", tokenizer(("</s>",)))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["base", "grpo", "others"])
def test_a_teacher_without_a_template_ends_the_run_early(place: str, bare: Path, tmp_path: Path):
    good = model_folder(tmp_path / "good", tokenizer(CHATML, (), CHAT))
    teacher: dict[str, Any] = {
        "base": {"base": {"path": str(bare)}},
        "grpo": {"base": {"path": str(bare)}, "grpo": {"steps": 1}},
        "others": {"base": {"path": str(good)}, "others": [{"path": str(bare)}]},
    }[place]
    code, words = run(tmp_path, teacher=teacher)
    assert code == 1, words
    assert "model bare has no chat template" in " ".join(words.split())
    assert not (tmp_path / "run" / "samples" / "draws").exists()
