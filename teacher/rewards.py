"""GRPO's rewards, as a recipe names them: those of `filters.rewards`, and a person's own."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.recipe.rewards import Preference
from factory.recipe.teacher import Grpo
from factory.sampler.judging import Ask
from filters import own
from filters.form_rewards import Integer, SoftFormat, StrictFormat, TagCount
from filters.reward_model import Scored
from filters.rewards import (
    WORKERS,
    Accuracy,
    Completions,
    Format,
    LanguageConsistency,
    Reward,
    SoftLength,
    Unrepetitive,
    log_unjudged,
    whole,
)
from filters.text.thinking import split
from teacher.asked import HARMLESS, HELPFUL, ByCriteria, JudgedAccuracy
from teacher.watched import Watched

SLOPE = 5
"""Part of `max_tokens` over which the reward for length falls, as one in so many; in DAPO 4,096 of
20,480."""

REWARDS: dict[str, Callable[[bool, Grpo], Reward]] = {
    "accuracy": lambda opened, grpo: Accuracy(as_json=True, opened=opened, watch=True),
    "format": lambda opened, grpo: Format(opened),
    "strict_format": lambda opened, grpo: StrictFormat(opened),
    "soft_format": lambda opened, grpo: SoftFormat(opened),
    "tag_count": lambda opened, grpo: TagCount(opened),
    "integer": lambda opened, grpo: Integer(opened),
    "language": lambda opened, grpo: LanguageConsistency(opened=opened),
    "length": lambda opened, grpo: SoftLength(grpo.max_tokens, max(1, grpo.max_tokens // SLOPE)),
    "repetition": lambda opened, grpo: Unrepetitive(opened),
}
"""The rewards by rule that a recipe may name. TRL logs each under its function's name."""


def reward(name: str, opened: bool, grpo: Grpo) -> Reward:
    """A reward by rule, by its name in a recipe: one of ours, or a person's `module:function`.

    Args:
        name: as in `teacher.grpo.rewards`.
        opened: whether the chat template writes the tag that opens the thinking.
        grpo: the training.
    """
    return Own(name, opened) if own.is_own(name) else REWARDS[name](opened, grpo)


def rewards(
    opened: bool,
    grpo: Grpo,
    models: Mapping[str, Path] | None = None,
    ask: Ask | None = None,
) -> list[Watched]:
    """All rewards of a training, watched, in the order of its weights.

    Args:
        opened: whether the chat template writes the tag that opens the thinking.
        grpo: the training.
        models: folders of the models for sequence classification, by the reward that asks them.
        ask: asks the recipe's judge; None where it has none, or none that is asked in training.
    """
    made = []
    for name, weighed in grpo.rewards.weighed.items():
        if isinstance(weighed, Preference):
            found = _preferred(name, weighed, opened, models or {}, ask)
        else:
            found = reward(name, opened, grpo)
            if name == "accuracy" and ask:
                found = JudgedAccuracy(found, ask, opened)
        made.append(Watched(name, found, weighed, grpo.rewards.deadline))
    return made


def _preferred(
    name: str, told: Preference, opened: bool, models: Mapping[str, Path], ask: Ask | None
) -> Reward:
    """Helpfulness of the response, or harmlessness of all that was written: of a model for sequence
    classification, or of the judge."""
    part = "text" if name == "harmlessness" else "response"
    if told.model:
        return Scored(models[name], name, part, told.label, told.score, opened)
    assert ask  # as the recipe is checked
    usual = HARMLESS if name == "harmlessness" else HELPFUL
    return ByCriteria(ask, name, tuple(told.criteria) or usual, part, opened)


@dataclass(frozen=True)
class Own:
    """A person's own reward, called in a worker of the pool, under a deadline.

    A function with a parameter `completions` is called as TRL calls its rewards: with all of them
    and the columns of their prompts, those that were kept by their names. Any other is called as a
    verifier is, with one response and its reference; a draw without a response gets 0. None and NaN
    are "not judged", and so is all that a function fails on.
    """

    name: str
    opened: bool = False

    @property
    def __name__(self) -> str:  # TRL logs it under this name
        return self.name

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        texts = [whole(completion, self.opened) for completion in completions]
        told = _told(columns, len(texts))
        rewards: list[float | None] = [None] * len(texts)
        try:
            if own.is_batched(self.name):
                rewards = own.rewards(self.name, texts, told)
            else:
                rewards = self._one_by_one(texts, told["reference"])
        except Exception as failure:
            self._warn(failure)
        log_unjudged(self.name, rewards, columns)
        return rewards

    def _one_by_one(self, texts: Sequence[str], references: Sequence[object]) -> list[float | None]:
        def one(text: str, reference: object) -> float | None:
            response = split(text).response
            try:
                return 0.0 if response is None else own.mark(self.name, response, reference)
            except Exception as failure:
                self._warn(failure)
                return None

        with ThreadPoolExecutor(WORKERS) as threads:
            return list(threads.map(one, texts, references))

    def _warn(self, failure: Exception) -> None:
        """Say it in the stage's log, each failure once."""
        warnings.warn(f"{self.name}: {type(failure).__name__}: {failure}", stacklevel=2)


def _told(columns: Mapping[str, Any], number: int) -> dict[str, Sequence[Any]]:
    """What a function may ask for by name: columns with a value for each completion."""
    told: dict[str, Any] = {
        name: list(values)
        for name, values in columns.items()
        if isinstance(values, list | tuple) and len(values) == number
    }
    told["reference"] = [json.loads(value or "null") for value in told["reference"]]
    told["meta"] = [json.loads(value or "{}") for value in told.get("meta", [None] * number)]
    kept = {name for meta in told["meta"] for name in meta}
    return {name: [meta.get(name) for meta in told["meta"]] for name in kept} | told
