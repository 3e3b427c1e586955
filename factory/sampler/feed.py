"""The prompts of one run in their order, and the plan that says when each has had enough."""

from __future__ import annotations

from collections.abc import Iterator

from factory.sampler.counters import Figures
from factory.sampler.plan import Plan
from factory.sampler.policy import Limits
from factory.sampler.prompt_state import Asker, PromptState


class Feed:
    """Gives prompts out one by one; those whose limits are not known yet wait until they are."""

    def __init__(self, prompts: Iterator[PromptState], plan: Plan, figures: Figures, asker: Asker):
        self._prompts, self._plan = prompts, plan
        self._figures, self._enough = figures, asker.sampling.policy.accepted or 0
        self._learns = asker.sampling.policy.adaptive is not None
        self._parked: list[PromptState] = []
        figures.begin()

    def next(self) -> PromptState | None:
        """Another prompt to begin; None when all were given out."""
        return next(self._prompts, None)

    def limits(self, state: PromptState) -> Limits | None:
        """When it has had enough; None while the prompts that teach it are not finished."""
        return self._plan.limits(state.place, state.source)

    def chance(self, state: PromptState) -> float:
        """Of its next draw to be correct, as far as is known."""
        if not self._learns:  # then what all prompts came to so far is the best guess
            spent = self._figures.spent
            return (spent.accepted + 0.5) / (spent.draws + 1)
        return self._plan.chance(state.place, state.source, state.drawn, state.correct)

    def put_away(self, state: PromptState) -> list[PromptState]:
        """Count a finished prompt, or park one whose limits are not known; returns those that were
        parked and may go on."""
        if state.limits is None:
            self._parked.append(state)
            return []
        self._figures.finished += 1
        self._figures.hopeless += state.correct < self._enough
        if not self._plan.finished(state.place, state.source, *state.counts()):
            return []
        waiting, self._parked = self._parked, []
        return waiting
