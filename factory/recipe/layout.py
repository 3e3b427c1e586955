"""Which columns of anybody's generations hold what: a mapping with the columns of samples."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from factory.recipe.mapping import Mapping

OF_SAMPLES = (
    "generation",
    "thinking",
    "finish_reason",
    "completion_tokens",
    "verdict",
    "verifier",
    "domain",
    "language",
    "teacher",
    "id",
)
"""The keys that a source of prompts has not."""


class Layout(Mapping):
    """Which columns hold what. The keys of a source's `columns`, and those of samples. Dots lead
    inside a column; `*` stands for every entry of a list: `completions.*.text`."""

    generation: str | None = None
    """Column with what the model wrote: a text, a turn, or a list of them, a sample each. Left out:
    the last turn of `messages`."""
    thinking: str | None = None
    """Column with the thinking, where it stands apart; it is put before the generation."""
    finish_reason: str | None = None
    """Column that says how the text ended, in a server's words: stop, length."""
    completion_tokens: str | None = None
    """Column with the tokens of the whole generation, as somebody counted them."""
    verdict: str | None = None
    """Column that says whether the sample is right: it is believed, and nothing is judged again."""
    verifier: str | None = None
    """Column with the name of the verifier of each row."""
    domain: str | None = None
    """Column with the domain: math, code, logic, stem, general."""
    language: str | None = None
    """Column with the language of the question, ISO 639-1."""
    teacher: str | None = None
    """Column with the name of the model that wrote the text."""
    id: str | None = None
    """Column with an id of the row."""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        """At most one of the three: a text may have no question that anybody knows."""
        ways = (self.question, self.compose, self.messages)
        if sum(way is not None for way in ways) > 1:
            raise ValueError("name one of `question`, `compose` and `messages`")
        if self.generation is None and self.messages is None:
            raise ValueError(
                "name `generation` (a column with what the model wrote), or `messages` (a column "
                "with a conversation that ends in it)"
            )
        return self

    @property
    def asks(self) -> bool:
        """Whether rows have a question."""
        return any(way is not None for way in (self.question, self.compose, self.messages))

    def columns(self) -> list[str]:
        """Every column that is read, each once; with dots where they lead inside."""
        named = [getattr(self, key) for key in OF_SAMPLES]
        return list(dict.fromkeys([*super().columns(), *(c for c in named if c is not None)]))
