"""Counters of a sampling while it runs: one structure for the terminal, the log and metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from factory.recipe.sampling import Target
from factory.sampler.budget import Spent

TELL_SECONDS = 0.1
"""Time between two tellings: to tell them costs as much as half a draw."""


@dataclass
class Counters:
    """Counts of this sitting beside what all sittings spent."""

    spent: Spent
    prompts: int
    """Prompts there are."""
    target: Target | None = None
    """What the run aims at."""
    finished: int = 0
    """Prompts that get no more draws."""
    hopeless: int = 0
    """Those of them that have fewer correct draws than the policy wants."""
    in_flight: int = 0
    draws: int = 0
    tokens: int = 0
    stopped: int = 0
    """Draws stopped on their way, as they had fallen into a loop or left the language."""
    failures: int = 0
    """Attempts that brought no draw."""
    failed: int = 0
    """Draws that could not be had so far; some may still come."""
    began: float = field(default_factory=time.monotonic)
    last: float = 0.0
    """When they were told."""

    def begin(self) -> None:
        """All prompts are looked at once more."""
        self.finished = self.hopeless = 0

    def due(self) -> bool:
        """Whether it is time to tell them again."""
        now = time.monotonic()
        if now - self.last < TELL_SECONDS:
            return False
        self.last = now
        return True

    def took(self, tokens: int, stopped: bool) -> None:
        """A draw was finished."""
        self.draws += 1
        self.tokens += tokens
        self.stopped += stopped
        self.spent.draws += 1
        self.spent.tokens += tokens

    def progress(self) -> tuple[int, int, str]:
        """Done, total and unit: of the target where there is one, else of the prompts."""
        if self.target:
            wanted = self.target.accepted
            return min(self.spent.accepted, wanted), wanted, "accepted rows"
        return self.finished, self.prompts, "prompts"

    def told(self, in_flight_tokens: int = 0) -> dict[str, float]:
        """What is shown: speed, requests and failures are of this sitting, the rest is over all.

        `in_flight_tokens`: those of draws that are not finished, which are generated all the same.
        """
        seconds = max(time.monotonic() - self.began, 1e-9)
        done, total, _ = self.progress()
        return {
            "draws": self.spent.draws,
            "failed_draws": self.failed,
            "in_flight": self.in_flight,
            "accepted": self.spent.accepted,
            "requests": self.draws + self.failures,
            "failed_attempts": self.failures,
            "tokens": self.spent.tokens,
            "tokens_to_come": self.spent.tokens / done * (total - done) if done else 0,
            "tokens_per_second": (self.tokens + in_flight_tokens) / seconds,
            "tokens_per_accepted": self.spent.tokens / self.spent.accepted
            if self.spent.accepted
            else 0,
            "prompts_finished": self.finished,
            "prompts_hopeless": self.hopeless,
            "stopped_in_flight": self.stopped,
        }
