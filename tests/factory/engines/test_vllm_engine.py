"""vLLM in this process and in its own: draws, watches, begun turns, what it costs to give up."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from tiny_models import LONGEST, tiny_model

from factory.engines import Completion, Request
from factory.engines.budget_forcing import Budgeted
from factory.engines.vllm_engine import VLLM, AsyncVLLM
from factory.errors import EngineFailure
from factory.models.chat import load_tokenizer, prompt_ids
from factory.recipe.sampling import Thinking
from filters.text.thinking import CLOSE, OPEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

QUESTION: list[Any] = [{"role": "user", "content": "1+1?"}]
KINDS: dict[str, type[VLLM] | type[AsyncVLLM]] = {"here": VLLM, "own process": AsyncVLLM}
SEEDS = list(range(8))
Ask = Callable[[Any], Any]
"""Runs a coroutine function of an engine."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # One token goes on behind the tag, as the last one of a tag in plain letters may.
    tags = (OPEN, CLOSE, f"{CLOSE}\n4")
    return tiny_model(tmp_path_factory.mktemp("tiny"), seed=1, tokens=tags)


@pytest.fixture(scope="module", params=KINDS)
def ask(request: pytest.FixtureRequest, model: Path) -> Iterator[Ask]:
    """One engine for all tests, and one event loop, which its processes want."""
    with asyncio.Runner() as runner, contextlib.ExitStack() as after:
        engine = KINDS[request.param](model, max_length=LONGEST, concurrency=8, arguments={})
        runner.run(engine.__aenter__())
        after.callback(lambda: runner.run(engine.__aexit__()))
        yield lambda asked: runner.run(asked(engine))


def wanted(seed: int, **changes: Any) -> Request:
    return replace(Request(f"s{seed}", "p", seed, QUESTION, seed, 1.0, 1.0, 24), **changes)


async def draws(engine: Any, seeds: list[int] = SEEDS, **changes: Any) -> list[Completion]:
    return await asyncio.gather(*(engine.draw(wanted(seed, **changes)) for seed in seeds))


def decoded(model: Path, draw: Completion) -> str:
    return str(load_tokenizer(model).decode(draw.token_ids or [], skip_special_tokens=True))


def same(text: str, other: str) -> bool:
    """Whether two texts are the same, but for half a letter at their ends."""
    return text.rstrip("�") == other.rstrip("�")


class After:
    """A watch that stops after so many characters."""

    def __init__(self, length: int):
        self.length, self.seen = length, ""

    def feed(self, text: str) -> str | None:
        self.seen += text
        return "loop" if len(self.seen) >= self.length else None


async def idle(engine: Any) -> bool:
    """Whether vLLM has nothing more to do in the end; its own process then takes no time."""
    if isinstance(engine, VLLM):
        core: Any = engine.engine.engine_core
        scheduler = core.engine_core.scheduler
        await asyncio.sleep(0.1)
        return not (scheduler.has_unfinished_requests() or engine._listening)
    if engine._engine.output_processor.has_unfinished_requests():
        return False
    for _ in range(20):
        before = seconds_of_children()
        await asyncio.sleep(0.5)
        if seconds_of_children() - before < 0.1:
            return True
    return False


def seconds_of_children() -> float:
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(time.user + time.system for time in times)


def test_draws_have_text_ids_counts_and_finish_reasons(ask: Ask, model: Path):
    found = ask(lambda engine: draws(engine, list(range(24))))
    tokenizer = load_tokenizer(model)
    for draw in found:
        assert draw.token_ids
        assert draw.completion_tokens == len(draw.token_ids) <= 24
        assert draw.prompt_tokens == len(prompt_ids(tokenizer, QUESTION))
        assert same(draw.text, decoded(model, draw))
        assert (draw.finish_reason == "stop") == (draw.token_ids[-1] == tokenizer.eos_token_id)
        assert (draw.finish_reason == "length") == (draw.finish_reason != "stop")
        assert (draw.logprob, draw.forced_tokens) == (None, 0)
    assert {draw.finish_reason for draw in found} >= {"length"}


def test_a_seed_decides_and_seeds_differ(ask: Ask):
    first, again = (ask(draws) for _ in range(2))
    assert [draw.token_ids for draw in first] == [draw.token_ids for draw in again]
    assert len({draw.text for draw in first}) == len(SEEDS)


