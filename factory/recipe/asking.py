"""How one model is asked, where that is not as `sampling` says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from factory.recipe.strict import Strict

StopWord = Annotated[str, Field(min_length=1)]
"""A text at which a draw ends."""


OPTIONS = ("top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty")
"""Sampling parameters that engines take by these names, and that are sent where they are set."""


class Asking(Strict):
    """Keys of `sampling` for one model; what is left out is as there."""

    temperature: float | None = Field(None, ge=0)
    """Sampling temperature."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Share of the probability that is sampled from, 0 to 1."""
    top_k: int | None = Field(None, ge=1)
    """Tokens that are sampled from, the likeliest ones."""
    min_p: float | None = Field(None, ge=0, le=1)
    """Least probability of a token that is sampled from, as a share of the likeliest one's."""
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    """Taken from the logit of each token that the draw has already."""
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    """The same, times how often it has it."""
    repetition_penalty: float | None = Field(None, gt=0, le=2)
    """Logits of tokens that prompt or draw have already are divided by it."""
    stop_words: list[StopWord] | None = None
    """Texts at which a draw ends, and that are no part of it."""
    max_tokens: int | None = Field(None, ge=1)
    """Longest draw in tokens, thinking included."""
    chat_template_kwargs: dict[str, Any] | None = None
    """What the chat template is told, beside what `sampling` tells it."""
    engine_arguments: dict[str, Any] | None = None
    """vLLM's engine arguments for this model, beside those of `sampling`."""

    @property
    def options(self) -> dict[str, Any]:
        """What of `OPTIONS` is set."""
        return {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}
