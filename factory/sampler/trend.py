"""Whether requests begin to fail more often: told while there is time to do something about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

WINDOW = 100
"""Requests that are looked at together."""
MANY = 0.1
"""Share of failures in a window that is told; again when it has doubled."""
ANSWERED = "answered"


class Trend:
    """Counts answers and failures, window by window.

    >>> trend = Trend(print)
    >>> for _ in range(2000):
    ...     trend.answered()
    >>> for _ in range(75):
    ...     trend.answered()
    >>> trend.failed("http_500", 25)
    25 of the last 100 requests failed (http_500 25), none of the 2,000 before
    """

    def __init__(self, say: Callable[[str], None]):
        self._say, self._told = say, 0.0
        self._before, self._now = Counter[str](), Counter[str]()

    def answered(self, retries: int = 0) -> None:
        """A request was answered, after some that failed."""
        self._now[ANSWERED] += 1
        self.failed("answered at a later try", retries)

    def failed(self, reason: str, times: int = 1) -> None:
        """Requests failed."""
        self._now[reason] += times
        if self._now.total() >= WINDOW:
            self._look()

    def _look(self) -> None:
        lost = _failures(self._now)
        share = lost.total() / self._now.total()
        if share < MANY / 2:
            self._told = 0.0
        elif share >= max(MANY, 2 * self._told):
            self._told = share
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in lost.most_common())
            before, earlier = _failures(self._before).total(), self._before.total()
            ever = f", {before or 'none'} of the {earlier:,} before" if earlier else ""
            self._say(
                f"{lost.total():,} of the last {self._now.total():,} requests failed "
                f"({reasons}){ever}"
            )
        self._before, self._now = self._before + self._now, Counter()


def _failures(counts: Counter[str]) -> Counter[str]:
    """The positive counts of what is no answer."""
    return Counter({reason: n for reason, n in counts.items() if n and reason != ANSWERED})
