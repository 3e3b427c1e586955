"""Options of reinforcement learning, by the names that TRL's GRPOConfig has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from factory.recipe.models import Held

Loss = Literal["grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo", "vespo"]

_STEP = "a step is all draws of `prompts_per_step` prompts, `draws` of each, over all devices"
ELSEWHERE: Mapping[str, str] = {
    "max_prompt_length": "TRL has removed it, and no prompt is cut here: one that leaves no room "
    "for `max_tokens` in the model's context is set aside and counted. Leave it out",
    "num_generations": "it is called `draws` here",
    "max_completion_length": "it is called `max_tokens` here",
    "max_steps": "it is called `steps` here",
    "num_train_epochs": "say `steps`: rows / prompts_per_step of them are one pass",
    "per_device_train_batch_size": "it is called `device_batch_size` here",
    "gradient_accumulation_steps": f"say `prompts_per_step` and `device_batch_size`: {_STEP}",
    "generation_batch_size": f"say `prompts_per_step`: {_STEP}",
    "steps_per_generation": f"say `prompts_per_step`, and `num_iterations` to learn from draws "
    f"more than once: {_STEP}",
    "eval_steps": "it is called `evaluate_every` here",
    "warmup_ratio": "transformers has removed it: it is called `warmup` here, a share of the steps",
    "warmup_steps": "it is called `warmup` here, a share of the steps",
    "bf16": "it is called `dtype` here",
    "use_vllm": "vLLM draws on GPUs, transformers on CPUs: leave it out, or `vllm_mode: off`",
    "vllm_gpu_memory_utilization": "it is called `vllm_memory` here",
    "vllm_device": "TRL has removed it: vLLM shares the GPUs, or is a server: `vllm_mode`",
    "vllm_importance_sampling_cap": "TRL has renamed it: `vllm_importance_sampling_clip_max`",
    "use_liger_loss": "TRL has removed it. Leave it out",
    "reward_weights": "weights stand under `rewards`, by name",
    "reward_funcs": "rewards stand under `rewards`, by name",
    "top_p": "draws are the policy's own, at top_p 1: else their probabilities are not those "
    "learned from. Leave it out",
    "top_k": "draws are the policy's own, at top_k 0: else their probabilities are not those "
    "learned from. Leave it out",
    "log_completions": "all draws are kept, in `rollouts`. Leave it out",
    "run_name": "the recipe has a `name`. Leave it out",
    "logging_steps": "every step is logged. Leave it out",
    "output_dir": "the run has a folder for it. Leave it out",
}
"""Options of TRL, now or once, that are something else here: what to say in their stead."""


class Options(Held):
    """What TRL may be told of the loss, the optimiser and vLLM beside the usual."""

    loss_type: Loss = "dapo"
    """How the losses of tokens are averaged: `dapo` over all tokens of a step, `grpo` within each
    draw first (the paper's, prefers short right draws), `dr_grpo` by a constant; the others by
    their papers, as TRL's page on GRPO has them."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """By whose spread an advantage is divided: that of its prompt's draws (the paper), of the
    step's, or by nothing (Dr. GRPO, arXiv 2503.20783)."""
    multi_objective_aggregation: Literal["sum_then_normalize", "normalize_then_sum"] = (
        "sum_then_normalize"
    )
    """Whether rewards are summed before they are compared within a group, or after (GDPO, arXiv
    2601.05242)."""
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """Whose probability ratio is clipped: each token's, or that of whole draws (GSPO, arXiv
    2507.18071)."""
    epsilon: float = Field(0.2, gt=0)
    """How far below 1 a ratio to the policy that drew counts. It matters with `num_iterations`
    above 1 only: before that, ratios are 1."""
    epsilon_high: float | None = Field(None, gt=0)
    """How far above 1; left out: as `epsilon`. DAPO's clip-higher is 0.28; `cispo`: about 5."""
    delta: float | None = Field(None, gt=1)
    """Largest ratio that counts where an advantage is negative; left out: none (INTELLECT-2)."""
    mask_truncated_completions: bool = False
    """Leave draws that `max_tokens` cut out of the loss (DAPO), instead of punishing them."""
    num_iterations: int = Field(1, ge=1)
    """Optimiser steps that learn from the same draws; `save_steps` is a multiple of it."""
    top_entropy_quantile: float = Field(1.0, ge=0, le=1)
    """Share of tokens, the least certain ones first, that are in the loss, 0 to 1 (arXiv
    2506.01939: 0.2)."""
    entropy_coef: float = Field(0.0, ge=0)
    """Weight of the tokens' mean entropy, as a bonus; 0: none."""
    use_adaptive_entropy: bool = False
    """Move `entropy_coef` each step so that the entropy stays at `entropy_target` (Skywork-OR1)."""
    entropy_target: float = Field(0.2, gt=0)
    """Mean entropy of a token, in nats, at or below which the bonus counts."""
    off_policy_mask_threshold: float | None = Field(None, gt=0)
    """Divergence from the policy that drew, beyond which bad draws are left out; left out: none
    (DeepSeek-V3.2)."""
    use_bias_correction_kl: bool = True
    """Weigh the divergence of `beta` by the ratio to the policy that drew (DeepSeek-V3.2)."""
    sync_ref_model: bool = False
    """With `beta`: move the reference model after the policy now and then."""
    ref_model_sync_steps: int = Field(512, ge=1)
    """Steps between two of these moves."""
    ref_model_mixup_alpha: float = Field(0.6, ge=0, le=1)
    """How far it is moved, 1: all the way."""
    lr_scheduler_type: Literal["constant", "constant_with_warmup", "linear", "cosine"] = "constant"
    """How the learning rate falls after its peak."""
    warmup: float = Field(0.0, ge=0, lt=1)
    """Share of the steps over which the learning rate rises, 0 to 1; not with `constant`."""
    adam_beta1: float = Field(0.9, ge=0, lt=1)
    """AdamW's decay of the mean of gradients."""
    adam_beta2: float = Field(0.999, ge=0, lt=1)
    """AdamW's decay of the mean of their squares."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay."""
    max_grad_norm: float = Field(1.0, gt=0)
    """Largest norm of a step's gradient; larger ones are scaled down to it."""
    vllm_mode: Literal["colocate", "server", "off"] = "colocate"
    """On GPUs: vLLM in the trainer's processes, as a server (`trl vllm-serve`), or transformers in
    its stead."""
    vllm_server_base_url: str | None = None
    """Address of that server, as `http://node7:8000`."""
    vllm_tensor_parallel_size: int = Field(1, ge=1)
    """GPUs that one vLLM is spread over, where it shares the trainer's."""
    vllm_enable_sleep_mode: bool = False
    """Put vLLM's weights and cache into main memory while the policy learns."""
    vllm_importance_sampling_mode: Literal[
        "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"
    ] = "token_truncate"
    """How the difference between vLLM's probabilities and the trainer's is made good. By `sequence`
    most long draws weigh next to nothing (trl #5814)."""
    vllm_importance_sampling_clip_max: float = Field(3.0, gt=0)
    """Largest weight in that."""
    save_total_limit: int = Field(1, ge=1)
    """Newest checkpoints that are kept, each of three times the weights' size."""
    report_to: Literal["none", "tensorboard", "trackio", "wandb"] = "none"
    """Where the log goes beside the run's folder, while it trains; it must be installed."""

    @model_validator(mode="before")
    @classmethod
    def _said_otherwise(cls, told: Any) -> Any:
        for name in told if isinstance(told, Mapping) else ():
            if name in ELSEWHERE and name not in cls.model_fields:
                raise ValueError(f"`{name}` is no key of this recipe: {ELSEWHERE[name]}")
        return told

    @model_validator(mode="after")
    def _options_agree(self) -> Self:
        if self.loss_type == "luspo" and self.importance_sampling_level != "sequence":
            raise ValueError("loss_type luspo needs importance_sampling_level: sequence")
        if self.warmup and self.lr_scheduler_type == "constant":
            raise ValueError(
                "lr_scheduler_type constant has no warmup: write constant_with_warmup, or leave "
                "warmup out"
            )
        if (self.vllm_mode == "server") != (self.vllm_server_base_url is not None):
            raise ValueError("vllm_mode: server and vllm_server_base_url belong together")
        return self
