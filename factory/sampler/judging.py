"""The recipe's judge at work: rules first, then votes of its model, once for each answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self
from weakref import WeakValueDictionary

import polars as pl

from factory.engines import Engine, Request
from factory.errors import EngineFailure, StageError
from factory.models.context import context_of
from factory.recipe.judge import BY_A_MODEL, Judge
from factory.recipe.sampling import Sampling
from factory.records import digest
from factory.sampler.health import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, PATIENCE, failure_of
from factory.sampler.judge_notes import Notes
from factory.sampler.protocols import judge_here
from factory.sampler.teacher import Teacher
from filters.text.thinking import OPEN
from filters.verdict import Verdict, unverifiable
from filters.verifiers.judge import marking
from filters.verifiers.judge.prompt import VERSION
from filters.verifiers.judge.rubric import Sheet, sheet_of
from filters.verifiers.judge.votes import FAILED, Case, Question, Reply, Voting, case_of, left_open

PENDING = "judge_pending"
"""Begins the reason of a draw that waits for a judge who is asked after the draws."""
MISSING = "judge_missing"
"""The reason by which rules leave an open answer to the judge."""
LONGEST_QUESTION = 13_000
"""Tokens of a question: three texts of 4,000 characters at most, and what is asked of them."""

Asked = tuple[str | None, object, str, str | None]
"""Response, reference, verifier, and the question where the judge may be asked."""
Start = Callable[[Teacher, Sampling, int], AbstractAsyncContextManager[Engine]]
"""Starts the engine of a model that is asked so, for questions and replies of so many tokens."""
Ask = Callable[[Sequence[Asked]], list[Verdict]]
"""Judges many answers in one go."""


@dataclass(frozen=True)
class Judging:
    """The recipe's judge, found."""

    model: Teacher
    """Who is asked."""
    told: Judge
    """And how."""

    @property
    def name(self) -> str:
        """What people call the model."""
        return self.model.model.name

    @cached_property
    def identity(self) -> str:
        """Digest of all that its verdicts depend on: model, settings, votes, how it is asked."""
        asked = self.told.asked()
        shape = [asked.temperature, asked.top_p, asked.options, asked.stop_words]
        shape += [asked.chat_template_kwargs, asked.max_tokens, self.told.votes, VERSION]
        return digest(self.model.identity(asked), *shape)

    @property
    def max_length(self) -> int:
        """Tokens of the longest question with its reply, where the model is here."""
        most = LONGEST_QUESTION + self.told.max_tokens
        path = self.model.model.path
        context = context_of(path, self.told.engine_arguments) if path else None
        return min(most, context or most)

    def marked(self, prompts: pl.DataFrame) -> pl.DataFrame:
        """Prompts with `judge`, its identity, and `question`, both null where it is never asked."""
        identities: list[str | None] = []
        questions: list[str | None] = []
        for row in prompts.iter_rows(named=True):
            asked = row["verifier"] in BY_A_MODEL or row.get("rescue") is not None
            identities.append(self.identity if asked else None)
            questions.append(question_of(row) if asked else None)
        texts = {"judge": identities, "question": questions}
        return prompts.with_columns(pl.Series(n, t, pl.String()) for n, t in texts.items())


def question_of(prompt: Mapping[str, Any]) -> str:
    """A prompt's question as the judge reads it: all turns, without the source's instruction."""
    texts = [turn["content"] for turn in prompt["messages"] if turn["role"] != "system"]
    if prompt.get("instruction"):
        texts[-1] = texts[-1].removesuffix(prompt["instruction"].strip()).rstrip() or texts[-1]
    return "\n\n".join(texts)


