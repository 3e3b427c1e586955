"""GRPO with the real trainer: draws held in parts, and by several processes."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from practising import STAGE, improved, write_base
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from factory.errors import RecipeError
from factory.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


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
def test_it_runs_in_parts(settings: dict[str, Any], base: Path, tmp_path: Path):
    """A step draws for two prompts four times, however its draws are held; every reward that a
    recipe may name is among what is added up, those of one's own, and one that fails."""
    (tmp_path / "mine.py").write_text(MINE)
    log = improved(base, tmp_path, rewards=REWARDS, **settings)
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
    kept = pl.read_parquet(RunFolder(tmp_path).rollouts(STAGE) / "*.parquet")
    assert kept.group_by("step").len().sort("step").rows() == [(1, 8), (2, 8)]
    assert kept.group_by("step", "prompt_id").len()["len"].to_list() == [4] * 4
    assert kept["advantage"].null_count() == 0
    for step, rewards in kept.group_by("step").agg(pl.col("reward").mean()).iter_rows():
        assert rewards == pytest.approx(steps[step - 1]["reward"], abs=1e-5)
    looked_at = pl.read_parquet(RunFolder(tmp_path).examined(STAGE) / "*.parquet")
    assert looked_at.group_by("step").len().sort("step").rows()[0] == (0, 3)
    saved = load_file(tmp_path / "teacher" / "model" / "model.safetensors")
    assert {str(tensor.dtype) for tensor in saved.values()} == {"torch.bfloat16"}  # as its base
    assert "lm_head.weight" not in saved
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "teacher" / "model")


def test_the_same_draws_are_learned_from_more_than_once(base: Path, tmp_path: Path):
    """Three steps from each generation: draws are made, and kept, at every third step."""
    settings = {"num_iterations": 3, "steps": 7, "save_steps": 3, "held_out": 0, "epsilon": 0.1}
    log = improved(base, tmp_path, **settings)
    assert [entry["step"] for entry in log if "loss" in entry] == [*range(1, 8)]
    kept = pl.read_parquet(RunFolder(tmp_path).rollouts(STAGE) / "*.parquet")
    assert kept.group_by("step").len().sort("step").rows() == [(1, 8), (4, 8), (7, 8)]


def test_devices_that_do_not_divide_a_step_are_refused(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sft.devices.gpus", lambda: 3)
    with pytest.raises(RecipeError, match="8 rows cannot be made of 1 at a time on each of 3"):
        improved(base, tmp_path)
