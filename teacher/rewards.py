"""GRPO's rewards: the filters' own verifiers and measures, as the functions TRL calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from filters.format import well_formed
from filters.thinking import split
from filters.verifiers import verify

Reward = Callable[..., list[float | None]]


def accuracy(opened: bool = False) -> Reward:
    """1 for a correct final answer, 0 for a wrong one, None (not judged) when it is unverifiable.

    None leaves a group's baseline alone, so that a verifier that failed does not punish a draw.
    The dataset's columns `reference` (JSON) and `verifier` say how each prompt is judged.
    """

    def accuracy(
        completions: list[Any], reference: list[str | None], verifier: list[str], **_: Any
    ) -> list[float | None]:
        verdicts = (
            verify(split(text(completion), opened).response, json.loads(key or "null"), by)
            for completion, key, by in zip(completions, reference, verifier, strict=True)
        )
        return [
            None if verdict.outcome == "unverifiable" else float(verdict.outcome == "correct")
            for verdict in verdicts
        ]

    return accuracy


def form(opened: bool = False) -> Reward:
    """1 when thinking stands inside its tags and one final answer after them, else 0."""

    def format(completions: list[Any], **_: Any) -> list[float | None]:
        return [float(well_formed(text(completion), opened)) for completion in completions]

    return format


REWARDS: dict[str, Callable[[bool], Reward]] = {"accuracy": accuracy, "format": form}
"""The rewards a recipe may name. TRL logs each under its function's name."""


def text(completion: Any) -> str:
    """A completion's text: TRL hands over a list of messages, or plain text."""
    return completion if isinstance(completion, str) else completion[-1]["content"]
