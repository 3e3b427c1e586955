"""How the teacher is asked: the `sampling` part of a recipe."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.recipe.strict import Strict
from filters.watch import Stops


class Fixed(Strict):
    """The same number of draws for each prompt."""

    draws: int = Field(4, ge=1)
    """Draws of each prompt."""


class Until(Strict):
    """Draws until enough are correct, or too many were made."""

    accepted: int = Field(1, ge=1)
    """Correct draws after which a prompt gets no more."""
    max_draws: int = Field(4, ge=1)
    """Draws after which a prompt gets no more."""


class Adaptive(Strict):
    """Draws where they can become accepted samples, by what the run has learned of each source."""

    accepted: int = Field(1, ge=1, le=64)
    """Correct draws after which a prompt gets no more."""
    max_draws: int = Field(16, ge=1, le=256)
    """Draws after which a prompt gets no more."""
    min_chance: float = Field(0.05, ge=0, lt=1)
    """Chance that the next draw is correct, 0 to 1, below which a prompt is hopeless."""


class Policy(Strict):
    """Who gets another draw; name exactly one."""

    fixed: Fixed | None = None
    """The same number for each prompt."""
    until: Until | None = None
    """Until enough are correct."""
    adaptive: Adaptive | None = None
    """Until enough are correct or more is not worth its tokens."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(part is not None for part in (self.fixed, self.until, self.adaptive)) != 1:
            raise ValueError("name exactly one policy: fixed, until or adaptive")
        return self

    @property
    def accepted(self) -> int | None:
        """Correct draws after which a prompt gets no more; None where that does not matter."""
        rule = self.until or self.adaptive
        return rule.accepted if rule else None

    @property
    def max_draws(self) -> int:
        """Most draws a prompt can get."""
        rule = self.until or self.adaptive
        return rule.max_draws if rule else self.fixed.draws  # pyrefly: ignore

    @property
    def sure_draws(self) -> int:
        """Draws that every prompt gets, whatever comes of them: these alone are not selected."""
        if self.adaptive:
            return 1
        return min(self.accepted or self.max_draws, self.max_draws)


class Target(Strict):
    """What a run aims at, after which no draw is begun."""

    accepted: int = Field(ge=1)
    """Accepted rows: correct draws, of a prompt at most as many as the policy wants."""


class Budget(Strict):
    """What a run may spend at most, over all its sittings; whatever is left out has no bound."""

    draws: int | None = Field(None, ge=1)
    """Draws."""
    tokens: int | None = Field(None, ge=1)
    """Tokens of completions. What is in flight when it is spent is let go of."""
    hours: float | None = Field(None, gt=0)
    """Hours of sampling. What is in flight at their end is let go of."""


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

    @field_validator("question")
    @classmethod
    def _asks(cls, question: str | None) -> str | None:
        if question is not None and QUESTION not in question:
            raise ValueError(f"expected a text with {QUESTION} in it, where the question goes")
        return question


class Sampling(Strict):
    """How the teacher is asked."""

    engine_arguments: dict[str, Any] = Field(default_factory=dict)
    """Any of vLLM's engine arguments, by its name there."""
    engine_process: bool | None = None
    """Run vLLM in processes of its own (its async engine), as several replicas of
    `data_parallel_size` need; left out: on a GPU, where a step must not wait for Python."""
    cluster: Literal["ray"] | None = None
    """Sample on a Ray cluster, with engine replicas on its nodes; left out: on this machine."""
    replicas: int | None = Field(None, ge=1)
    """Engine replicas on the cluster; left out: as many as its GPUs or nodes have room for."""
    shards: str | None = None
    """Where sealed draws go: any fsspec address, as s3://bucket/folder; left out: the run's folder.
    The journal of what is not sealed yet is always there."""
    policy: Policy = Policy(until=Until())
    """Who gets another draw."""
    target: Target | None = None
    """What ends the run before all prompts have had their draws."""
    budget: Budget = Budget()
    """What the run may spend."""
    strategies: list[Strategy] = Field(default_factory=list)
    """How questions are put; the first that fits a prompt is used, and none leaves it as it is."""
    thinking: Thinking | None = None
    """How long the teacher thinks; left out: as long as it likes."""
    stop: Stops = Stops()
    """Which doomed draws are stopped while they are written."""
    temperature: float = Field(0.6, ge=0)
    """Sampling temperature."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Share of the probability that is sampled from, 0 to 1."""
    max_tokens: int = Field(32768, ge=1)
    """Longest draw in tokens, thinking included."""
    logprobs: bool = False
    """Note how likely each draw was to the teacher, at a cost in speed: `factory attest` then tells
    rounded weights from these, too (docs/attest.md). vLLM on this machine only."""
    concurrency: int = Field(256, ge=1)
    """Draws that an engine works on at once."""
    grace: float = Field(30.0, ge=0)
    """Seconds that draws in flight are given to finish when the run is told to stop."""

    @property
    def is_aimed(self) -> bool:
        """Whether a target or a budget may end the run."""
        budget = self.budget
        bounds = (self.target, budget.draws, budget.tokens, budget.hours)
        return any(bound is not None for bound in bounds)

    @field_validator("strategies")
    @classmethod
    def _told_apart(cls, strategies: list[Strategy]) -> list[Strategy]:
        names = [strategy.name for strategy in strategies]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two strategies are called {', '.join(twice)}; give each its name")
        return strategies

    @model_validator(mode="before")
    @classmethod
    def _one_engine(cls, keys: Any) -> Any:
        if isinstance(keys, dict) and "engine" in keys:
            raise ValueError(
                "the key `engine` is gone, since it had one value: vLLM runs every model that is "
                "not behind an endpoint; take the line out"
            )
        return keys

    @model_validator(mode="after")
    def _room_to_answer(self) -> Self:
        cap = self.thinking.max_tokens if self.thinking else None
        if cap is not None and cap >= self.max_tokens:
            raise ValueError("thinking.max_tokens must leave room for the answer in max_tokens")
        if self.budget.tokens is not None and self.budget.tokens < self.max_tokens:
            raise ValueError("budget.tokens must allow for one draw of max_tokens at least")
        return self
