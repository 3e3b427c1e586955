"""When to ask a server again: waits under a deadline, a limit that learns from refusals. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

Clock = Callable[[], float]
"""Seconds that only go forward, as `time.monotonic` gives them."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as a date (RFC 9110,
    10.2.3), or `Retry-After-Ms`, as OpenAI and Azure have it; None where there is none or it is
    unreadable. `now` must know its time zone.

    >>> retry_after({"Retry-After": "120"}, datetime.now(UTC))
    120.0
    """
    milliseconds = headers.get("Retry-After-Ms", "").strip()
    if milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) < 10:
        return float(milliseconds) / 1000
    text = headers.get("Retry-After", "").strip()
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


TOLERATED = 0.1
"""Share of refusals that is no reason to ask for less at once."""


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
        self.silences = 0
        """Attempts that ended in silence."""
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
    """How many requests may be out at once, learnt from the share of them that is refused.

    Shares are taken over a round: as many outcomes as may be out, or half as many refusals, which
    come before answers where these take long. A round with more than
    `TOLERATED` refusals lets only as many go as were not refused, half as many at least; requests
    sent before that are of the same crowding and count no more. Other rounds let an eighth more go.
    Few refusals are no crowding: some servers refuse a share of whatever is asked.
    """

    def __init__(self, ceiling: int, clock: Clock):
        self.allowed = float(ceiling)
        self.out = 0
        self._ceiling, self._clock = ceiling, clock
        self._lowered = self._held_until = -math.inf
        self._answered = self._refused = 0
        """In this round."""
        self._before = (0.0, 0.0)
        """The same of rounds before, each half as much as the one after it."""

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
        self._answered += 1
        if self._share <= TOLERATED:
            step = max(1.0, self.allowed / 8)
            self.allowed = min(self._ceiling, self.allowed + step / self.allowed)
        self._round()

    def refused(self, sent: float, asked: float | None = None) -> None:
        """It was refused as one too many. Where that is no exception, nobody goes before the
        seconds that the server asked for are over."""
        if sent >= self._lowered:
            self._refused += 1
            crowded = self._share > TOLERATED
        else:
            crowded = True
        if crowded:
            self._held_until = max(self._held_until, self._clock() + (asked or 0.0))
        self._round()

    @property
    def _share(self) -> float:
        """Of the outcomes of late, how many were refusals."""
        answered, refused = self._answered + self._before[0], self._refused + self._before[1]
        return refused / max(1.0, answered + refused)

    def _round(self) -> None:
        """Learn from a round, if it is over."""
        room = int(self.allowed)
        if self._answered + self._refused < room and 2 * self._refused < room:
            return
        if self._share > TOLERATED:
            self.allowed = max(1.0, self.allowed * max(0.5, 1 - self._share))
            self._lowered, self._before = self._clock(), (0.0, 0.0)
        else:
            answered, refused = self._before
            self._before = ((answered + self._answered) / 2, (refused + self._refused) / 2)
        self._answered = self._refused = 0
