"""Who learns from the dataset and how models are examined: two parts of a recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from factory.recipe.asking import Asking
from factory.recipe.models import Model, Training
from factory.recipe.strict import Strict


class Student(Strict):
    """The small model that learns from the dataset."""

    base: Model
    """The model to start from."""
    template: Literal["chatml", "llama3", "deepseek"] | None = None
    """Chat template to train and save; left out: the one whose end token the tokenizer knows."""
    training: Training = Training()
    """How it is trained."""
    control: bool = True
    """Train the same student on as many unfiltered samples too, to see what filtering brings."""


class Evaluate(Asking):
    """How each model is examined on the held-out prompts; what is left out is as in `sampling`."""

    draws: int = Field(4, ge=1)
    """Answers of each prompt; pass@1 is their mean."""
