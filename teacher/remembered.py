"""What the reward for accuracy found, before a draw that could not be judged gets others' mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from filters.rewards import Completions, Reward, text
from filters.verifiers.judge.rubric import enough
from teacher.watched import Watched

VERDICTS = {1.0: "correct", 0.0: "incorrect"}


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
        prompts, keys = columns["prompt_id"], _rubrics(columns, len(rewards))
        for prompt, said, reward, rubric in zip(prompts, completions, rewards, keys, strict=True):
            self.found[prompt, text(said)] = verdict(reward, rubric)
        return rewards

    def verdicts(self, prompt_ids: Sequence[str], texts: Sequence[str]) -> list[str]:
        """What was found of these draws; whatever was not judged, or in time, is unverifiable."""
        pairs = zip(prompt_ids, texts, strict=True)
        return [self.found.get(key, "unverifiable") for key in pairs]


def _rubrics(columns: Mapping[str, Sequence[Any]], count: int) -> list[object]:
    """The criteria of those draws that are judged by a rubric, None of others."""
    verifiers = columns.get("verifier") or [None] * count
    return [
        json.loads(columns["reference"][place]) if name == "rubric" else None
        for place, name in enumerate(verifiers)
    ]


def remembering(watched: Sequence[Watched]) -> tuple[list[Watched], Remembered | None]:
    """The same rewards, and the memory of the one for accuracy where there is one."""
    for place, each in enumerate(watched):
        if each.name == "accuracy":
            memory = Remembered(each.reward)
            return [*watched[:place], replace(each, reward=memory), *watched[place + 1 :]], memory
    return list(watched), None


def verdict(value: float | None, rubric: object = None) -> str:
    """A reward for accuracy in a word: a part of a rubric is right if it is as much as it asks."""
    if value is None:
        return "unverifiable"
    if rubric is not None:
        return "correct" if enough(value, rubric) else "incorrect"
    return VERDICTS.get(value, "incorrect")
