"""How long a server may be silent: as long as the recipe says, or less where it is quicker."""

from __future__ import annotations

import asyncio
import math

TIMES = 8.0
"""So many times the longest silence that ended well is one that will not end."""
FIRST, LATER = 10.0, 60.0
"""Seconds that are waited at least for a first word, and for any other: a draw that was begun costs
more to begin again, and a server whose memory is full may put it aside for a while."""
KNOWN = 8
"""Draws that must have come before a server is known."""


class Pace:
    """How quick a server has been."""

    def __init__(self, most: float):
        """`most`: seconds of the longest silence that is borne from anybody."""
        self.most = most
        self._draws, self._first, self._later = 0, 0.0, 0.0

    def came(self, first: float, later: float) -> None:
        """A draw came whole; its first word after so many seconds, and with so long a silence."""
        self._draws += 1
        self._first, self._later = max(self._first, first), max(self._later, later)

    def longest(self, begun: bool, silences: int) -> float:
        """Seconds that a silence may last now.

        Args:
            begun: the draw has words already.
            silences: attempts at it that ended in silence: each may be silent for twice as long.
        """
        if self._draws < KNOWN:
            return self.most
        seen, least = (self._later, LATER) if begun else (self._first, FIRST)
        return min(self.most, max(least, TIMES * seen) * 2.0**silences)

    def wordless(self, silences: int) -> float:
        """Seconds that a stream may go on with signs of life and no word, as those in a queue do.

        Once the server is known, this is no longer without bounds.
        """
        if self._draws < KNOWN:
            return math.inf
        return max(LATER, TIMES * max(self._first, self._later)) * 2.0**silences

    def early(self, silences: int) -> bool:
        """Whether the last of these silences may have been cut short."""
        return self.longest(False, silences - 1) < self.most


class Patience:
    """Waits for the words of one attempt; `timeout` ends it when a silence is too long."""

    def __init__(self, pace: Pace | None, silences: int = 0):
        """`pace`: of the server; None: there is nothing to hear before the end."""
        self._pace, self._silences = pace, silences
        self._clock = asyncio.get_running_loop().time
        self._heard = self._said = self._began = self._clock()
        self._first = self._longest = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.timeout = asyncio.timeout(None)

    def start(self) -> None:
        """Watch, from inside `timeout`."""
        if self._pace:
            self._look()

    def heard(self, word: bool = True) -> None:
        """Something was said; or there was a sign of life without a word."""
        now = self._clock()
        if not word:
            self._heard = now
            return
        self._said = now
        silence, self._heard = now - self._heard, now
        if not self._first:
            self._first = max(now - self._began, 1e-9)
        elif silence > self._longest:
            self._longest = silence

    def well(self) -> None:
        """All of it came."""
        if self._pace and self._first:
            self._pace.came(self._first, self._longest)

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer:
            self._timer.cancel()

    @property
    def seconds(self) -> float:
        """Of the silence now."""
        return self._clock() - self._heard

    @property
    def wordless(self) -> float:
        """Seconds since the last word."""
        return self._clock() - self._said

    def _look(self) -> None:
        """Looks rarely: to move a timer at every word costs more than to read the word."""
        assert self._pace
        left = min(
            self._pace.longest(bool(self._first), self._silences) - self.seconds,
            self._pace.wordless(self._silences) - self.wordless,
        )
        if left <= 0:
            self.timeout.reschedule(self._clock())
        else:
            # In the meantime the server may have shown that it is quicker.
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(left, max(FIRST / 4, left / 4)), self._look)