def test_draws_go_on_side_by_side(ask: Ask):
    """A short draw that joins later ends before a long one that was there."""

    async def race(engine: Any) -> list[str]:
        ended: list[str] = []

        async def one(name: str, tokens: int) -> None:
            await engine.draw(wanted(1, max_tokens=tokens, begun=(20,) * 40))
            ended.append(name)

        long = asyncio.create_task(one("long", 60))
        await asyncio.sleep(0)
        await asyncio.gather(long, one("short", 2))
        return ended

    assert ask(race) == ["short", "long"]


def test_a_watch_stops_a_draw_and_the_engine_lets_go_of_it(ask: Ask, model: Path):
    watches: list[After] = []

    def watch() -> After:
        watches.append(After(60))
        return watches[-1]

    found = ask(lambda engine: draws(engine, SEEDS, watch=watch, max_tokens=LONGEST - 100))
    stopped = [draw for draw in found if draw.finish_reason == "loop"]
    assert len(stopped) >= 4  # the others ended before
    for draw in stopped:
        assert draw.completion_tokens == len(draw.token_ids or []) < 200
        assert draw.prompt_tokens > 10
        assert same(draw.text, decoded(model, draw))
    assert sorted(draw.text for draw in found) == sorted(watched.seen for watched in watches)
    assert ask(idle)


def test_what_is_watched_is_what_is_not(ask: Ask):
    whole = ask(lambda engine: draws(engine, max_tokens=80, logprobs=True))
    watched = ask(
        lambda engine: draws(engine, max_tokens=80, logprobs=True, watch=lambda: After(10**6))
    )
    assert [replace(draw, logprob=None) for draw in watched] == [
        replace(draw, logprob=None) for draw in whole
    ]
    assert [draw.logprob for draw in watched] == pytest.approx([d.logprob for d in whole])


def test_a_task_that_is_cancelled_takes_its_request_along(ask: Ask):
    async def cancel(engine: Any) -> bool:
        tasks = [
            asyncio.create_task(engine.draw(wanted(seed, max_tokens=LONGEST - 100)))
            for seed in SEEDS
        ]
        await asyncio.sleep(0.3)
        assert sum(not task.done() for task in tasks) >= 4
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return await idle(engine)

    assert ask(cancel)
    assert len(ask(draws)) == len(SEEDS)  # and it goes on


@pytest.mark.parametrize("prefill", ["", "<think>\n1+1", "<think>\n2</think>\n"])
def test_a_turn_that_was_begun_goes_on(ask: Ask, model: Path, prefill: str):
    """All that stands before is in the prompt, and what comes back is only what is new."""
    tokenizer = load_tokenizer(model)
    begun = tokenizer.encode("2+2", add_special_tokens=False)
    expected = len(prompt_ids(tokenizer, QUESTION)) + len(begun)
    expected += len(tokenizer.encode(prefill, add_special_tokens=False))
    for draw in ask(lambda engine: draws(engine, prefill=prefill, begun=tuple(begun))):
        assert draw.prompt_tokens == expected
        assert same(draw.text, decoded(model, draw))


def test_a_draw_taken_up_again_in_the_middle_is_as_likely(ask: Ask, model: Path):
    """`begun` are ids as drawn: the second half's log-probability is what it was in the whole."""
    [whole] = ask(lambda engine: draws(engine, [5], max_tokens=40, logprobs=True, temperature=0.0))
    ids = tuple(whole.token_ids or [])
    half = len(ids) // 2
    changes: dict[str, Any] = {"logprobs": True, "temperature": 0.0}
    [first] = ask(lambda engine: draws(engine, [5], max_tokens=half, **changes))
    [second] = ask(
        lambda engine: draws(engine, [5], max_tokens=40 - half, begun=ids[:half], **changes)
    )
    assert (*(first.token_ids or []), *(second.token_ids or [])) == ids
    assert first.logprob + second.logprob == pytest.approx(whole.logprob, abs=1e-3)


