"""GRPO's rewards: those of `filters.rewards`, as a recipe names them."""

from __future__ import annotations

from collections.abc import Callable

from filters.rewards import Accuracy, Format, Reward


def accuracy(opened: bool = False) -> Reward:
    """1 for a correct final answer, 0 for a wrong one, None (not judged) when it is unverifiable.

    None leaves a group's baseline alone, so that a verifier that failed does not punish a draw.
    The dataset's columns `reference` (JSON) and `verifier` say how each prompt is judged.
    """
    return Accuracy(as_json=True, opened=opened)


def form(opened: bool = False) -> Reward:
    """1 when thinking stands inside its tags and one final answer after them, else 0."""
    return Format(opened)


REWARDS: dict[str, Callable[[bool], Reward]] = {"accuracy": accuracy, "format": form}
"""The rewards a recipe may name. TRL logs each under its function's name."""