class Bench:
    """Where answers are judged, in one event loop; the judge's engine starts at its first question.

    Who waits for it does so as for any judge of the sampler: `await bench(response, …)`. A model
    that does not answer makes an answer unverifiable (`judge_failed`). One that answers nothing
    any more ends the stage: what waits for it would be judged by nobody.
    """

    def __init__(
        self,
        judging: Judging,
        notes: Notes,
        start: Start,
        *,
        ask: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Begin without an engine.

        Args:
            judging: who is asked.
            notes: what was said before, and where it is kept.
            start: starts the engine.
            ask: whether the model is asked; where it is not, what is not in the notes is
                `judge_pending`. None: where draws can be judged as they come.
            clock: in seconds.
        """
        self.judging, self.notes, self._start = judging, notes, start
        self._asks = judging.told.at_once if ask is None else ask
        self._sampling, self._clock = judging.told.asked(), clock
        self._voting = Voting(judging.told.votes)
        self._marking = marking.Marking(judging.told.votes)
        self._engine: Engine | None = None
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()
        self._at: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._out_since: float | None = None
        self._answered, self._in_a_row = False, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def __call__(
        self, response: str | None, reference: object, verifier: str, question: str | None = None
    ) -> Verdict:
        """The verdict on one answer.

        Raises:
            StageError: the judge answers nothing any more.
        """
        rules = await judge_here(response, reference, verifier)
        if question is None or not left_open(rules):
            return rules
        if verifier == "rubric":
            case = sheet_of(response, reference, question)
        else:
            case = case_of(response, reference, question, verifier)
        if isinstance(case, Verdict):
            return case if verifier in BY_A_MODEL else rules
        began = self._clock()
        verdict = self._named(await self._of(case), rules)
        return replace(verdict, seconds=rules.seconds + self._clock() - began)

    def _named(self, verdict: Verdict, rules: Verdict) -> Verdict:
        """The verdict with the judge's name, and what the rules had said, in its reason."""
        word, _, details = (verdict.reason or "judge").partition(": ")
        told = [self.judging.name, *([details] if details else [])]
        if rules.word != MISSING:
            told.append(f"after {rules.word}")
            word = "judge_rescued" if verdict.outcome == "correct" else word
        return replace(verdict, reason=f"{word}: {', '.join(told)}")

    async def _of(self, case: Case | Sheet) -> Verdict:
        told = [*case.told(), marking.VERSION] if isinstance(case, Sheet) else case
        key = digest(self.judging.identity, *told)
        lock = self._at.setdefault(key, asyncio.Lock())
        async with lock:  # draws that come with the same answer ask once
            if (known := self.notes.of(key, case.answer)) is not None:
                return known
            if not self._asks:
                return unverifiable(PENDING, case.answer)
            return await self._voted(key, case)

    async def _voted(self, key: str, case: Case | Sheet) -> Verdict:
        voting = self._marking.on(case) if isinstance(case, Sheet) else self._voting.on(case)
        number, spent = 0, [0, 0, 0]
        question = next(voting)
        while True:
            reply = await self._reply(f"{key}-{number}", question, spent)
            number += 1
            try:
                question = voting.send(reply)
            except StopIteration as end:
                verdict: Verdict = end.value
                break
        if verdict.word != FAILED:
            self.notes.keep(key, verdict, number, *spent)
        return verdict

    async def _reply(self, name: str, question: Question, spent: list[int]) -> Reply:
        """What the model wrote, asked for again where that may help. Tokens of the question and of
        the reply are added to `spent`, and 1 where nobody counted these.

        Raises:
            StageError: it has been out for too long, or fails at one question after the other.
        """
        engine, told = await self._running(), self._sampling.chat_template_kwargs
        request = self._request(name, question)
        attempt, wait = 0, FIRST_WAIT
        while True:
            attempt += 1
            try:
                answer = await engine.draw(request)
            except StageError as error:
                raise StageError(f"the judge {self.judging.name}: {error}") from error
            except Exception as error:
                failure = failure_of(error)
            else:
                self._answered, self._in_a_row, self._out_since = True, 0, None
                spent[0] += answer.prompt_tokens or 0
                spent[1] += answer.completion_tokens or 0
                spent[2] += not answer.counted
                return f"{OPEN}\n{answer.text}" if engine.opens(told) else answer.text
            if failure.later:
                self._still_patient(failure, wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
            elif failure.final or attempt == ATTEMPTS:
                return self._given_up(failure)

    def _still_patient(self, failure: EngineFailure, wait: float) -> None:
        now = self._clock()
        self._out_since = now if self._out_since is None else self._out_since
        served = self.judging.model.served
        if not (served and self._answered):
            raise self._end(f"does not answer: {failure}")
        if now + wait - self._out_since > served.outage:
            raise self._end(f"was out for {served.outage:g} seconds; at last {failure}")

    def _given_up(self, failure: EngineFailure) -> EngineFailure:
        self._in_a_row += 1
        if self._in_a_row >= PATIENCE:
            raise self._end(f"answered none of {self._in_a_row} questions; at last {failure}")
        return failure

    def _end(self, what: str) -> StageError:
        return StageError(
            f"the judge {self.judging.name} {what}. Draws and verdicts so far are kept; mend the "
            "cause and run the same command again."
        )

    def _request(self, name: str, question: Question) -> Request:
        asked, messages = self._sampling, question.messages
        return Request(
            name,
            name,
            0,
            messages,  # pyrefly: ignore
            question.seed,
            asked.temperature,
            asked.top_p,
            asked.max_tokens,
            options=asked.options,
            stop_words=tuple(asked.stop_words),
            template_arguments=asked.chat_template_kwargs,
        )

    async def _running(self) -> Engine:
        async with self._opening:
            if self._engine is None:
                model, length = self.judging.model, self.judging.max_length
                started = self._start(model, self._sampling, length)
                self._engine = await self._stack.enter_async_context(started)
            return self._engine

    async def all(self, asked: Sequence[Asked]) -> list[Verdict]:
        """The verdicts on many answers."""
        tasks = [asyncio.create_task(self(*each)) for each in asked]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def waiting(bench: Callable[[], Bench]) -> Iterator[Ask]:
    """A bench in an event loop of its own, for callers that wait for many verdicts at once."""
    with asyncio.Runner() as runner:
        sitting: Bench | None = None

        def ask(asked: Sequence[Asked]) -> list[Verdict]:
            nonlocal sitting
            sitting = sitting or bench()
            return runner.run(sitting.all(asked))

        try:
            yield ask
        finally:
            if sitting:
                runner.run(sitting.__aexit__())
