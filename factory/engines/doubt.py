"""Tells a refusal of one request from one that any request would meet, which ends the run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from factory.engines.address import Address, found, plain_http, unreachable, wants_tls
from factory.engines.http_client import Wire
from factory.engines.refusals import Refusal, Said
from factory.engines.saying import echo
from factory.engines.wording import Wording
from factory.errors import EngineFailure, StageError

TIMES = 3
"""Refusals of one draw, with nobody answered meanwhile, that are taken for the run's: a gateway may
say anything once."""
WAIT = 0.2
"""Seconds after the first of them; twice that after the second."""
UNKNOWN_MODEL = re.compile(
    r"\bmodel\b.{0,80}(not (found|exist|available|supported|a valid)|unknown|invalid)"
    r"|(unknown|invalid|no such|not a valid) model|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
REMEDY = {
    "money": "no money is left for it, or its limit is reached",
    "access": "it does not let this key in",
}


@dataclass
class Case:
    """The refusals of one draw."""

    refused: int = 0
    answers: int = 0
    """How many others had been answered by the first of them."""


class Doubt:
    """Looks at refusals: of this request's fields, of this account, of this address?"""

    def __init__(self, wire: Wire, wording: Wording, say: Callable[[str], None]):
        self.answers = 0
        """Draws that came."""
        self._wire, self._wording, self._say = wire, wording, say
        self.settled = asyncio.Event()
        """Clear while it is looked where draws are to be asked for: nothing is to be sent then."""
        self.settled.set()
        self._turn, self._is_there, self._moves = asyncio.Lock(), False, 0
        self._sought: Address | None = None
        """Where it was looked last, for what is there."""
        self._nowhere: StageError | None = None
        """What that look found, where draws cannot be had."""

    async def look(self, refusal: Refusal, case: Case, lessons: int) -> float | None:
        """Seconds after which to ask again; None: the refusal is of this draw alone.

        Args:
            refusal: what the server said.
            case: of this draw.
            lessons: how many there were when this was asked.

        Raises:
            StageError: any request would be refused so; says why, and what to change.
        """
        said = refusal.said
        if lessons != self.lessons:
            return 0.0
        learnt = self._wording.learn(said) if said.status in (400, 422) else None
        if learnt:
            self._say(learnt)
            return 0.0
        why = self._why(refusal)
        if not why:
            return None
        if why not in REMEDY:
            await self._seek(refusal, lessons)
            if lessons != self.lessons:
                return 0.0
        if not case.refused:
            case.answers = self.answers
        case.refused += 1
        if self.answers > case.answers:
            return None
        if case.refused < TIMES:
            return WAIT * case.refused
        if why in REMEDY:
            raise self._end(refusal, why)
        if self._nowhere:
            raise self._nowhere
        self._is_there = True
        return None

    @property
    def lessons(self) -> int:
        """How often it was learnt to ask otherwise, or elsewhere."""
        return self._wording.lessons + self._moves

    def unreached(self, failure: EngineFailure) -> None:
        """Raises StageError where nobody was ever reached."""
        words = failure.message
        nobody = words.startswith(("ClientConnector", "ClientProxyConnection", "none within"))
        if failure.reason == "connection" and nobody and not self.answers:
            raise unreachable(self._wire.address, words)

    def _why(self, refusal: Refusal) -> str:
        """For which reason any request may be refused so; empty where there is none."""
        said = refusal.said
        if refusal.why in REMEDY:
            return refusal.why
        if self.answers or self._is_there:
            return ""
        if plain_http(said.words):
            raise wants_tls(self._wire.address, said.words)
        if said.status in (400, 422):
            self._wording.check(said)
        named = f"{said.code} {said.words}"
        if said.status in (400, 404, 422) and UNKNOWN_MODEL.search(named):
            return "place"
        return "access" if said.status == 403 else refusal.why

    async def _seek(self, refusal: Refusal, lessons: int) -> None:
        """Looks once at each address, before anybody was answered, whether another is meant."""
        async with self._turn:
            before = self._wire.address
            if self.answers or lessons != self.lessons or before == self._sought:
                return
            self._sought, self._nowhere = before, None
            words = f"{refusal.reason}: {_words(refusal.said)}"
            self.settled.clear()
            try:
                other = await found(before, self._wire.served.model, words, self._wire.models)
            except StageError as error:
                self._nowhere = error
                return
            finally:
                self.settled.set()
            if other and not self.answers:
                self._say(f"{before.chat} is not there, and {other.chat} is: it is asked ({words})")
                self._wire.address = other
                self._moves += 1

    def _end(self, refusal: Refusal, why: str) -> StageError:
        return StageError(
            f"{self._wire.address.base} gives no more draws, as {REMEDY[why]}: {refusal.reason}, "
            f"{_words(refusal.said)}. Draws so far are kept; once that is mended, the same command "
            "goes on"
        )


def _words(said: Said) -> str:
    return f"the server said {echo(said.words)}"
