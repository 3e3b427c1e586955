"""Who gets the next draw: keeps the engine full, judges each draw as it comes, decides from it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from factory.chat import Message
from factory.engines import Completion, Engine, Request
from factory.errors import EngineFailure, StageError
from factory.progress import Report
from factory.recipe import Policy, Sampling
from factory.records import digest, sample_id, seed_of
from factory.store import Store
from filters.thinking import split
from filters.verifiers import verify

ATTEMPTS = 3
"""Times a draw is tried before it is counted as failed; once, where its failure is final."""
READY = 0.5
"""Draws in hand beyond those that the engine works on, as a share of them: a place in its batch
that falls free is taken in the next step, and not when the draw that left it has been judged."""
PATIENCE = 20
"""Failures in a row, with no success between, after which the engine is held to be broken."""


@dataclass
class PromptState:
    """One prompt and its draws so far."""

    prompt_id: str
    messages: list[Message]
    reference: Any
    verifier: str
    drawn: set[int] = field(default_factory=set)
    in_flight: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)
    correct: int = 0

    def next_draw(self, policy: Policy) -> int | None:
        """The lowest draw that is certainly needed, whatever becomes of those in flight.

        For `until` this makes the draws of a prompt the shortest row 0, 1, 2, … that holds enough
        correct ones, in whatever order they finish.
        """
        hopeful = self.correct + (len(self.in_flight) if policy.until else 0)
        if policy.satisfied(len(self.drawn) + len(self.in_flight), hopeful):
            return None
        taken = self.drawn | self.in_flight | self.failed.keys()
        return next((n for n in range(policy.max_draws) if n not in taken), None)


@dataclass
class Outcome:
    """What a sampling came to: its draws, and what failed."""

    samples: pl.DataFrame
    failed: dict[str, str]
    """Reason by sample id."""


def settings_id(sampling: Sampling, seed: int) -> str:
    """Digest of what shapes a draw; the policy only says how many there are."""
    return digest(sampling.temperature, sampling.top_p, sampling.max_tokens, seed)


async def fill(
    engine: Engine,
    prompts: pl.DataFrame,
    sampling: Sampling,
    *,
    teacher: str,
    seed: int,
    store: Store,
    report: Report,
) -> Outcome:
    """Draw what the policy wants and the store lacks.

    `teacher` is the digest or revision of the model that the engine runs. Every draw is kept
    whatever its verdict. A draw that the engine could not give is no wrong answer: it is tried
    again, and counted as failed when that does not help.

    Raises:
        StageError: when the engine fails again and again.
    """
    settings = settings_id(sampling, seed)
    run = _Run(engine, sampling, teacher, settings, seed, store, report)
    kept = store.table().filter(teacher=teacher, settings=settings)
    states = _states(prompts, kept, sampling.policy)
    await run.over(states)
    store.seal()
    if run.counts["failed attempts"] and not run.counts["draws"]:
        reasons = {reason for state in states for reason in state.failed.values()}
        raise StageError(f"the engine gave no draw at all, only {', '.join(sorted(reasons))}")
    samples = store.table().filter(teacher=teacher, settings=settings)
    return Outcome(
        _asked_for(samples, prompts, sampling.policy),
        {
            sample_id(state.prompt_id, teacher, settings, draw): reason
            for state in states
            for draw, reason in state.failed.items()
        },
    )


def _asked_for(samples: pl.DataFrame, prompts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The draws this policy would have made; the store may hold those of a more generous one."""
    of_prompts = samples.join(prompts.select("prompt_id"), on="prompt_id", how="semi")
    asked = of_prompts.filter(pl.col("draw") < policy.max_draws).sort("prompt_id", "draw")
    if policy.until is None:
        return asked
    before = (pl.col("verdict") == "correct").cast(pl.Int32).cum_sum().shift(1, fill_value=0)
    return asked.filter(before.over("prompt_id") < policy.until.accepted)


def _states(prompts: pl.DataFrame, kept: pl.DataFrame, policy: Policy) -> list[PromptState]:
    states = {
        row["prompt_id"]: PromptState(
            row["prompt_id"],
            row["messages"],
            orjson.loads(row["reference"] or "null"),
            row["verifier"],
        )
        for row in prompts.iter_rows(named=True)
    }
    for prompt_id, draw, verdict in kept.select("prompt_id", "draw", "verdict").iter_rows():
        if prompt_id in states and draw < policy.max_draws:
            states[prompt_id].drawn.add(draw)
            states[prompt_id].correct += verdict == "correct"
    return list(states.values())


