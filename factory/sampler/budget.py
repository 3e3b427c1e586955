"""The bounds of a run, its target and its budget, and which of them ended it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from factory.recipe.sampling import Sampling


@dataclass
class Spent:
    """What all sittings of a run have spent so far."""

    draws: int = 0
    tokens: int = 0
    accepted: int = 0
    """Correct draws, of a prompt at most as many as the policy wants."""
    seconds: float = 0.0
    """Time of earlier sittings."""
    began: float = field(default_factory=time.monotonic)

    @property
    def hours(self) -> float:
        """Hours of sampling, this sitting included."""
        return (self.seconds + time.monotonic() - self.began) / 3600


class Bounds:
    """Says whether another draw may begin.

    The budgets are hard. Each draw in flight is counted with all the tokens that it may take, so
    that a budget is never overdrawn; near its end fewer are therefore in flight. A target counts
    what is in flight by its chance, so that few are drawn in vain, and none is broken off.
    """

    def __init__(self, sampling: Sampling, spent: Spent):
        self.spent, self._longest = spent, sampling.max_tokens
        self._target, self._budget = sampling.target, sampling.budget

    def end(self, in_flight: int, hoped: float) -> str | None:
        """Why no draw may begin now, in words; None when one may.

        Args:
            in_flight: draws begun and not finished.
            hoped: how many of these are expected to be accepted.
        """
        spent, budget = self.spent, self._budget
        if self._target and spent.accepted + hoped >= self._target.accepted:
            return f"the target of {self._target.accepted:,} accepted rows"
        if budget.draws is not None and spent.draws + in_flight >= budget.draws:
            return f"the budget of {budget.draws:,} draws"
        longest = (in_flight + 1) * self._longest
        if budget.tokens is not None and spent.tokens + longest > budget.tokens:
            return f"the budget of {budget.tokens:,} tokens"
        return f"the budget of {budget.hours:g} hours" if self.overtime else None

    @property
    def overtime(self) -> bool:
        """Whether the hours are over, so that not even what is in flight may go on."""
        left = self.seconds_left
        return left is not None and left < 0.001  # a timer may be a hair early

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the hours are over; None without such a bound."""
        hours = self._budget.hours
        return None if hours is None else max(0.0, (hours - self.spent.hours) * 3600)
