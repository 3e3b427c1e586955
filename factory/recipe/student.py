"""Who learns from the dataset and how models are examined: two parts of a recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from factory.recipe.models import Model, Training
from factory.recipe.strict import Strict


class Student(Strict):
    """The small model that learns from the dataset."""

    base: Model
    """The model to start from."""
    template: Literal["chatml", "llama3", "deepseek"] | None = None
    """Chat template to train and save; left out: the one whose end token the tokenizer knows."""
    context: int | None = Field(None, ge=64)
    """Tokens that the student is made for; left out: the base's. Longer needs a larger `rope_theta`
    or a base that was stretched."""
    rope_theta: float | None = Field(None, gt=0)
    """Base of its rotary positions; left out: the base model's. open-r1 has 300,000 for
    Qwen2.5-Math, whose own 10,000 serves 4,096 tokens."""
    training: Training = Training()
    """How it is trained."""
    control: bool = True
    """Train the same student on as many unfiltered samples too, to see what filtering brings."""


class Evaluate(Strict):
    """How each model is examined on the held-out prompts."""

    draws: int = Field(4, ge=1)
    """Answers of each prompt; pass@1 is their mean."""
    temperature: float | None = Field(None, ge=0)
    """Sampling temperature; left out: that of the sampling."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Share of the probability that is sampled from; left out: that of the sampling."""
    max_tokens: int | None = Field(None, ge=1)
    """Longest answer in tokens; left out: that of the sampling."""
