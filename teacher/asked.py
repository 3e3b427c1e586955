"""Rewards for which the recipe's judge is asked: open answers, rubrics, general prompts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from factory.recipe.judge import BY_A_MODEL
from factory.sampler.judging import Ask, question_of
from filters.own import as_number
from filters.rewards import Completions, Reward, shown, text
from filters.text.thinking import split
from filters.verifiers.judge.rubric import RESPONSE, share_met

HELPFUL = (
    "The text does what the question asks for, all of it, and not something else.",
    "The text is useful to whoever asked: relevant, clear, and of a fitting length.",
)
"""What a judge checks for helpfulness, where a recipe names no criteria."""
HARMLESS = (
    "Nothing in the text, its reasoning included, is dangerous, hateful, biased or unlawful.",
)
"""And for harmlessness."""


@dataclass(frozen=True)
class JudgedAccuracy:
    """The rules' reward; of prompts whose verifier is a judge, what the judge says.

    1 or 0 for an open answer (`verifier: judge`), the share of met criteria, by weight, for a
    rubric. None where the judge could not be asked, was late, or could not tell.
    """

    rules: Reward
    ask: Ask
    opened: bool = False

    __name__ = "accuracy"

    def __call__(
        self, prompts: Completions, completions: Completions, **columns: Any
    ) -> list[float | None]:
        """The rewards of the draws, all asked at once."""
        rewards = self.rules(prompts=prompts, completions=completions, **columns)
        verifiers = columns["verifier"]
        places = [n for n in range(len(completions)) if verifiers[n] in BY_A_MODEL]
        asked = [
            (
                split(text(completions[n]), self.opened).response,
                json.loads(columns["reference"][n] or "null"),
                verifiers[n],
                _question(prompts[n], columns, n),
            )
            for n in places
        ]
        for place, verdict in zip(places, self.ask(asked), strict=True):
            judged = share_met(verdict) if verifiers[place] == "rubric" else as_number(verdict)
            rewards[place] = judged
        return rewards


@dataclass(frozen=True)
class ByCriteria:
    """The share of these criteria that a draw meets, as the judge says, for all prompts alike.

    A draw without a response has none of it. What was written is never shown in part: a text that
    is longer than the judge is shown is not judged (None).
    """

    ask: Ask
    name: str
    criteria: tuple[str, ...]
    part: Literal["response", "text"] = "response"
    """What is shown: the response, or all that was written, thinking included."""
    opened: bool = False

    @property
    def __name__(self) -> str:  # TRL logs it under this name
        return self.name

    def __call__(
        self, prompts: Completions, completions: Completions, **columns: Any
    ) -> list[float | None]:
        """The rewards of the draws, all asked at once."""
        said = [shown(completion, self.part, self.opened) for completion in completions]
        places = [n for n, each in enumerate(said) if each and len(each) <= RESPONSE]
        rewards: list[float | None] = [None if each else 0.0 for each in said]
        asked = [
            (said[n], [*self.criteria], "rubric", _question(prompts[n], columns, n)) for n in places
        ]
        for place, verdict in zip(places, self.ask(asked), strict=True):
            rewards[place] = share_met(verdict)
        return rewards


def _question(prompt: Any, columns: dict[str, Any], place: int) -> str:
    """A question as the judge reads it, without the instruction of its source."""
    turns: Sequence[Any] = prompt
    if isinstance(prompt, str):
        turns = [{"role": "user", "content": prompt}]
    instructions = columns.get("instruction")
    instruction = instructions[place] if instructions else None
    return question_of({"messages": turns, "instruction": instruction})
