"""Who learns from the dataset and how models are examined: two parts of a recipe."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from factory.recipe.asking import Asking
from factory.recipe.models import Model, Training
from factory.recipe.strict import Strict


class Student(Strict):
    """The small model that learns from the dataset."""

    base: Model
    """The model to start from."""
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

    @model_validator(mode="before")
    @classmethod
    def _template_of_the_base(cls, told: Any) -> Any:
        """Recipes that older runs hold have the key."""
        if not isinstance(told, dict) or "template" not in told:
            return told
        if told["template"] is not None:
            raise ValueError(
                "the key `template` is gone, since every model may have one: write it beside the "
                f"base's path, as base: {{path: NAME, template: {told['template']}}}"
            )
        return {key: value for key, value in told.items() if key != "template"}


class Evaluate(Asking):
    """How each model is examined on the held-out prompts; what is left out is as in `sampling`."""

    draws: int = Field(4, ge=1)
    """Answers of each prompt; pass@1 is their mean."""