def test_a_draw_stops_at_a_text_that_stays_its_end(ask: Ask, model: Path):
    found = ask(lambda engine: draws(engine, list(range(24)), until=CLOSE, max_tokens=400))
    met = [draw for draw in found if CLOSE in draw.text]
    assert len(met) > 6
    for draw in met:
        assert draw.text.endswith(CLOSE)
        assert draw.text.count(CLOSE) == 1
        assert draw.finish_reason == "stop"
        # Of the last token more may have been written than is wanted.
        assert decoded(model, draw) in (draw.text, f"{draw.text}\n4")
    assert any(decoded(model, draw).endswith("4") for draw in met)
    assert all(draw.finish_reason in ("stop", "length") for draw in found)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_log_probabilities_are_those_of_the_weights(ask: Ask, model: Path, temperature: float):
    """Of the model itself, whatever the temperature: what transformers computes."""
    from transformers import AutoModelForCausalLM

    found = ask(lambda engine: draws(engine, temperature=temperature, logprobs=True))
    weights: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    prompt = prompt_ids(load_tokenizer(model), QUESTION)
    for draw in found:
        ids = torch.tensor([[*prompt, *(draw.token_ids or [])]])
        with torch.no_grad():
            likely = torch.log_softmax(weights(ids).logits[0, :-1], -1)
        drawn = likely.gather(1, ids[0, 1:, None])[len(prompt) - 1 :]
        assert draw.logprob == pytest.approx(drawn.sum().item(), abs=1e-3)


def test_a_request_that_cannot_be_is_refused_and_hurts_no_other(ask: Ask):
    long: list[Any] = [{"role": "user", "content": "1+1? " * LONGEST}]

    async def both(engine: Any) -> list[Any]:
        asked = [wanted(1), wanted(2, messages=long)]
        return await asyncio.gather(*map(engine.draw, asked), return_exceptions=True)

    good, bad = ask(both)
    assert isinstance(good, Completion)
    assert isinstance(bad, EngineFailure)
    assert (bad.reason, bad.final) == ("refused", True)
    assert "maximum context length is 4096 tokens" in str(bad)
    assert ask(idle)


# --- thinking between bounds ---------------------------------------------------------------------

THINKING = Thinking(min_tokens=150, max_tokens=300)
OPENED: dict[str, Any] = {"prefill": "<think>\n", "max_tokens": 400, "logprobs": True}


@pytest.fixture(scope="module")
def bounded(ask: Ask, model: Path) -> list[Completion]:
    tokenizer: Any = load_tokenizer(model)
    return ask(
        lambda engine: draws(Budgeted(engine, THINKING, tokenizer), list(range(32)), **OPENED)
    )


def test_thinking_of_a_real_engine_is_kept_between_its_bounds(
    bounded: list[Completion], model: Path
):
    tokenizer = load_tokenizer(model)
    wait, end = (
        len(tokenizer.encode(text, add_special_tokens=False))
        for text in (THINKING.wait, THINKING.end)
    )
    seen: set[str] = set()
    for draw in bounded:
        assert draw.completion_tokens == len(draw.token_ids or []) <= 400
        assert same(draw.text, decoded(model, draw))
        thinking, closed, _ = draw.text.partition(CLOSE)
        waits = thinking.count(THINKING.wait)
        ended = draw.text.startswith(thinking.removesuffix("\n") + THINKING.end)
        forced = draw.forced_tokens - wait * waits
        assert forced in (0, end)
        assert ended or not forced
        tokens = len(tokenizer.encode(thinking, add_special_tokens=False))
        if waits:
            seen.add("waits")
            assert waits <= THINKING.max_waits
            assert draw.logprob is None  # ids that were taken away are not in any sum
        if forced:
            seen.add("end")
            assert draw.completion_tokens > 290
        if closed and not forced and waits < THINKING.max_waits:
            assert tokens > 100  # encoded anew, half letters come out otherwise
    assert seen == {"waits", "end"}


def test_after_an_end_that_was_forced_the_answer_follows(bounded: list[Completion]):
    forced = [draw.text.partition(THINKING.end) for draw in bounded if THINKING.end in draw.text]
    assert any(answer for _, _, answer in forced)


def test_a_draw_that_needs_no_help_is_the_engines_own(ask: Ask, model: Path):
    tokenizer: Any = load_tokenizer(model)
    free = Thinking()
    bare = ask(lambda engine: draws(engine, until=CLOSE, **OPENED))
    found = ask(lambda engine: draws(Budgeted(engine, free, tokenizer), **OPENED))
    for one, other in zip(bare, found, strict=True):
        assert other.text.startswith(one.text.rstrip("�"))
        assert other.forced_tokens == 0
        assert (other.token_ids or [])[: one.completion_tokens] == one.token_ids
        assert other.logprob is not None
