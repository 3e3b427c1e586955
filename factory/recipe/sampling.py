"""How the teacher is asked: the `sampling` part of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.recipe.asking import Asking, StopWord
from factory.recipe.strategies import Strategy, Thinking
from factory.recipe.strict import Strict
from filters.watch import Stops

Wrong = Annotated[int, Field(ge=1)]
"""A number of wrong draws: 1 and more."""


class Fixed(Strict):
    """The same number of draws for each prompt."""

    draws: int = Field(4, ge=1)
    """Draws of each prompt."""


GiveUp = Wrong | Annotated[list[Wrong], Field(min_length=1)]
"""Wrong draws after which a prompt is given up; a list: by how many are correct so far."""


class Until(Strict):
    """Draws until enough are correct, too many were made, or too many of them are wrong."""

    accepted: int = Field(1, ge=1)
    """Correct draws after which a prompt gets no more."""
    max_draws: int = Field(4, ge=1)
    """Draws after which a prompt gets no more."""
    give_up: GiveUp | None = None
    """Wrong draws after which a prompt gets no more. A list says it by how many are correct so far,
    from none on, and its last number counts for all more. Left out: wrong ones do not matter."""
    give_up_by_source: dict[str, GiveUp] = Field(default_factory=dict)
    """The same for the prompts of one source, by its name, in place of `give_up`."""

    @model_validator(mode="after")
    def _each_counts(self) -> Self:
        for wrong in (self.give_up, *self.give_up_by_source.values()):
            if isinstance(wrong, list) and len(wrong) > self.accepted:
                raise ValueError(
                    f"give_up has {len(wrong)} numbers, for prompts with 0, 1, 2, … correct draws; "
                    f"with accepted: {self.accepted}, only the first {self.accepted} can count"
                )
        return self


class Policy(Strict):
    """Who gets another draw; name exactly one."""

    fixed: Fixed | None = None
    """The same number for each prompt."""
    until: Until | None = None
    """Until enough are correct."""

    @model_validator(mode="before")
    @classmethod
    def _no_adaptive(cls, told: Any) -> Any:
        """Recipes that older runs hold have the key."""
        if not isinstance(told, dict) or "adaptive" not in told:
            return told
        if told["adaptive"] is not None:
            raise ValueError(
                "the policy adaptive is gone, as until with give_up needs fewer tokens: write "
                "until: {accepted: 1, max_draws: 16, give_up: 4} with your numbers, and "
                "give_up_by_source: {NAME: 1} for a source that is hopeless (docs/sampling.md)"
            )
        return {key: rule for key, rule in told.items() if key != "adaptive"}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.fixed is None) == (self.until is None):
            raise ValueError("name exactly one policy: fixed or until")
        return self

    @property
    def accepted(self) -> int | None:
        """Correct draws after which a prompt gets no more; None where that does not matter."""
        return self.until.accepted if self.until else None

    @property
    def max_draws(self) -> int:
        """Most draws a prompt can get."""
        return self.until.max_draws if self.until else self.fixed.draws  # pyrefly: ignore


class Target(Strict):
    """What a run aims at, after which no draw is begun."""

    accepted: int = Field(ge=1)
    """Accepted rows: correct draws, of a prompt at most as many as the policy wants."""


class Budget(Strict):
    """What a run may spend at most, over all its sittings; whatever is left out has no bound."""

    draws: int | None = Field(None, ge=1)
    """Draws."""
    tokens: int | None = Field(None, ge=1)
    """Tokens of completions: a draw begins only if all in flight may still run to `max_tokens`."""
    hours: float | None = Field(None, gt=0)
    """Hours of sampling. Draws in flight at their end are dropped and not counted."""


class Sampling(Asking):
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
    stop_words: list[StopWord] = Field(default_factory=list)
    """Texts at which a draw ends, and that are no part of it."""
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """What the chat template is told, as `enable_thinking: false`."""
    seeded: bool | None = None
    """Give each draw a seed; left out: on CPUs and at endpoints. On a GPU vLLM leaves its fast
    sampler for seeded draws, and they are not exactly the same again either way."""
    max_tokens: int = Field(32768, ge=1)
    """Longest draw in tokens, thinking included."""
    logprobs: bool = False
    """Note how likely each draw was to the teacher, at a cost in speed: `factory attest` then tells
    rounded weights from these, too (docs/attest.md). vLLM on this machine only."""
    concurrency: int = Field(256, ge=1)
    """Draws that an engine works on at once."""
    grace: float = Field(30.0, ge=0)
    """Seconds that draws in flight are given to finish when the run is told to stop."""

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

    def asking(self, own: Asking | None) -> Sampling:
        """The same where a model is asked otherwise; its engine and template arguments are added.

        Raises:
            ValueError: when the two do not go together.
        """
        if own is None:
            return self
        changed = own.model_dump(include=set(Asking.model_fields), exclude_none=True)
        for added in ("engine_arguments", "chat_template_kwargs"):
            changed[added] = getattr(self, added) | changed.get(added, {})
        return Sampling.model_validate(self.model_dump() | changed)
