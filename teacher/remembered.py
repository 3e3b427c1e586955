"""What the reward for accuracy found, before a draw that could not be judged gets others' mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from filters.rewards import Completions, Reward, text
from teacher.watched import Watched

VERDICTS = {1.0: "correct", 0.0: "incorrect"}


@dataclass
class Remembered:
    """A reward, with what it said last: it is asked once, for the reward and for the verdict."""

    reward: Reward
    found: dict[tuple[str, str], float | None] = field(default_factory=dict)
    """By prompt and text."""

    @property
    def __name__(self) -> str:
        return self.reward.__name__

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        """The rewards, noted."""
        rewards = self.reward(completions=completions, **columns)
        texts = map(text, completions)
        self.found |= dict(zip(zip(columns["prompt_id"], texts, strict=True), rewards, strict=True))
        return rewards

    def verdicts(self, prompt_ids: Sequence[str], texts: Sequence[str]) -> list[str]:
        """What was found of these draws; whatever was not judged, or in time, is unverifiable."""
        return [verdict(self.found.get(key)) for key in zip(prompt_ids, texts, strict=True)]


def remembering(watched: Sequence[Watched]) -> tuple[list[Watched], Remembered | None]:
    """The same rewards, and the memory of the one for accuracy where there is one."""
    for place, each in enumerate(watched):
        if each.name == "accuracy":
            memory = Remembered(each.reward)
            return [*watched[:place], replace(each, reward=memory), *watched[place + 1 :]], memory
    return list(watched), None


def verdict(value: float | None) -> str:
    """A reward for accuracy in a word; a part of a rubric is not all of it."""
    return "unverifiable" if value is None else VERDICTS.get(value, "incorrect")
