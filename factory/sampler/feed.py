"""The prompts of one run in their order, counted as they are finished."""

from __future__ import annotations

from collections.abc import Iterator

from factory.sampler.asker import Asker
from factory.sampler.counters import Counters
from factory.sampler.prompt_state import PromptState


class Feed:
    """Gives prompts out one by one, and counts them when they have had enough."""

    def __init__(self, prompts: Iterator[PromptState], counters: Counters, asker: Asker):
        self._prompts, self._counters = prompts, counters
        self._enough = asker.sampling.policy.accepted or 0

    def next(self) -> PromptState | None:
        """Another prompt to begin; None when all were given out."""
        return next(self._prompts, None)

    def chance(self) -> float:
        """Of the next draw to be correct: the share of all so far is the best guess."""
        spent = self._counters.spent
        return (spent.accepted + 0.5) / (spent.draws + 1)

    def put_away(self, state: PromptState) -> None:
        """Count a finished prompt."""
        self._counters.finished += 1
        self._counters.hopeless += state.correct < self._enough
