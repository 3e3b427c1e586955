"""A model that judges: the `judge` part of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from factory.recipe.asking import Asking
from factory.recipe.models import Weights
from factory.recipe.sampling import Fixed, Policy, Sampling
from factory.recipe.served import Served
from factory.recipe.sources import ReasoningGym, Source

BY_A_MODEL = ("judge", "rubric")
"""Verifiers whose verdicts are the judge's."""
NO_JUDGE_THERE = "sampling.cluster: the engines of a cluster ask no judge: leave one of them out"


class Judge(Asking):
    """A model that is asked whether an answer says what the key says, where rules cannot tell."""

    model: Weights | Served
    """Behind an endpoint it is asked as each draw comes. By `path` it is asked after the draws,
    since the teacher has the machine before: then the policy is `fixed`."""
    votes: int = Field(1, ge=1)
    """Votes on each answer, of two questions each, as both texts come first once. More than half of
    the votes must agree."""
    concurrency: int = Field(64, ge=1)
    """Questions that it works on at once."""
    temperature: float = Field(0.6, ge=0)
    """Sampling temperature."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Share of the probability that is sampled from, 0 to 1."""
    max_tokens: int = Field(4096, ge=1)
    """Longest reply in tokens, thinking included; the verdict is its last line."""

    @model_validator(mode="after")
    def _asked_here(self) -> Self:
        if self.model.sampling:
            raise ValueError(
                "judge.model.sampling says how a teacher is asked; write these keys beside `model`"
            )
        return self

    @property
    def at_once(self) -> bool:
        """Whether it is asked as each draw comes."""
        return isinstance(self.model, Served)

    def asked(self) -> Sampling:
        """How its engine is run and asked."""
        told: dict[str, Any] = self.model_dump(include=set(Asking.model_fields), exclude_none=True)
        policy = Policy(fixed=Fixed(draws=1))
        return Sampling(**told, concurrency=self.concurrency, policy=policy)


def asks(source: Source) -> bool:
    """Whether a source's answers may come before the judge."""
    return source.verifier in BY_A_MODEL or rescues(source)


def rescues(source: Source) -> bool:
    """Whether the judge is asked where the source's verifier says no."""
    return not isinstance(source, ReasoningGym) and source.rescue is not None


def fault(
    judge: Judge | None, sources: list[Source], sampling: Sampling, rewards: Mapping[str, str]
) -> str | None:
    """Why this judge cannot judge these prompts, in words; None where it can.

    `rewards`: what asks it while a teacher is trained, by the key in the recipe.
    """
    asking = [source.label for source in sources if asks(source)]
    if rewards and not (judge and judge.at_once):
        key, what = next(iter(rewards.items()))
        return (
            f"{key}: {what} asks a judge while it trains, and "
            f"{'one by its path is not there then' if judge else 'the recipe has none'}: write "
            "judge: {model: {endpoint: ADDRESS, model: NAME}}, as of `vllm serve`"
        )
    if judge is None:
        return (
            f"{', '.join(asking)}: these prompts are for a judge, and the recipe has none: write "
            "judge: {model: {endpoint: ADDRESS, model: NAME}}, or {model: {path: FOLDER}}"
            if asking
            else None
        )
    if not asking and not rewards:
        return "judge: no prompts are for it: write verifier: judge, or rescue: judge, at a source"
    if sampling.cluster:
        return NO_JUDGE_THERE
    if judge.at_once:
        return None
    way = "or put the judge behind an endpoint (`vllm serve`), which is asked as each draw comes"
    if sampling.policy.until:
        return (
            "sampling.policy is until, which goes by verdicts, and a judge by its path is asked "
            f"after the draws: write policy: {{fixed: {{draws: 4}}}}, {way}"
        )
    if sampling.target:
        return (
            "sampling.target counts accepted rows, and a judge by its path is asked after the "
            f"draws: write budget: {{draws: NUMBER}} instead, {way}"
        )
    return None
