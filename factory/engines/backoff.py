"""When to ask a server again: waits under a deadline, a limit that learns from refusals. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

Clock = Callable[[], float]
"""Seconds that only go forward, as `time.monotonic` gives them."""


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as a date (RFC 9110,
    10.2.3); None where there is none or it is unreadable. `now` must know its time zone.

    >>> retry_after("120", datetime.now(UTC))
    120.0
    """
    text = (header or "").strip()
    if not text or len(text) > 64:
        return None
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # "-0000" in place of a zone is read as a date without one; HTTP knows Greenwich time only.
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


class Retries:
    """The attempts of one draw under one deadline.

    Only time in which the draw was asked for, or was waiting because it failed, is spent. Waiting
    for a turn is not: it is the fault of nobody, and would fail draws that were never asked for.
    """

    def __init__(
        self,
        deadline: float,
        random: Random,
        *,
        failures: int = 4,
        first: float = 1.0,
        longest: float = 30.0,
    ):
        """`failures` may happen, refusals for being too many aside; the wait after the first is
        up to `first` seconds, then up to twice that, …, up to `longest`."""
        self.left = deadline
        """Seconds."""
        self.attempts = 0
        self.failures = failures
        """How many more may happen."""
        self._random, self._first, self._longest = random, first, longest

    def spend(self, seconds: float) -> None:
        """An attempt took so long."""
        self.attempts += 1
        self.left -= seconds

    def delay(self, asked: float | None = None, *, refused: bool = False) -> float | None:
        """Seconds to wait before the next attempt, taken off the deadline; None: no more of them.

        A random share of a wait that doubles (full jitter), so that those who failed together do
        not come back together; on top of what the server `asked` for. `refused`: the server lives
        and only had too much to do, so this does not count as a failure.
        """
        self.failures -= not refused
        ceiling = min(self._longest, self._first * 2.0 ** min(self.attempts - 1, 30))
        wait = (asked or 0.0) + self._random.uniform(0, ceiling)
        if self.failures <= 0 or wait >= self.left:
            return None
        self.left -= wait
        return wait


class Limit:
    """How many requests may be out at once (AIMD): half as many after a refusal, one more after
    each round of answers. Refusals of requests sent before the last halving are of the same
    crowding and count once."""

    def __init__(self, ceiling: int, clock: Clock):
        self.allowed = float(ceiling)
        self.out = 0
        self._ceiling, self._clock = ceiling, clock
        self._lowered = self._held_until = -math.inf

    def wait(self) -> float:
        """Seconds until one more may go out; infinite: when another has come back."""
        if self.out >= int(self.allowed):
            return math.inf
        return max(0.0, self._held_until - self._clock())

    def begin(self) -> float:
        """One goes out; returns when."""
        self.out += 1
        return self._clock()

    def end(self) -> None:
        """One came back, whatever became of it."""
        self.out -= 1

    def answered(self) -> None:
        """It was answered."""
        self.allowed = min(self._ceiling, self.allowed + 1 / self.allowed)

    def refused(self, sent: float, asked: float | None = None) -> None:
        """It was refused as one too many. Nobody goes before the seconds that the server asked for
        are over."""
        if sent >= self._lowered:
            self.allowed = max(1.0, self.allowed / 2)
            self._lowered = self._clock()
        self._held_until = max(self._held_until, self._clock() + (asked or 0.0))
