"""What TRL is told of a recipe's reinforcement learning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from factory.recipe.reinforcing import Options
from factory.recipe.teacher import Grpo
from sft import devices

SAME = (
    "loss_type",
    "scale_rewards",
    "multi_objective_aggregation",
    "importance_sampling_level",
    "epsilon",
    "epsilon_high",
    "delta",
    "mask_truncated_completions",
    "num_iterations",
    "top_entropy_quantile",
    "entropy_coef",
    "use_adaptive_entropy",
    "entropy_target",
    "off_policy_mask_threshold",
    "use_bias_correction_kl",
    "sync_ref_model",
    "ref_model_sync_steps",
    "ref_model_mixup_alpha",
    "lr_scheduler_type",
    "adam_beta1",
    "adam_beta2",
    "weight_decay",
    "max_grad_norm",
    "save_total_limit",
    "report_to",
    "learning_rate",
    "beta",
    "temperature",
    "save_steps",
)
"""Keys of a recipe that TRL has by the same names."""
OF_VLLM = tuple(name for name in Options.model_fields if name.startswith("vllm_"))


def weights(grpo: Grpo) -> dict[str, float]:
    """Rewards that count, by name, with their weights at the first step."""
    return {name: each.at(0) for name, each in grpo.rewards.weighed.items()}


def arguments(
    grpo: Grpo,
    seed: int,
    checkpoints: Path,
    *,
    evaluate: bool,
    tiny: bool = False,
    resumed: bool = False,
) -> Any:
    """What TRL is told, in a process of this training.

    Args:
        resumed: the model was examined before its first step already.

    Raises:
        RecipeError: the devices do not divide a step's draws.
    """
    from trl import GRPOConfig

    from sft.trainer import device_settings, one_device

    configured = GRPOConfig(
        output_dir=str(checkpoints),
        # TRL would spread the model over the GPUs that a process sees.
        model_init_kwargs={"dtype": grpo.dtype, "device_map": None},
        max_steps=grpo.steps,
        num_generations=grpo.draws,
        num_generations_eval=1,
        max_completion_length=grpo.max_tokens,
        warmup_steps=grpo.warmup,
        top_p=1.0,
        top_k=0,
        reward_weights=list(weights(grpo).values()),
        eval_strategy="steps" if evaluate else "no",
        eval_steps=grpo.evaluate_every,
        eval_on_start=evaluate and not resumed,
        logging_steps=1,
        seed=seed,
        **device_settings(grpo.dtype)
        | _shares(grpo, tiny)
        | _vllm(grpo)
        | grpo.model_dump(include={*SAME}),
    )
    return one_device(configured)


def _shares(grpo: Grpo, tiny: bool) -> dict[str, Any]:
    """Draws that a device holds at once, and how often in turn."""
    held, turns = devices.shares(grpo, grpo.completions, devices.processes(), tiny=tiny)
    return {
        "per_device_train_batch_size": held,
        "gradient_accumulation_steps": turns,
        # All draws of a step are made at once, and then trained on in turns.
        "steps_per_generation": turns,
        # Nothing is kept for a way back: as many at once as a step has prompts.
        "per_device_eval_batch_size": max(held, grpo.prompts_per_step),
    }


def _vllm(grpo: Grpo) -> dict[str, Any]:
    if not devices.gpus() or grpo.vllm_mode == "off":
        return {}
    told = grpo.model_dump(include={*OF_VLLM})
    return told | {"use_vllm": True, "vllm_gpu_memory_utilization": grpo.vllm_memory}


def lacking(grpos: Mapping[str, Grpo]) -> Iterator[str]:
    """What is not installed that the log is to go to, a line each, by the key in the recipe."""
    for key, grpo in grpos.items():
        if grpo.report_to != "none" and not find_spec(grpo.report_to):
            yield (
                f"{key}.report_to: {grpo.report_to} is not installed: `pip install "
                f"{grpo.report_to}`, or leave it out; the run has log and curves of its own"
            )
