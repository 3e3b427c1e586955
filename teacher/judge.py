"""The recipe's judge, asked while a training runs: its event loop has a thread of its own."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from threading import Lock, Thread

from factory.engines.credentials import key_of
from factory.models import elsewhere
from factory.recipe.judge import Judge
from factory.recipe.served import Served
from factory.sampler.draws import running
from factory.sampler.judge_notes import Notes
from factory.sampler.judging import Asked, Bench, Judging
from factory.sampler.teacher import Teacher
from filters.verdict import Verdict, unverifiable
from filters.verifiers.judge.votes import FAILED

PART = 0.9
"""Of a reward's time: what the judge has for its verdicts, so that those in time can be told."""
LATE = "judge_late"
"""The reason of an answer on which there was no verdict in time."""


class JudgeAtHand:
    """A judge behind an endpoint, asked from any thread, as often and as patiently as by the stage
    that samples: attempts, waits and votes are those of `factory.sampler.judging`.

    Equal answers to a question are asked about once. A judge that is out, or late, makes answers
    unverifiable and stops nothing; why is told in the stage's log.
    """

    def __init__(self, told: Judge, seconds: float):
        """Nobody is asked yet.

        Args:
            told: the recipe's judge.
            seconds: time for all answers of a step; what is late is left out shortly before.

        Raises:
            StageError: the key of its endpoint is not in the environment.
        """
        assert isinstance(told.model, Served)  # as the recipe is checked
        key_of(told.model)
        self._judging = Judging(Teacher(elsewhere(told.model), told.model), told)
        self._seconds, self._starting = PART * seconds, Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bench: Bench | None = None

    def __call__(self, asked: Sequence[Asked]) -> list[Verdict]:
        """Verdicts on these answers, all asked at once."""
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=self._loop.run_forever, daemon=True, name="judge").start()
        verdicts, failures = asyncio.run_coroutine_threadsafe(self._all(asked), self._loop).result()
        for words in dict.fromkeys(failures):
            warnings.warn(words, stacklevel=2)
        return verdicts

    async def _all(self, asked: Sequence[Asked]) -> tuple[list[Verdict], list[str]]:
        if self._bench is None:
            self._bench = Bench(self._judging, Notes(None), running, ask=True)
        tasks = [asyncio.create_task(self._bench(*each)) for each in asked]
        if tasks:
            await asyncio.wait(tasks, timeout=self._seconds)
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        verdicts, failures = [], []
        for task in tasks:
            if task.cancelled():
                verdicts.append(unverifiable(LATE))
            elif failure := task.exception():
                failures.append(str(failure))
                verdicts.append(unverifiable(FAILED))
            else:
                verdicts.append(task.result())
        if late:
            name = self._judging.name
            failures.append(f"the judge {name}: {len(late)} late after {self._seconds:g} seconds")
        return verdicts, failures

    def close(self) -> None:
        """Let go of the endpoint."""
        if self._loop is None:
            return
        if self._bench:
            leaving = self._bench.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(leaving, self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop = self._bench = None
