"""What the loop works with: where prompts come from, who judges and keeps draws, what stops it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from factory.sampler.prompt_state import PromptState
from filters.verdict import Verdict
from filters.verifiers import verify, verify_at_once

Judge = Callable[[str | None, object, str, str | None], Awaitable[Verdict]]
"""`await judge(response, reference, verifier, question)`; the question is for models that judge."""


async def judge_here(
    response: str | None, reference: object, verifier: str, question: str | None = None
) -> Verdict:
    """Judge at once what is plain; what needs a worker or a sandbox, in a thread: that may take
    seconds, and the engine must not wait."""
    verdict = verify_at_once(response, reference, verifier)
    return verdict or await asyncio.to_thread(verify, response, reference, verifier)


class Prompts(Protocol):
    """Where prompts come from, and go when they are finished."""

    def next(self) -> PromptState | None:
        """Another prompt to begin; None when there is none now."""

    def chance(self) -> float:
        """Of the next draw to be correct, as far as is known."""

    def put_away(self, state: PromptState) -> None:
        """Take a prompt that wants nothing more."""


class Keeper(Protocol):
    """Keeps what comes of draws: a store, or what sends it to one."""

    def append(self, row: Mapping[str, Any]) -> None:
        """Keep one finished draw, a row of `SAMPLE`."""

    def failed(self, sample_id: str, attempt: int, reason: str, message: str) -> None:
        """Note an attempt that brought no draw."""


@dataclass
class Stop:
    """How a run is told to stop: once `now` is set, what is in flight has `grace` seconds."""

    grace: float = 30.0
    now: asyncio.Event = field(default_factory=asyncio.Event)
    began: float | None = None
    """When it was heard."""

    @property
    def over(self) -> bool:
        """Whether the grace is over."""
        return self.began is not None and time.monotonic() >= self.began + self.grace
