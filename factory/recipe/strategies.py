"""How questions are put, and how long the teacher thinks: strategies of the `sampling` part."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from factory.recipe.strict import Strict


class Thinking(Strict):
    """How long the teacher thinks; needs an engine that continues a begun answer."""

    min_tokens: int = Field(0, ge=0)
    """Tokens of thinking below which its end is replaced by `wait`, as in s1 (arXiv 2501.19393)."""
    max_waits: int = Field(2, ge=0)
    """How many times that is done at most in a draw."""
    wait: str = Field("Wait", min_length=1)
    """What replaces the end of the thinking."""
    max_tokens: int | None = Field(None, ge=1)
    """Tokens of thinking at which its end is forced; left out: no cap but that of the draw."""
    end: str = Field("\n</think>\n\n", pattern=r"</think>")
    """What is written there to end it."""


QUESTION = "{question}"


class When(Strict):
    """Which prompts a strategy is for: those that meet all that is named."""

    domains: list[str] = Field(default_factory=list)
    """Their domain is one of these: math, code, stem, logic, general."""
    sources: list[str] = Field(default_factory=list)
    """Their source is one of these."""
    languages: list[str] = Field(default_factory=list)
    """Their language is one of these."""
    min_words: int = Field(0, ge=0)
    """The question has at least so many words."""
    max_words: int | None = Field(None, ge=1)
    """The question has at most so many words."""
    share: float = Field(1.0, gt=0, le=1)
    """Share of the prompts that meet the rest, chosen by lot, 0 to 1."""


class Strategy(Strict):
    """How a question is put to the teacher; the dataset's rows keep the plain question."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What rows say of how they were asked for."""
    template: Literal["few_shot", "reflect", "boxed", "think_first", "no_thinking"] | None = None
    """A ready text for system, question and prefill, where these are left out."""
    when: When = When()
    """Which prompts it is for; left out: all."""
    system: str | None = None
    """System turn before the conversation."""
    question: str | None = None
    """The last user turn, with {question} where the question stands."""
    prefill: str | None = None
    """What the teacher's answer begins with; needs an engine that continues a begun answer."""
    examples: str | None = None
    """JSONL file (relative to the recipe) of shown turns, each with `question` and `answer`."""
    shots: int = Field(2, ge=1)
    """How many of the examples are shown, the first ones."""
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """What the chat template is told besides, as `reasoning_effort: high`."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of a request to an endpoint, as `reasoning_effort: high`."""
    thinking: Thinking | None = None
    """How long the teacher thinks; left out: as `sampling.thinking` says."""
    beside: bool = False
    """Its prompts are asked by it as well as by the first strategy that fits, with as many draws:
    so one teacher answers them at several efforts. Target and budget count for each."""

    @field_validator("question")
    @classmethod
    def _asks(cls, question: str | None) -> str | None:
        if question is not None and QUESTION not in question:
            raise ValueError(f"expected a text with {QUESTION} in it, where the question goes")
        return question
