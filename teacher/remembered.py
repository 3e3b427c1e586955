"""What the reward for accuracy found, before a draw that could not be judged gets others' mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from filters.rewards import Completions, Reward, text
from filters.verifiers.judge.rubric import enough, rubric_of
from teacher.watched import Watched


@dataclass
class Remembered:
    """A reward, with what it said last: it is asked once, for the reward and for the verdict."""

    reward: Reward
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    """Verdicts by prompt and text."""

    @property
    def __name__(self) -> str:
        return self.reward.__name__

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        """The rewards; what they say of each draw is noted."""
        rewards = self.reward(completions=completions, **columns)
        prompts, shares = columns["prompt_id"], _wanted(columns, len(rewards))
        for prompt, said, reward, least in zip(prompts, completions, rewards, shares, strict=True):
            self.found[prompt, text(said)] = verdict(reward, least)
        return rewards

    def verdicts(self, prompt_ids: Sequence[str], texts: Sequence[str]) -> list[str]:
        """What was found of these draws; whatever was not judged, or in time, is unverifiable."""
        pairs = zip(prompt_ids, texts, strict=True)
        return [self.found.get(key, "unverifiable") for key in pairs]


def _wanted(columns: Mapping[str, Sequence[Any]], count: int) -> list[float]:
    """The reward that makes each draw correct: 1, or as much as its rubric asks for."""
    verifiers = columns.get("verifier") or [None] * count
    return [
        rubric_of(json.loads(columns["reference"][place])).least if name == "rubric" else 1.0
        for place, name in enumerate(verifiers)
    ]


def remembering(watched: Sequence[Watched]) -> tuple[list[Watched], Remembered | None]:
    """The same rewards, and the memory of the one for accuracy where there is one."""
    for place, each in enumerate(watched):
        if each.name == "accuracy":
            memory = Remembered(each.reward)
            return [*watched[:place], replace(each, reward=memory), *watched[place + 1 :]], memory
    return list(watched), None


def verdict(value: float | None, least: float = 1.0) -> str:
    """A reward for accuracy in a word, where so much of it is right."""
    if value is None:
        return "unverifiable"
    return "correct" if enough(value, least) else "incorrect"
