"""Who writes the samples: the `teacher` part of a recipe."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from factory.recipe.asking import Asking
from factory.recipe.models import Held, Model, Tiny, Weights
from factory.recipe.rewards import Rewards
from factory.recipe.served import Served
from factory.recipe.strict import Strict


class Grpo(Held):
    """Reinforcement learning on the train prompts, rewarded by the filters' own verifiers."""

    steps: int = Field(80, ge=1)
    """Optimiser steps."""
    prompts_per_step: int = Field(16, ge=1)
    """Prompts whose draws make one step."""
    draws: int = Field(8, ge=2)
    """Draws of each prompt: the group whose mean reward is the baseline."""
    learning_rate: float = Field(1e-6, gt=0)
    """Learning rate, constant."""
    beta: float = Field(0.0, ge=0)
    """Weight of the divergence from the starting model; 0 keeps no reference model."""
    temperature: float = Field(1.0, gt=0)
    """Sampling temperature; top-p and top-k stay off, so that draws are the policy's own."""
    max_tokens: int = Field(1024, ge=1)
    """Longest draw in tokens."""
    dtype: Literal["bfloat16", "float32"] = "float32"
    """Numbers that weights, gradients and optimizer states are held in, at 8 or 16 bytes a weight
    (docs/students.md)."""
    vllm_memory: float = Field(0.3, gt=0, lt=1)
    """Share of each GPU's memory that vLLM may take to draw with, 0 to 1; without a GPU
    transformers draws."""
    rewards: Rewards = Rewards()
    """What is rewarded, by weight."""
    held_out: int = Field(128, ge=0)
    """Held-out prompts for the curve of pass@1, only looked at; 0 draws no curve."""
    evaluate_every: int = Field(10, ge=1)
    """Steps between two points of that curve."""
    save_steps: int = Field(20, ge=1)
    """Steps between two checkpoints, from which a killed training goes on with new draws."""

    @property
    def completions(self) -> int:
        """Draws that make one step, over all devices."""
        return self.prompts_per_step * self.draws

    @model_validator(mode="after")
    def _divides(self) -> Self:
        self.shares(self.completions, self.devices or 1, whole=self.device_batch_size is None)
        return self


class Teacher(Strict):
    """Who writes the samples: a model, improved by reinforcement learning if asked."""

    base: Model | Served
    """The model to start from."""
    grpo: Grpo | None = None
    """Reinforcement learning before it samples; left out: it samples as it is."""
    others: list[Weights | Served] = Field(default_factory=list)
    """Further models that answer the same prompts as they are; each row names its own."""

    @property
    def asked(self) -> Asking | None:
        """How the base is asked, where that is not as the sampling says."""
        return None if isinstance(self.base, Tiny) else self.base.sampling

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        if self.grpo and isinstance(self.base, Served):
            raise ValueError(
                "grpo trains the teacher, and a model behind an endpoint cannot be trained: "
                "leave grpo out, or name a base with `path` or `tiny`"
            )
        return self
