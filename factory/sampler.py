"""Who gets the next draw: keeps the engine full, judges each draw as it comes, decides from it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from factory.aims import Aims, Spent
from factory.engines import Completion, Engine, Request
from factory.errors import EngineFailure, StageError
from factory.figures import Figures
from factory.outcome import Outcome, outcome
from factory.pending import Asker, PromptState, kept, planned, spent, states
from factory.plan import Plan
from factory.progress import Report
from factory.records import seed_of
from factory.store import UNSYNCED_SECONDS, Store
from filters.thinking import OPEN, split
from filters.verifiers import verify
from filters.verifiers.verdict import Verdict

ATTEMPTS = 3
"""Times a draw is tried before it is counted as failed; once, where its failure is final."""
READY = 0.5
"""Draws in hand beyond those that the engine works on, as a share of them: a place in its batch
that falls free is taken in the next step, and not when the draw that left it has been judged."""
PATIENCE = 20
"""Failures in a row, with no success between, after which the engine is held to be broken."""
STOPPED = ("loop", "language", "repetition")
"""Finish reasons of draws that were doomed, and stopped on their way."""

Judge = Callable[[str | None, object, str], Awaitable[Verdict]]
"""`await judge(response, reference, verifier)`."""
Ended = asyncio.Queue[asyncio.Task[None] | None]
"""Tasks that ended, in that order; None wakes the loop."""


async def judge_here(response: str | None, reference: object, verifier: str) -> Verdict:
    """Judge in a thread: a hard answer may take a worker seconds, and the engine must not wait."""
    return await asyncio.to_thread(verify, response, reference, verifier)


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


async def fill(
    engine: Engine,
    prompts: pl.DataFrame,
    asker: Asker,
    store: Store,
    report: Report,
    *,
    judge: Judge = judge_here,
    stop: Stop | None = None,
) -> Outcome:
    """Draw what the policy wants and the store lacks.

    Every draw is kept whatever its verdict. A draw that the engine could not give is no wrong
    answer: it is tried again, and counted as failed when that does not help.

    Raises:
        StageError: when the engine fails again and again, when draws cannot be kept, or when the
            run was told to stop. What is finished is kept, and the next call goes on from there.
    """
    had = kept(store, asker)
    so_far = spent(had, asker, store.seconds(asker.teacher))
    figures = Figures(so_far, prompts.height, asker.sampling.target)
    run = Run(engine, asker, planned(prompts, asker.sampling), figures, store, judge)
    keeper = asyncio.create_task(_keep_synced(store, so_far, asker.teacher))
    try:
        ended_by = await run.over(states(prompts, had, asker), report, stop)
    finally:
        keeper.cancel()
        store.note_seconds(asker.teacher, so_far.hours * 3600)
    del had
    await asyncio.to_thread(store.seal, wait=True)
    if run.failed and not so_far.draws:
        reasons = ", ".join(sorted(set(run.failed.values())))
        raise StageError(f"the engine gave no draw at all, only {reasons}")
    return outcome(prompts, kept(store, asker), asker, run.failed, ended_by)


async def _keep_synced(store: Store, so_far: Spent, teacher: str) -> None:
    """See to it that a power failure costs no more than a second of finished work."""
    while True:
        await asyncio.sleep(UNSYNCED_SECONDS / 2)
        if store.unsynced:
            await asyncio.to_thread(store.sync)
            store.note_seconds(teacher, so_far.hours * 3600)


class Run:
    """One sitting with one engine: prompts come from an iterator, finished draws go to `keep`."""

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        plan: Plan,
        figures: Figures,
        store: Store,
        judge: Judge = judge_here,
    ):
        self.engine, self.asker, self.plan = engine, asker, plan
        self.figures, self.store, self.judge = figures, store, judge
        self.aims = Aims(asker.sampling, figures.spent)
        self.failed: dict[str, str] = {}
        """Reason by sample id, of draws that could not be had."""
        self._ready: deque[PromptState] = deque()
        self._parked: list[PromptState] = []
        self._failures_in_a_row = 0
        self._hoped = 0.0

    async def over(
        self, prompts: Iterator[PromptState], report: Report, stop: Stop | None = None
    ) -> str:
        """Keep the engine full until no prompt wants another draw; returns what ended it.

        Raises:
            StageError: see `fill`.
        """
        tasks: set[asyncio.Task[None]] = set()
        ended: Ended = asyncio.Queue()
        alarm = asyncio.create_task(self._wake(ended, stop))
        try:
            return await self._until_none_wants_more(prompts, tasks, ended, report, stop)
        finally:
            # After a failure: let go of what is in flight, so that nothing is left unheard.
            for task in (*tasks, alarm):
                task.cancel()
            await asyncio.gather(*tasks, alarm, return_exceptions=True)

    async def _until_none_wants_more(
        self,
        prompts: Iterator[PromptState],
        tasks: set[asyncio.Task[None]],
        ended: Ended,
        report: Report,
        stop: Stop | None,
    ) -> str:
        in_hand = round(self.asker.sampling.concurrency * (1 + READY))
        why = ""
        while True:
            while len(tasks) < in_hand and not (stop and stop.now.is_set()):
                if why := self.aims.end(len(tasks), self._hoped):
                    break
                if (found := self._next(prompts)) is None:
                    break
                chance = self._chance(found[0])
                self._hoped += chance
                task = asyncio.create_task(self._one(*found, chance))
                task.add_done_callback(ended.put_nowait)
                tasks.add(task)
            self.figures.in_flight = len(tasks)
            report(*self.figures.progress(), **self.figures.told())
            if not tasks or self.aims.overtime or (stop and stop.over):
                break
            if (task := await ended.get()) is not None:
                tasks.discard(task)
                task.result()
        if stop and stop.now.is_set():
            raise StageError(
                f"told to stop: {self.figures.draws:,} draws were finished in this sitting and "
                f"are kept, {len(tasks):,} in flight were let go of; the same command carries on"
            )
        if self.aims.overtime:
            why = self.aims.end(0, 0.0)
        return why or "all prompts are finished"

    async def _wake(self, ended: Ended, stop: Stop | None) -> None:
        """Wake the loop when the run is told to stop, and when its time is over."""
        told = asyncio.ensure_future(stop.now.wait()) if stop else asyncio.Future[bool]()
        await asyncio.wait([told], timeout=self.aims.seconds_left)
        ended.put_nowait(None)
        if stop and stop.now.is_set():
            stop.began = time.monotonic()
            await asyncio.sleep(stop.grace)
            ended.put_nowait(None)

    def _next(self, prompts: Iterator[PromptState]) -> tuple[PromptState, int] | None:
        """The next draw: of a prompt that was begun, before new ones begin."""
        while True:
            if not self._ready:
                state = next(prompts, None)
                if state is None:
                    return None
                self._ready.append(state)
            state = self._ready.popleft()
            state.queued = False
            if (draw := self._wants(state)) is not None:
                state.outcomes[draw] = None
                self._queue(state)
                return state, draw

    def _queue(self, state: PromptState) -> None:
        if not state.queued:
            state.queued = True
            self._ready.appendleft(state)

    def _wants(self, state: PromptState) -> int | None:
        """The next draw of a prompt; puts it away where it is finished, or must wait."""
        if state.limits is None:
            state.limits = self.plan.limits(state.place, state.source)
        draw = state.next_draw()
        if draw is not None or state.in_flight:
            return draw
        if state.limits is None:
            self._parked.append(state)
            return None
        self.figures.finished += 1
        self.figures.hopeless += state.correct < (self.asker.sampling.policy.accepted or 0)
        if self.plan.finished(state.place, state.source, state.drawn, state.correct, state.tokens):
            for parked in self._parked:
                self._queue(parked)
            self._parked.clear()
        return None

    def _chance(self, state: PromptState) -> float:
        return self.plan.chance(state.place, state.source, state.drawn, state.correct)

    async def _one(self, state: PromptState, draw: int, chance: float) -> None:
        """Draw, judge and keep; or note why it could not be had."""
        try:
            request = self._request(state, draw)
            if (answer := await self._ask(request)) is not None:
                await self._keep(state, request, *answer)
            else:
                state.failed[draw] = self.failed[request.sample_id]
        finally:
            self._hoped -= chance
            if state.outcomes[draw] is None:
                del state.outcomes[draw]
            self._queue(state)

    def _request(self, state: PromptState, draw: int) -> Request:
        sampling = self.asker.sampling
        sample = self.asker.sample_id(state, draw)
        prefill = state.asked.prefill
        if self.engine.opened:  # the template has written the tag already
            prefill = prefill.removeprefix(OPEN).lstrip("\n")
        return Request(
            sample,
            state.prompt_id,
            draw,
            state.asked.messages,
            seed_of(sample, self.asker.seed),
            sampling.temperature,
            sampling.top_p,
            sampling.max_tokens,
            prefill=prefill,
        )

    async def _ask(self, request: Request) -> tuple[Completion, int] | None:
        """The engine's answer and the attempt that brought it; None when none did."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                completion = await self.engine.draw(request)
            except StageError:
                raise  # the engine itself says that going on is of no use
            except Exception as error:
                known = isinstance(error, EngineFailure)
                reason = error.reason if known else type(error).__name__
                self.failed[request.sample_id] = reason
                self.store.failed(request.sample_id, attempt, reason, str(error))
                self._failed(error)
                if known and error.final:
                    return None
            else:
                self._failures_in_a_row = 0
                self.failed.pop(request.sample_id, None)
                return completion, attempt
        return None

    def _failed(self, error: Exception) -> None:
        self.figures.failures += 1
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= PATIENCE:
            raise StageError(
                f"the engine failed {PATIENCE} times in a row, the last time with "
                f"{type(error).__name__}: {error}. Draws so far are kept; "
                "mend the cause and run the same command again."
            ) from error

    async def _keep(
        self, state: PromptState, request: Request, completion: Completion, attempt: int
    ) -> None:
        opening = (f"{OPEN}\n" if self.engine.opened else "") + request.prefill
        thought = split(request.prefill + completion.text, self.engine.opened)
        verdict = await self.judge(thought.response, state.reference, state.verifier)
        self.store.append(
            {
                "sample_id": request.sample_id,
                "prompt_id": request.prompt_id,
                "draw": request.draw,
                "seed": request.seed,
                "attempt": attempt,
                "teacher": self.asker.teacher,
                "settings": state.settings,
                "strategy": state.asked.strategy,
                "opening": opening,
                "text": completion.text,
                "token_ids": completion.token_ids,
                "finish_reason": completion.finish_reason,
                "prompt_tokens": completion.prompt_tokens,
                "completion_tokens": completion.completion_tokens,
                "forced_tokens": completion.forced_tokens,
                "logprob": completion.logprob,
                "reasoning": thought.reasoning,
                "response": thought.response,
                "verdict": verdict.outcome,
                "verdict_reason": verdict.reason,
                "answer": verdict.answer,
                "verdict_seconds": verdict.seconds,
            }
        )
        correct = verdict.outcome == "correct"
        enough = self.asker.sampling.policy.accepted
        self.figures.spent.accepted += correct and (not enough or state.correct < enough)
        state.finish(request.draw, correct, completion.completion_tokens)
        self.figures.took(completion.completion_tokens, completion.finish_reason in STOPPED)