class _Run:
    """One call of `fill`: the draws in flight and the counts that are shown."""

    def __init__(
        self,
        engine: Engine,
        sampling: Sampling,
        teacher: str,
        settings: str,
        seed: int,
        store: Store,
        report: Report,
    ):
        self.engine, self.sampling, self.store, self.report = engine, sampling, store, report
        self.teacher, self.settings, self.seed = teacher, settings, seed
        self.counts: Counter[str] = Counter()
        self.failures_in_a_row = 0
        self.started = time.monotonic()

    async def over(self, states: Iterable[PromptState]) -> None:
        """Keep the engine full until no prompt wants another draw."""
        policy = self.sampling.policy
        states = list(states)
        queue = deque(state for state in states if state.next_draw(policy) is not None)
        self.counts["prompts"] = len(states)
        self.counts["done"] = len(states) - len(queue)
        finished: asyncio.Queue[tuple[PromptState, asyncio.Task[None]]] = asyncio.Queue()
        tasks: set[asyncio.Task[None]] = set()
        try:
            await self._until_none_wants_more(queue, tasks, finished)
        finally:
            # After a failure: let go of what is in flight, so that nothing is left unheard.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_none_wants_more(
        self,
        queue: deque[PromptState],
        tasks: set[asyncio.Task[None]],
        finished: asyncio.Queue[tuple[PromptState, asyncio.Task[None]]],
    ) -> None:
        policy = self.sampling.policy
        in_hand = round(self.sampling.concurrency * (1 + READY))
        while queue or tasks:
            while queue and len(tasks) < in_hand:
                state = queue[0]
                draw = state.next_draw(policy)
                if draw is None:
                    queue.popleft()
                    continue
                state.in_flight.add(draw)
                task = asyncio.create_task(self._one(state, draw))
                task.add_done_callback(lambda t, s=state: finished.put_nowait((s, t)))
                tasks.add(task)
            state, task = await finished.get()
            tasks.discard(task)
            task.result()
            if state.next_draw(policy) is not None:
                # First in the queue: a prompt that was begun is finished before new ones begin.
                if not queue or queue[0] is not state:
                    queue.appendleft(state)
            elif not state.in_flight:
                self.counts["done"] += 1
            self._show()

    async def _one(self, state: PromptState, draw: int) -> None:
        """Draw, judge and keep; or note why it could not be had."""
        sample = sample_id(state.prompt_id, self.teacher, self.settings, draw)
        request = Request(
            sample,
            state.prompt_id,
            draw,
            state.messages,
            seed_of(sample, self.seed),
            self.sampling.temperature,
            self.sampling.top_p,
            self.sampling.max_tokens,
        )
        try:
            answer = await self._ask(state, request)
            if answer is not None:
                verdict = await self._keep(state, request, *answer)
                state.drawn.add(draw)
                state.correct += verdict == "correct"
        finally:
            state.in_flight.discard(draw)

    async def _ask(self, state: PromptState, request: Request) -> tuple[Completion, int] | None:
        """The engine's answer and the attempt that brought it; None when none did."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                completion = await self.engine.draw(request)
            except StageError:
                raise  # the engine itself says that going on is of no use
            except Exception as error:
                self._failed(error)
                state.failed[request.draw] = (
                    error.reason if isinstance(error, EngineFailure) else type(error).__name__
                )
                if isinstance(error, EngineFailure) and error.final:
                    return None
            else:
                self.failures_in_a_row = 0
                state.failed.pop(request.draw, None)
                return completion, attempt
        return None

    def _failed(self, error: Exception) -> None:
        self.counts["failed attempts"] += 1
        self.failures_in_a_row += 1
        if self.failures_in_a_row >= PATIENCE:
            raise StageError(
                f"the engine failed {PATIENCE} times in a row, the last time with "
                f"{type(error).__name__}: {error}. Draws so far are kept; "
                "mend the cause and run the same command again."
            ) from error

    async def _keep(
        self, state: PromptState, request: Request, completion: Completion, attempt: int
    ) -> str:
        thought = split(completion.text, self.engine.opened)
        # In a thread: a hard answer may take the worker pool seconds, and the engine must not wait.
        verdict = await asyncio.to_thread(verify, thought.response, state.reference, state.verifier)
        self.store.append(
            {
                "sample_id": request.sample_id,
                "prompt_id": request.prompt_id,
                "draw": request.draw,
                "seed": request.seed,
                "attempt": attempt,
                "teacher": self.teacher,
                "settings": self.settings,
                "text": completion.text,
                "token_ids": completion.token_ids,
                "finish_reason": completion.finish_reason,
                "prompt_tokens": completion.prompt_tokens,
                "completion_tokens": completion.completion_tokens,
                "reasoning": thought.reasoning,
                "response": thought.response,
                "verdict": verdict.outcome,
                "verdict_reason": verdict.reason,
                "answer": verdict.answer,
                "verdict_seconds": verdict.seconds,
            }
        )
        self.counts["draws"] += 1
        self.counts["tokens"] += completion.completion_tokens
        self.counts["correct"] += verdict.outcome == "correct"
        return verdict.outcome

    def _show(self) -> None:
        counts = self.counts
        seconds = max(time.monotonic() - self.started, 1e-9)
        self.report(
            counts["done"],
            counts["prompts"],
            "prompts",
            draws=counts["draws"],
            correct=counts["correct"] / max(counts["draws"], 1),
            tokens_per_second=counts["tokens"] / seconds,
            tokens_per_correct=counts["tokens"] / max(counts["correct"], 1),
        )
