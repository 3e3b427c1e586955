"""How the teacher is asked: the `sampling` part of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.sampler import policy
from factory.sampler.policy import Limits
from factory.sampler.strategies import Strategy
from factory.strict import Strict
from filters.watch import Stops


Wrong = Annotated[int, Field(ge=1)]
"""A number of wrong draws: 1 and more."""


class Fixed(Strict):
    """The same number of draws for each prompt."""

    draws: int = Field(4, ge=1)
    """Draws of each prompt."""


class Until(Strict):
    """Draws until enough are correct, too many were made, or too many of them are wrong."""

    accepted: int = Field(1, ge=1)
    """Correct draws after which a prompt gets no more."""
    max_draws: int = Field(4, ge=1)
    """Draws after which a prompt gets no more."""
    give_up: Wrong | Annotated[list[Wrong], Field(min_length=1)] | None = None
    """Wrong draws after which a prompt gets no more. A list says it by how many are correct so far,
    from none on, and its last number counts for all more. Left out: wrong ones do not matter."""

    @model_validator(mode="after")
    def _each_counts(self) -> Self:
        if isinstance(self.give_up, list) and len(self.give_up) > self.accepted:
            raise ValueError(
                f"give_up has {len(self.give_up)} numbers, for prompts with 0, 1, 2, … correct "
                f"draws; with accepted: {self.accepted}, at most {self.accepted} of them count"
            )
        return self

    def limits(self) -> Limits:
        """When a prompt has had enough."""
        wrong = [self.give_up] if isinstance(self.give_up, int) else self.give_up or []
        return policy.until(self.accepted, self.max_draws, wrong)


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
        return 1 if self.adaptive else policy.sure_draws(self.limits())

    def limits(self) -> Limits:
        """When a prompt has had enough, as long as nothing is known of its source."""
        if self.until:
            return self.until.limits()
        if self.adaptive:
            return policy.until(self.adaptive.accepted, self.adaptive.max_draws)
        return policy.fixed(self.max_draws)


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


class Sampling(Strict):
    """How the teacher is asked."""

    engine: Literal["vllm"] = "vllm"
    """What runs the model where it is not behind an endpoint."""
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

    @model_validator(mode="after")
    def _room_to_answer(self) -> Self:
        cap = self.thinking.max_tokens if self.thinking else None
        if cap is not None and cap >= self.max_tokens:
            raise ValueError("thinking.max_tokens must leave room for the answer in max_tokens")
        if self.budget.tokens is not None and self.budget.tokens < self.max_tokens:
            raise ValueError("budget.tokens must allow for one draw of max_tokens at least")
        return self
