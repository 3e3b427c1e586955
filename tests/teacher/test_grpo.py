"""GRPO with the real trainer: draws held in parts, and by several processes."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from factory.errors import RecipeError
from factory.models import at
from factory.prompts.collect import PROMPT
from factory.recipe.teacher import Grpo
from factory.run_folder import RunFolder
from filters import own
from teacher import tiny
from teacher.grpo import improve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tokenizer = tiny.make_tokenizer([f"<think>{n}+{n}</think>" for n in range(200)], 320)
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "max_length": 128, "seed": 1}
    tiny.save(tiny.make_model("qwen2", tokenizer, **size).bfloat16(), tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def prompts() -> pl.DataFrame:
    common = {"source": "made", "domain": "maths", "language": "en", "license": "none"}
    common |= {"reference": '"5"', "verifier": "math", "meta": '{"level": 3}'}
    rows = [
        {"prompt_id": f"p{n}", "messages": [{"role": "user", "content": f"{n}?"}], **common}
        | {"split": "train" if n < 8 else "held_out"}
        for n in range(11)
    ]
    return pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()})


def improved(base: Path, prompts: pl.DataFrame, folder: Path, **settings: Any) -> list[Any]:
    usual = {"steps": 2, "prompts_per_step": 2, "draws": 4, "max_tokens": 8, "learning_rate": 1e-3}
    return improve(
        at(base),
        prompts,
        Grpo.model_validate(usual | settings),
        seed=1,
        run=RunFolder(folder),
        stage="teacher",
        report=lambda *_, **__: None,
    )


REWARDS = {"language": 0.1, "length": 0.5, "mine:brief": 0.3, "mine:breaks": 1.0, "mine:one": 0.2}
MINE = """
def brief(completions, level, **columns):
    return [each / (1 + len(turns[-1]["content"])) for turns, each in zip(completions, level)]

def breaks(completions, **columns):
    raise OSError("no disk")

def one(response, reference):
    return None if "z" in response else reference == "5"
"""


@pytest.mark.parametrize("settings", [{"device_batch_size": 2}, {"devices": 2}])
def test_it_runs_in_parts(
    settings: dict[str, Any], base: Path, prompts: pl.DataFrame, tmp_path: Path
):
    """A step draws for two prompts four times, however its draws are held; every reward that a
    recipe may name is among what is added up, those of one's own, and one that fails."""
    (tmp_path / "mine.py").write_text(MINE)
    own.look_in(tmp_path)
    log = improved(base, prompts, tmp_path, rewards=REWARDS, **settings)
    own.look_in(None)
    steps = [entry for entry in log if "reward" in entry]
    for name in ("accuracy", "format", *REWARDS):
        assert f"rewards/{name}/mean" in steps[0]
    assert all(-1 <= entry["rewards/length/mean"] <= 0 for entry in steps)
    assert all(0 < entry["rewards/mine:brief/mean"] <= 3 for entry in steps)
    assert all(entry["rewards/mine:breaks/unverifiable"] == 1 for entry in steps)
    assert all(math.isfinite(entry["reward"]) for entry in steps)
    assert [entry["step"] for entry in steps] == [1, 2]
    # Each draw counts once: 8 draws a step of at most 8 tokens, and the prompts' tokens.
    assert all(entry["completions/max_length"] <= 8 for entry in steps)
    assert [entry for entry in log if "eval_reward" in entry]
    saved = load_file(tmp_path / "teacher" / "model" / "model.safetensors")
    assert {str(tensor.dtype) for tensor in saved.values()} == {"torch.bfloat16"}  # as its base
    assert "lm_head.weight" not in saved
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "teacher" / "model")


def test_devices_that_do_not_divide_a_step_are_refused(
    base: Path, prompts: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sft.devices.gpus", lambda: 3)
    with pytest.raises(RecipeError, match="8 rows cannot be made of 1 at a time on each of 3"):
        improved(base, prompts, tmp_path)
