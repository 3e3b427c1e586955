"""Each setting of a recipe reaches TRL's configuration: of fine-tuning, and of GRPO."""

from pathlib import Path
from typing import Any

import pytest
import torch
from trl import GRPOConfig, SFTConfig

from factory.recipe.models import Training
from factory.recipe.teacher import Grpo
from sft import train
from sft.devices import dtype
from teacher import grpo

pytestmark = pytest.mark.xdist_group("engine")


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has torch believe in so many GPUs; TRL's own look for them is left out."""

    def pretend(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        for config in (SFTConfig, GRPOConfig):
            monkeypatch.setattr(config, "__post_init__", lambda self: None)
            monkeypatch.setattr(config, "n_gpu", count)

    return pretend


FINE_TUNING: list[tuple[str, Any, dict[str, Any]]] = [
    ("epochs", 7, {"num_train_epochs": 7}),
    (
        "batch_size",
        48,
        {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 48},
    ),
    (
        "device_batch_size",
        4,
        {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 4},
    ),
    ("learning_rate", 3e-4, {"learning_rate": 3e-4}),
    ("schedule", "linear", {"lr_scheduler_type": "linear"}),
    ("warmup", 0.2, {"warmup_steps": 0.2}),
    ("weight_decay", 0.1, {"weight_decay": 0.1}),
    ("save_steps", 11, {"save_steps": 11}),
    ("dtype", "bfloat16", {"bf16": False}),
    # Rows are dropped by their length, and never cut by the trainer.
    ("max_length", 1024, {"max_length": None}),
]


@pytest.mark.parametrize(("key", "value", "told"), FINE_TUNING)
def test_of_fine_tuning(key: str, value: Any, told: dict[str, Any], tmp_path: Path):
    settings = train.arguments(Training.model_validate({key: value}), 5, tmp_path)
    assert {name: getattr(settings, name) for name in told} == told
    assert (settings.seed, settings.save_total_limit, settings.packing) == (5, 1, False)


def test_of_fine_tuning_all_keys_are_in_the_table():
    # `devices` are processes, started before a configuration is made: tests/sft/test_processes.py
    assert {key for key, *_ in FINE_TUNING} | {"devices"} == set(Training.model_fields)


REINFORCING: list[tuple[str, Any, dict[str, Any]]] = [
    ("steps", 7, {"max_steps": 7}),
    (
        "prompts_per_step",
        4,
        {
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 32,
            "steps_per_generation": 32,
            "generation_batch_size": 32,
            "per_device_eval_batch_size": 4,
        },
    ),
    ("draws", 4, {"num_generations": 4, "generation_batch_size": 64}),
    (
        "device_batch_size",
        8,
        {
            "per_device_train_batch_size": 8,
            "gradient_accumulation_steps": 16,
            "steps_per_generation": 16,
            "generation_batch_size": 128,
            "per_device_eval_batch_size": 16,
        },
    ),
    ("learning_rate", 3e-4, {"learning_rate": 3e-4, "lr_scheduler_type": "constant"}),
    ("beta", 0.1, {"beta": 0.1}),
    ("temperature", 0.9, {"temperature": 0.9, "top_p": 1.0, "top_k": 0}),
    ("max_tokens", 77, {"max_completion_length": 77}),
    ("rewards", {"accuracy": 1.0, "format": 0.5}, {"reward_weights": [1.0, 0.5]}),
    ("rewards", {"accuracy": 0.7, "format": 0}, {"reward_weights": [0.7]}),
    ("evaluate_every", 3, {"eval_steps": 3, "eval_strategy": "steps"}),
    ("save_steps", 11, {"save_steps": 11}),
    ("dtype", "bfloat16", {"model_init_kwargs": {"dtype": "bfloat16", "device_map": None}}),
    ("vllm_memory", 0.4, {"use_vllm": False}),  # on a CPU transformers draws
    ("warmup", 0.1, {"warmup_steps": 0.1}),
    ("loss_type", "dr_grpo", {"loss_type": "dr_grpo"}),
    ("scale_rewards", "none", {"scale_rewards": "none"}),
    ("multi_objective_aggregation", "normalize_then_sum", {}),
    ("importance_sampling_level", "sequence", {}),
    ("epsilon", 0.1, {"epsilon": 0.1}),
    ("epsilon_high", 0.28, {"epsilon": 0.2, "epsilon_high": 0.28}),
    ("delta", 2.0, {"delta": 2.0}),
    ("mask_truncated_completions", True, {"mask_truncated_completions": True}),
    ("num_iterations", 2, {"num_iterations": 2}),
    ("top_entropy_quantile", 0.2, {"top_entropy_quantile": 0.2}),
    ("entropy_coef", 0.01, {"entropy_coef": 0.01}),
    ("use_adaptive_entropy", True, {"use_adaptive_entropy": True}),
    ("entropy_target", 0.5, {"entropy_target": 0.5}),
    ("off_policy_mask_threshold", 0.5, {"off_policy_mask_threshold": 0.5}),
    ("use_bias_correction_kl", False, {"use_bias_correction_kl": False}),
    ("sync_ref_model", True, {"sync_ref_model": True}),
    ("ref_model_sync_steps", 400, {"ref_model_sync_steps": 400}),
    ("ref_model_mixup_alpha", 1.0, {"ref_model_mixup_alpha": 1.0}),
    ("lr_scheduler_type", "cosine", {"lr_scheduler_type": "cosine"}),
    ("adam_beta1", 0.8, {"adam_beta1": 0.8}),
    ("adam_beta2", 0.99, {"adam_beta2": 0.99}),
    ("weight_decay", 0.1, {"weight_decay": 0.1}),
    ("max_grad_norm", 0.1, {"max_grad_norm": 0.1}),
    ("save_total_limit", 3, {"save_total_limit": 3}),
    ("report_to", "none", {"report_to": []}),
    # Of vLLM nothing is told on a CPU.
    ("vllm_mode", "off", {"use_vllm": False}),
    ("vllm_server_base_url", "http://node7:8000", {"use_vllm": False}),
    ("vllm_tensor_parallel_size", 2, {"use_vllm": False}),
    ("vllm_enable_sleep_mode", True, {"use_vllm": False}),
    ("vllm_importance_sampling_mode", "token_mask", {"use_vllm": False}),
    ("vllm_importance_sampling_clip_max", 2.0, {"use_vllm": False}),
]
TOGETHER = {
    "warmup": {"lr_scheduler_type": "cosine"},
    "vllm_server_base_url": {"vllm_mode": "server"},
}
"""What else must be said with a key."""


LOOKED_AT = {"devices", "domains", "held_out", "watched_by", "rest"}


@pytest.mark.parametrize(("key", "value", "told"), REINFORCING)
def test_of_grpo(key: str, value: Any, told: dict[str, Any], tmp_path: Path):
    wanted = Grpo.model_validate({key: value} | TOGETHER.get(key, {}))
    settings = grpo.arguments(wanted, 5, tmp_path, evaluate=True)
    assert {name: getattr(settings, name) for name in told} == told
    assert settings.seed == 5


def test_of_grpo_all_keys_are_in_the_table():
    # `devices` as above; the others are for who looks on, and for which prompts come when.
    assert {key for key, *_ in REINFORCING} | LOOKED_AT == set(Grpo.model_fields)


def test_tiny_models_are_held_whole(tmp_path: Path):
    """Accumulating would only cost time."""
    settings = train.arguments(Training(), 5, tmp_path, tiny=True)
    assert settings.per_device_train_batch_size == 16
    settings = grpo.arguments(Grpo(), 5, tmp_path, evaluate=True, tiny=True)
    assert settings.per_device_train_batch_size == settings.per_device_eval_batch_size == 128


@pytest.mark.parametrize(
    ("processes", "held", "turns"), [(1, 2, 32), (2, 2, 16), (8, 2, 4), (32, 2, 1)]
)
def test_a_step_sees_as_many_rows_on_any_number_of_devices(
    processes: int, held: int, turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sft.devices.processes", lambda: processes)
    settings = train.arguments(Training(batch_size=64, device_batch_size=2), 5, tmp_path)
    given = settings.per_device_train_batch_size, settings.gradient_accumulation_steps
    assert given == (held, turns)


class TestOnGpus:
    @pytest.mark.parametrize(
        ("wanted", "weights", "autocast"),
        [(None, "bfloat16", False), ("bfloat16", "bfloat16", False), ("float32", "float32", True)],
    )
    def test_weights_are_bfloat16_unless_asked(
        self, wanted: Any, weights: str, autocast: bool, gpus: Any, tmp_path: Path
    ):
        gpus(1)
        training = Training(dtype=wanted)
        settings = train.arguments(training, 5, tmp_path)
        assert dtype(training) == weights
        assert (settings.bf16, settings.use_cpu) == (autocast, False)
        assert settings.gradient_checkpointing

    def test_a_process_never_takes_more_than_one(self, gpus: Any, tmp_path: Path):
        """Else nn.DataParallel would make 512 rows of 64."""
        gpus(8)
        assert train.arguments(Training(), 5, tmp_path)._n_gpu == 1
        assert grpo.arguments(Grpo(), 5, tmp_path, evaluate=False)._n_gpu == 1

    def test_vllm_draws_in_its_share_of_memory(self, gpus: Any, tmp_path: Path):
        gpus(1)
        settings = grpo.arguments(Grpo(vllm_memory=0.4), 5, tmp_path, evaluate=True)
        assert (settings.use_vllm, settings.vllm_mode) == (True, "colocate")
        assert settings.vllm_gpu_memory_utilization == 0.4
        assert settings.vllm_importance_sampling_mode == "token_truncate"

    def test_with_fsdp2_checkpointing_is_its_own(
        self, gpus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        gpus(8)
        monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
        assert not train.arguments(Training(), 5, tmp_path).gradient_checkpointing
