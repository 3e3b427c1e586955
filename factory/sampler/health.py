"""Whether the engine is well: tells an engine that is out from prompts that it cannot answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import polars as pl

from factory.engines import Completion, Engine, Request
from factory.errors import EngineFailure, StageError
from factory.sampler.asker import Asker
from factory.sampler.prompt_state import PromptState, states

ATTEMPTS = 3
"""Times a draw is asked for at once where the engine answered with none, and times that is begun
again once the engine is known to be well."""
PATIENCE = 20
"""Draws in doubt at which the engine is looked at; or as many as there are draws in hand, where
these are more: prompts that are refused at once come in long rows while others take their time."""
CANARY_TOKENS = 16
"""Length of what a canary asks for; some servers refuse less."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 10.0
"""Seconds between two canaries, which double."""

Note = Callable[[int, EngineFailure], None]
"""`note(attempts so far, the last failure)`."""

log = logging.getLogger(__name__)


class Health:
    """Asks the engine for draws, and judges those that it gives up: poison, or the engine was out.

    Such a draw is in doubt and waits, until a request that was begun after it has been answered.
    Where no other draw does that, a canary does: a request that was answered before, asked again
    and thrown away. An engine that does not answer its canary is out: it gets `outage` seconds to
    come back, and what was in doubt is asked for again.
    """

    def __init__(
        self,
        engine: Engine,
        patience: int,
        *,
        outage: float = 0.0,
        canary: Request | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        say: Callable[[str], None] = log.warning,
    ):
        """Begin without doubts.

        Args:
            engine: is asked.
            patience: draws in doubt at which the engine is looked at.
            outage: seconds that the engine may be out; 0: one that is out stays out.
            canary: a request that was answered before, until one is answered here.
            clock: in seconds.
            sleep: waits so many of them.
            say: is told in words when the engine is out, and when it is there again.
        """
        self._engine, self._patience, self._outage = engine, patience, outage
        self._canary, self._clock, self._sleep, self._say = canary, clock, sleep, say
        self._begun = 0
        self.asking = 0
        """Requests that the engine has not answered yet."""
        self._doubts: dict[asyncio.Future[bool], int] = {}
        """By draw in doubt, how many requests had been begun by then."""
        self._out = False
        self._words = ""

    @property
    def doubted(self) -> int:
        """Draws in doubt now."""
        return len(self._doubts)

    async def ask(self, request: Request, note: Note) -> tuple[Completion, int] | None:
        """The engine's answer, and the attempt that brought it; None for a draw that is poison.

        Raises:
            StageError: the engine itself says that going on is of no use.
        """
        attempts = 0
        for _ in range(ATTEMPTS):
            for _ in range(ATTEMPTS):
                answer = await self._attempt(request)
                if isinstance(answer, Completion):
                    return answer, attempts + answer.retries + 1
                attempts += answer.tries
                note(attempts, answer)
                if answer.final or answer.later:
                    break
            was_out = await self._doubt(answer)
            if not (was_out or answer.later):
                break
        return None

    async def _attempt(self, request: Request) -> Completion | EngineFailure:
        number = self._begin()
        self.asking += 1
        try:
            completion = await self._engine.draw(request)
        except Exception as error:
            return failure_of(error)
        finally:
            self.asking -= 1
        self._canary = request
        self._settle(number)
        return completion

    def _begin(self) -> int:
        """A request is begun; gives its number."""
        self._begun += 1
        return self._begun

    async def _doubt(self, failure: EngineFailure) -> bool:
        """A draw was given up: wait until the engine is known to be well; whether it was out."""
        self._words = str(failure)
        verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._doubts[verdict] = self._begun
        try:
            return await verdict
        finally:
            self._doubts.pop(verdict, None)

    @property
    def impatient(self) -> bool:
        """Whether so many draws are in doubt that nothing more is to begin before a look."""
        return self.doubted >= self._patience

    def due(self, idle: bool, in_flight: int) -> bool:
        """Whether the engine is to be looked at now.

        Args:
            idle: nothing else is left to begin.
            in_flight: draws begun and not finished, those in doubt among them.
        """
        alone = in_flight <= self.doubted
        settled_here = idle and self.doubted > 0 and (alone or self._canary is not None)
        return self.impatient or settled_here

    async def look(self) -> None:
        """Ask the canary until it answers, which settles what was in doubt before.

        Raises:
            StageError: the engine is out for too long; or has answered nothing at all.
        """
        until, wait = self._clock() + self._outage, FIRST_WAIT
        while self._doubts:
            number = self._begin()
            if self._canary is None and self.impatient:
                what = (
                    f"the engine has answered none of {self.doubted} draws; at last {self._words}"
                )
                raise end(what)
            try:
                await self._ask_canary()
            except Exception as error:
                trouble = failure_of(error)
            else:
                self._settle(number)
                return
            if not self._doubts:
                return  # another draw was answered meanwhile
            self._out = True
            if self._clock() + wait > until:
                what = f"the engine was out for {self._outage:g} seconds; at last {trouble}"
                raise end(what if self._outage else f"the engine is out; at last {trouble}")
            if wait == FIRST_WAIT:
                self._say(f"the engine is out, and asked again for {self._outage:g} s: {trouble}")
            await self._sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _ask_canary(self) -> None:
        if self._canary is None:  # a few draws, and none was answered: nothing to tell them by
            return
        canary = replace(self._canary, watch=None, logprobs=False)
        try:
            most = min(CANARY_TOKENS, canary.max_tokens)
            await self._engine.draw(replace(canary, max_tokens=most))
        except EngineFailure as failure:
            if failure.later:
                raise
            # Some refuse to write so little, or think unseen for longer: it ends with a word.
            await self._engine.draw(replace(canary, watch=Enough))

    def _settle(self, number: int) -> None:
        """What was given up before this request was begun is in doubt no longer."""
        if self._out:
            self._say("the engine answers again")
        for verdict, begun in list(self._doubts.items()):
            if begun < number:
                del self._doubts[verdict]
                if not verdict.done():
                    verdict.set_result(self._out)
        self._out = False


class Enough:
    """Has enough of a draw at its first word."""

    def feed(self, text: str) -> str:
        """Stop."""
        return "enough"


def end(what: str) -> StageError:
    """Ends the stage; what was drawn is not lost."""
    return StageError(
        f"{what}. Draws so far are kept; mend the cause and run the same command again."
    )


def failure_of(error: Exception) -> EngineFailure:
    """The failure of a draw that any error of an engine is, counted by the error's kind.

    Raises:
        StageError: the error, where the engine itself says that going on is of no use.
    """
    if isinstance(error, StageError):
        raise error
    known = isinstance(error, EngineFailure)
    return error if known else EngineFailure(type(error).__name__, str(error))


def witness(prompts: pl.DataFrame, had: pl.DataFrame, asker: Asker) -> PromptState | None:
    """A prompt that has a draw already, so that an engine that is well can answer it."""
    drawn = prompts.join(had.select("prompt_id"), on="prompt_id", how="semi").head(1)
    return next(states(drawn, had, asker), None)
