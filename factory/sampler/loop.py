"""Who gets the next draw: keeps the engine full, judges each draw as it comes, decides from it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from factory.engines import Completion, Continues, Counts, Engine, HoldsBack, Request
from factory.errors import EngineFailure, StageError
from factory.progress import Report
from factory.sampler.asker import Asker
from factory.sampler.budget import Bounds
from factory.sampler.counters import Counters
from factory.sampler.earlier import CUT
from factory.sampler.failures import Failed
from factory.sampler.health import PATIENCE, Health
from factory.sampler.outcome import ALL_FINISHED
from factory.sampler.prompt_state import PromptState
from factory.sampler.protocols import Judge, Keeper, Prompts, Stop, judge_here
from factory.sampler.trend import Trend
from filters.text.thinking import OPEN, split
from filters.truncation import STOPPED
from filters.verdict import Verdict, unverifiable
from filters.verifiers.judge.votes import FAILED
from filters.watch import Watch

READY = 0.5
"""Draws in hand beyond those that the engine works on, as a share of them: a place in its batch
that falls free is taken in the next step, and not when the draw that left it has been judged."""

PULSE = 1.0
"""Seconds between two looks at the figures where nothing ends."""

log = logging.getLogger(__name__)


class Run:
    """One sitting with one engine: prompts come from a feed, finished draws go to a keeper."""

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        counters: Counters,
        keeper: Keeper,
        judge: Judge = judge_here,
        *,
        outage: float = 0.0,
        known: PromptState | None = None,
        say: Callable[[str], None] = log.warning,
    ):
        """`outage`: seconds that the engine may be out; `known`: a prompt that has a draw; `say`:
        is told when the engine does worse."""
        self.engine, self.asker, self.counters = engine, asker, counters
        self.keeper, self.judge = keeper, judge
        self.bounds = Bounds(asker.sampling, counters.spent)
        self.ended: asyncio.Queue[asyncio.Task[None] | None] = asyncio.Queue()
        """Tasks that ended, in that order; None wakes the loop."""
        self.failed: dict[str, Failed] = {}
        """By sample id, draws that could not be had."""
        self._in_hand = round(asker.sampling.concurrency * (1 + READY))
        self._ready: deque[PromptState] = deque()
        canary = self._request(known, 0) if known else None
        patience = max(PATIENCE, self._in_hand)
        self.health = Health(engine, patience, outage=outage, canary=canary, say=say)
        self._trend = Trend(say)
        self._look: asyncio.Task[None] | None = None
        self._hoped, self._why = 0.0, ""
        self._trouble: StageError | None = None
        self.halted = False
        """Whether no draw may begin any more, by the word of whoever feeds it."""

    async def over(self, feed: Prompts, report: Report, stop: Stop | None = None) -> str:
        """Keep the engine full until no prompt wants another draw; returns what ended it.

        Raises:
            StageError: see `factory.sampler.fill.fill`.
        """
        self.feed = feed
        tasks: set[asyncio.Task[None]] = set()
        wakers = [asyncio.create_task(self._alarm(stop)), asyncio.create_task(self._pulse())]
        try:
            return await self._until_none_wants_more(tasks, report, stop)
        finally:
            # After a failure: end what is in flight, so that nothing is left unheard.
            going = [*tasks, *wakers, *([self._look] if self._look else [])]
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)

    async def _until_none_wants_more(
        self, tasks: set[asyncio.Task[None]], report: Report, stop: Stop | None
    ) -> str:
        while True:
            if self._look is None or self._look.done():
                halted = self.halted or (stop is not None and stop.now.is_set())
                idle = halted or self.health.impatient or self._begin(tasks)
                if self.health.due(idle, len(tasks)):
                    self._look = asyncio.create_task(self.health.look())
                    self._look.add_done_callback(self.ended.put_nowait)
            if not tasks or self.counters.due():
                self.counters.in_flight, self.counters.failed = self._out(), len(self.failed)
                report(*self.counters.progress(), **self.counters.told(self._in_flight_tokens()))
            if not tasks or self.bounds.overtime or (stop and stop.over):
                break
            if (task := await self.ended.get()) is not None:
                tasks.discard(task)
                task.result()
        if stop and stop.now.is_set():
            raise StageError(
                f"told to stop: {self.counters.draws:,} draws were finished in this sitting and "
                f"are kept, {len(tasks):,} in flight were broken off; the same command carries on"
            )
        if self.bounds.overtime:
            self._why = self.bounds.end(0, 0.0) or ""
        return self._why or ALL_FINISHED

    def _out(self) -> int:
        """Requests that the engine works on: not those that wait for a verdict or another try."""
        if isinstance(self.engine, HoldsBack):
            return self.engine.out
        return min(self.health.asking, self.asker.sampling.concurrency)

    def _in_flight_tokens(self) -> int:
        return self.engine.in_flight_tokens if isinstance(self.engine, Counts) else 0

    def _begin(self, tasks: set[asyncio.Task[None]]) -> bool:
        """Begin draws until the engine is full; whether nothing is left to begin now."""
        while len(tasks) - self.health.doubted < self._in_hand:
            self._why = self.bounds.end(len(tasks), self._hoped) or ""
            if self._why or (found := self._next()) is None:
                return True
            chance = self.feed.chance()
            self._hoped += chance
            task = asyncio.create_task(self._one(*found, chance))
            task.add_done_callback(self.ended.put_nowait)
            tasks.add(task)
        return False

    async def _pulse(self) -> None:
        """Wake the loop now and then, so that it tells how far it is while it only waits."""
        while True:
            await asyncio.sleep(PULSE)
            self.ended.put_nowait(None)

    async def _alarm(self, stop: Stop | None) -> None:
        """Wake the loop when the run is told to stop, and when its time is over."""
        told = asyncio.ensure_future(stop.now.wait()) if stop else asyncio.Future[bool]()
        await asyncio.wait([told], timeout=self.bounds.seconds_left)
        self.ended.put_nowait(None)
        if stop and stop.now.is_set():
            stop.began = time.monotonic()
            await asyncio.sleep(stop.grace)
            self.ended.put_nowait(None)

    def _next(self) -> tuple[PromptState, int] | None:
        """The next draw: of a prompt that was begun, before new ones begin."""
        while True:
            if not self._ready:
                state = self.feed.next()
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
        """The next draw of a prompt; puts it away where it is finished."""
        draw = state.next_draw()
        if draw is None and not state.in_flight:
            self.feed.put_away(state)
        return draw

    async def _one(self, state: PromptState, draw: int, chance: float) -> None:
        """Draw, judge and keep; or note why it could not be had."""
        try:
            request = self._request(state, draw)
            if (answer := await self._answer(state, request)) is not None:
                await self._keep(state, request, *answer)
            else:
                state.failed[draw] = self.failed[request.sample_id].reason
        finally:
            self._hoped -= chance
            if state.outcomes[draw] is None:
                del state.outcomes[draw]
            self._queue(state)

    def _request(self, state: PromptState, draw: int) -> Request:
        sampling, asked = self.asker.sampling, state.asked
        begun = state.begun.get(draw)
        ids = begun.token_ids if begun else ()
        prefill = asked.prefill
        told = {**sampling.chat_template_kwargs, **asked.template_arguments}
        if self.engine.opens(told):  # the template has written the tag already
            prefill = prefill.removeprefix(OPEN).lstrip("\n")
        return Request(
            self.asker.sample_id(state, draw),
            state.prompt_id,
            draw,
            asked.messages,
            self.asker.seed_of(state, draw, goes_on=bool(begun)),
            sampling.temperature,
            sampling.top_p,
            sampling.max_tokens - len(ids),
            prefill=prefill,
            logprobs=sampling.logprobs,
            watch=self._watch(state.language, ids),
            begun=ids,
            options=sampling.options,
            stop_words=tuple(sampling.stop_words),
            template_arguments=told,
            extra=asked.extra,
            thinking=asked.thinking or sampling.thinking,
        )

    def _watch(self, language: str | None, begun: Sequence[int]) -> Callable[[], Watch] | None:
        """Makes a watch that has read what was drawn before."""
        stop = self.asker.sampling.stop
        if not (stop.loop or stop.language):
            return None

        def watching() -> Watch:
            watch = Watch(stop, language)
            if begun:
                watch.feed(self._spell(begun))
            return watch

        return watching

    def _spell(self, token_ids: Sequence[int]) -> str:
        assert isinstance(self.engine, Continues)  # else nothing is taken up (Asker.continues)
        return self.engine.spell(token_ids)

    async def _answer(self, state: PromptState, request: Request) -> tuple[Completion, int] | None:
        """The whole draw and the attempt that brought it, with what it was begun with."""
        begun = state.begun.get(request.draw)
        if begun is None:
            return await self._ask(request)
        if begun.is_cut:
            ids = list(begun.token_ids)
            return Completion(self._spell(ids), ids, CUT, begun.prompt_tokens, len(ids)), 1
        if (answer := await self._ask(request)) is None:
            return None
        more, attempt = answer
        ids = [*begun.token_ids, *(more.token_ids or [])]
        whole = replace(
            more,
            text=self._spell(ids),
            token_ids=ids,
            prompt_tokens=begun.prompt_tokens,
            completion_tokens=len(ids),
            logprob=None,
        )
        return whole, attempt

    async def _ask(self, request: Request) -> tuple[Completion, int] | None:
        """The engine's answer and the attempt that brought it; None when none did."""
        answer = await self.health.ask(request, partial(self._failed, request))
        if answer:
            self.counters.failures += answer[0].retries
            self._trend.answered(answer[0].retries)
            self.failed.pop(request.sample_id, None)
        return answer

    def _failed(self, request: Request, attempts: int, failure: EngineFailure) -> None:
        self.counters.failures += failure.tries
        self._trend.failed(failure.reason, failure.tries)
        self.failed[request.sample_id] = Failed(
            request.prompt_id, request.draw, attempts, failure.reason, str(failure)
        )
        self.keeper.failed(request.sample_id, attempts, failure.reason, failure.message)
        self.ended.put_nowait(None)  # it may be time to look at the engine

    async def _judged(self, response: str | None, state: PromptState) -> Verdict:
        """The verdict. A judge that breaks is no wrong answer, and must not cost the run; where it
        says itself that going on is of no use, the draw is kept before the run ends."""
        try:
            return await self.judge(response, state.reference, state.verifier, state.question)
        except StageError as error:
            self._trouble = error
            return unverifiable(f"{FAILED}: it was out")
        except Exception as error:
            log.exception("the judge broke at prompt %s", state.prompt_id)
            return unverifiable(f"crash: {type(error).__name__}: {error}")

    async def _keep(
        self, state: PromptState, request: Request, completion: Completion, attempt: int
    ) -> None:
        opened = self.engine.opens(request.template_arguments)
        opening = (f"{OPEN}\n" if opened else "") + request.prefill
        thought = split(request.prefill + completion.text, opened)
        # What was stopped in the middle of its answer has none, whatever stands in it.
        stopped = completion.finish_reason in STOPPED
        response = None if stopped else thought.response
        verdict = await self._judged(response, state)
        self.keeper.append(
            {
                "sample_id": request.sample_id,
                "prompt_id": request.prompt_id,
                "draw": request.draw,
                "seed": request.seed if completion.seeded else None,
                "max_tokens": self.asker.sampling.max_tokens,
                "attempt": attempt,
                "teacher": self.asker.teacher,
                "settings": state.settings,
                "strategy": state.asked.strategy,
                "opening": opening,
                "text": completion.text,
                "token_ids": completion.token_ids,
                "finish_reason": completion.finish_reason,
                "finish_word": completion.finish_word,
                "prompt_tokens": completion.prompt_tokens,
                "completion_tokens": completion.completion_tokens if completion.counted else None,
                "forced_tokens": completion.forced_tokens,
                "begun_tokens": len(request.begun),
                "has_token_ids": completion.token_ids is not None,
                "logprob": completion.logprob,
                "reasoning": thought.reasoning,
                "response": thought.response,
                "verdict": verdict.outcome,
                "key": state.key,
                "verdict_reason": verdict.reason,
                "answer": verdict.answer,
                "verdict_seconds": verdict.seconds,
            }
        )
        correct = verdict.outcome == "correct"
        enough = self.asker.sampling.policy.accepted
        self.counters.spent.accepted += correct and (not enough or state.correct < enough)
        state.finish(request.draw, request.sample_id, correct)
        # One whose tokens nobody counted may have had all that it was allowed.
        tokens = completion.completion_tokens if completion.counted else request.max_tokens
        self.counters.took(tokens - len(request.begun), stopped)
        if self._trouble:
            raise self._trouble
