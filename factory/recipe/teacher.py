"""Who writes the samples: the `teacher` part of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from factory.errors import nearest
from factory.recipe import own_code
from factory.recipe.asking import Asking
from factory.recipe.models import Model, Tiny, Weights
from factory.recipe.reinforcing import Options
from factory.recipe.served import Served
from factory.recipe.strict import Strict

Weight = Annotated[float, Field(ge=0)]


class Rewards(Strict):
    """Weights of the rewards that are added up; 0 leaves one out. Further keys name functions of
    your own as `module:function` (docs/verifiers.md)."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]  # pyrefly: ignore

    accuracy: float = Field(1.0, ge=0)
    """Weight of a correct final answer."""
    format: float = Field(0.2, ge=0)
    """Weight of thinking inside its tags, with one final answer after them."""
    language: float = Field(0.0, ge=0)
    """Weight of the share of letters in the question's language, 0 to 1, in thinking and response,
    as the filter `language` measures it (DeepSeek-R1, arXiv 2501.12948, 2.3.2, for words)."""
    length: float = Field(0.0, ge=0)
    """Weight of a penalty near the longest draw: 0 up to four fifths of `max_tokens`, from there
    down to -1 (DAPO, arXiv 2503.14476, equation 13)."""

    @property
    def own(self) -> list[str]:
        """The functions of a person's own, by name."""
        return list(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _own_are_there(self, info: ValidationInfo) -> Self:
        known = list(type(self).model_fields)
        for name in self.own:
            if not own_code.there(name, info):
                listed = ", ".join(known)
                raise ValueError(
                    f"no reward is called {name!r}{nearest(name, known) or '.'} Known: {listed}, "
                    "or your own as module:function"
                )
        return self


class Grpo(Options):
    """Reinforcement learning on the train prompts, rewarded by the filters' own verifiers."""

    steps: int = Field(80, ge=1)
    """Optimiser steps."""
    prompts_per_step: int = Field(16, ge=1)
    """Prompts whose draws make one step."""
    draws: int = Field(8, ge=2)
    """Draws of each prompt: the group whose mean reward is the baseline."""
    learning_rate: float = Field(1e-6, gt=0)
    """Peak learning rate."""
    beta: float = Field(0.0, ge=0)
    """Weight of the divergence from the starting model; 0 keeps no reference model. DeepSeek-R1 has
    0.001."""
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
    watched_by: Literal["math", "numeric", "choice", "exact"] | None = None
    """Verifier that judges held-out draws beside the rewards, so that rewards which rise without it
    are noticed; left out: each prompt's own."""
    rest: int = Field(0, ge=0)
    """Passes over the prompts that one sits out after all or none of its draws were right, since
    such a group teaches nothing; 0: none does."""
    save_steps: int = Field(20, ge=1)
    """Steps between two checkpoints, from which a killed training goes on with new draws."""

    @property
    def completions(self) -> int:
        """Draws that make one step, over all devices."""
        return self.prompts_per_step * self.draws

    @model_validator(mode="after")
    def _divides(self) -> Self:
        self.shares(self.completions, self.devices or 1, whole=self.device_batch_size is None)
        if self.save_steps % self.num_iterations:
            raise ValueError(
                f"save_steps {self.save_steps} is no multiple of num_iterations "
                f"{self.num_iterations}: a training cannot go on amid the steps of the same draws"
            )
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
