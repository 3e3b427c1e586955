"""Sizes of a training divide, or the recipe is refused where they stand."""

from pathlib import Path

import pytest

from factory.errors import RecipeError
from factory.recipe import load
from factory.recipe.models import LONGEST, Training
from factory.recipe.teacher import Grpo

RECIPE = """name: a
prompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]
teacher:
  base: {tiny: qwen2}
  grpo: {GRPO}
student:
  base: {tiny: llama}
  training: {TRAINING}
"""


def refused(folder: Path, training: str = "", grpo: str = "") -> str:
    text = RECIPE.replace("TRAINING", training).replace("GRPO", grpo)
    (folder / "recipe.yaml").write_text(text)
    with pytest.raises(RecipeError) as caught:
        load(folder / "recipe.yaml")
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (
            "batch_size: 64, device_batch_size: 5",
            "a batch of 64 rows cannot be made of 5 at a time: expected a multiple of 5",
        ),
        (
            "batch_size: 64, device_batch_size: 4, devices: 3",
            "a batch of 64 rows cannot be made of 4 at a time on each of 3 devices: expected a "
            "multiple of 12",
        ),
        (
            "batch_size: 4, device_batch_size: 8",
            "a batch of 4 rows cannot be made of 8 at a time: expected a multiple of 8",
        ),
    ],
)
def test_of_fine_tuning(training: str, words: str, tmp_path: Path):
    assert refused(tmp_path, training) == f"recipe.yaml:8:13: student.training: {words}"


def test_of_grpo(tmp_path: Path):
    """Its batch are all draws of a step."""
    words = refused(tmp_path, grpo="prompts_per_step: 4, draws: 8, device_batch_size: 5")
    assert words == (
        "recipe.yaml:5:9: teacher.grpo: a batch of 32 rows cannot be made of 5 at a time: "
        "expected a multiple of 5"
    )


def test_a_batch_is_as_large_on_any_number_of_devices():
    training = Training(batch_size=64, device_batch_size=4)
    assert [training.shares(64, devices) for devices in (1, 2, 16)] == [(4, 16), (4, 8), (4, 1)]
    with pytest.raises(ValueError, match="multiple of 12"):
        training.shares(64, 3)


def test_left_out_a_device_holds_one_row_and_of_a_tiny_model_all():
    assert Training().shares(16, 1) == (1, 16)
    assert Training().shares(16, 1, whole=True) == (16, 1)
    assert Training().shares(16, 4, whole=True) == (4, 1)
    assert Grpo().shares(128, 1) == (1, 128)  # never all 128 draws


def test_left_out_rows_are_as_long_as_the_context_32768_at_most():
    assert Training().longest(2048) == 2048
    assert Training().longest(131_072) == Training().longest(None) == LONGEST == 32768
    assert Training(max_length=512).longest(2048) == 512


@pytest.mark.parametrize(
    ("grpo", "words"),
    [
        ("max_prompt_length: 256", "TRL has removed it, and no prompt is cut here"),
        ("num_generations: 16", "`num_generations` is no key of this recipe: it is called `draws`"),
        ("warmup_ratio: 0.1", "it is called `warmup` here"),
        ("top_p: 0.9", "draws are the policy's own, at top_p 1"),
        ("loss_type: luspo", "loss_type luspo needs importance_sampling_level: sequence"),
        ("warmup: 0.1", "constant has no warmup: write constant_with_warmup"),
        ("vllm_mode: server", "vllm_mode: server and vllm_server_base_url belong together"),
        ("num_iterations: 3", "save_steps 20 is no multiple of num_iterations 3"),
    ],
)
def test_what_trl_calls_otherwise_is_refused_by_name(grpo: str, words: str, tmp_path: Path):
    assert words in refused(tmp_path, grpo=grpo)


def test_off_is_a_word_and_no_truth_value(tmp_path: Path):
    text = RECIPE.replace("{TRAINING}", "{}").replace("{GRPO}", "{vllm_mode: off}")
    (tmp_path / "recipe.yaml").write_text(text)
    grpo = load(tmp_path / "recipe.yaml").teacher.grpo
    assert grpo
    assert grpo.vllm_mode == "off"
