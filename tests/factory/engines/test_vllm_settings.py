"""What a recipe says of sampling reaches vLLM, and draws fit into the model's context."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import LONGEST, tiny_model

from factory.engines import Completion, Request
from factory.engines.vllm_engine import VLLM
from factory.errors import EngineFailure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

QUESTION: list[Any] = [{"role": "user", "content": "1+1?"}]
CONTEXT = 64
Ask = Callable[[list[Request]], list[Any]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"), seed=1)


@contextlib.contextmanager
def engine(model: Path, **settings: Any) -> Iterator[tuple[VLLM, Ask]]:
    with asyncio.Runner() as runner:
        started = runner.run(VLLM(model, concurrency=8, arguments={}, **settings).__aenter__())

        async def all_of(requests: list[Request]) -> list[Any]:
            return await asyncio.gather(*map(started.draw, requests), return_exceptions=True)

        yield started, lambda requests: runner.run(all_of(requests))
        runner.run(started.__aexit__())


@pytest.fixture(scope="module")
def ask(model: Path) -> Iterator[Ask]:
    with engine(model, max_length=LONGEST) as (_, asked):
        yield asked


@pytest.fixture(scope="module")
def narrow(model: Path) -> Iterator[Ask]:
    """The same model, by an engine whose context is short."""
    with engine(model, max_length=CONTEXT) as (_, asked):
        yield asked


def wanted(seed: int = 1, **changes: Any) -> Request:
    return replace(Request(f"s{seed}", "p", seed, QUESTION, seed, 1.0, 1.0, 24), **changes)


def greedy(ask: Ask) -> Completion:
    return ask([wanted(temperature=0.0)])[0]


@pytest.mark.parametrize("options", [{"top_k": 1}, {"min_p": 1.0}])
def test_one_token_to_choose_from_is_the_likeliest(ask: Ask, options: dict[str, Any]):
    likeliest = greedy(ask).token_ids
    drawn = ask([wanted(seed, options=options) for seed in range(4)])
    assert [draw.token_ids for draw in drawn] == [likeliest] * 4
    assert any(draw.token_ids != likeliest for draw in ask([wanted(seed) for seed in range(4)]))


@pytest.mark.parametrize(
    "options",
    [{"repetition_penalty": 2.0}, {"presence_penalty": 2.0}, {"frequency_penalty": 2.0}],
    ids=lambda options: next(iter(options)),
)
def test_penalties_make_repeats_rarer(ask: Ask, options: dict[str, Any]):
    def repeats(drawn: list[Completion]) -> int:
        ids = [draw.token_ids or [] for draw in drawn]
        return sum(len(each) - len(set(each)) for each in ids)

    plain = ask([wanted(seed) for seed in range(40)])
    assert repeats(ask([wanted(s, options=options) for s in range(40)])) < repeats(plain)


@pytest.mark.parametrize("until", [None, "</think>"])
def test_a_draw_ends_before_a_stop_word(ask: Ask, until: str | None):
    texts = [draw.text for draw in ask([wanted(seed) for seed in range(8)])]
    seed, whole = max(enumerate(texts), key=lambda each: len(each[1]))
    word = whole[4:7]
    (draw,) = ask([wanted(seed, stop_words=(word,), until=until)])
    assert (draw.text, draw.finish_reason) == (whole.partition(word)[0], "stop")


def test_a_draw_ends_where_the_context_does(narrow: Ask):
    drawn = narrow([wanted(seed, max_tokens=500) for seed in range(8)])
    cut = [draw for draw in drawn if draw.finish_reason == "length"]
    assert cut
    assert {draw.prompt_tokens + draw.completion_tokens for draw in cut} == {CONTEXT}


def test_what_fills_the_context_cannot_go_on(narrow: Ask):
    (draw,) = narrow([wanted(begun=(20,) * CONTEXT, max_tokens=5)])
    assert (draw.text, draw.token_ids, draw.finish_reason) == ("", [], "length")


def test_a_prompt_without_room_is_refused(narrow: Ask):
    long: list[Any] = [{"role": "user", "content": "1+1? " * CONTEXT}]
    refused, sound = narrow([wanted(messages=long), wanted()])
    assert isinstance(refused, EngineFailure)
    assert (refused.reason, refused.final) == ("refused", True)
    assert isinstance(sound, Completion)


def test_a_prompt_that_the_template_refuses_is_a_failure_of_its_own(model: Path):
    with engine(model, max_length=LONGEST) as (started, ask):
        started.speech.tokenizer.chat_template = (
            "{% if messages|length > 1 %}{{ raise_exception('No system turns') }}{% endif %}"
            "{{ messages[-1].content }}"
        )
        system: list[Any] = [{"role": "system", "content": "Think."}, *QUESTION]
        refused, sound = ask([wanted(messages=system), wanted()])
    assert isinstance(refused, EngineFailure)
    assert (refused.reason, refused.message) == ("refused_by_template", "No system turns")
    assert isinstance(sound, Completion)


def test_seeds_may_be_left_out(model: Path):
    with engine(model, max_length=LONGEST, seeded=False) as (_, ask):
        one, two = (ask([wanted()] * 4) for _ in range(2))
    assert {draw.seeded for draw in [*one, *two]} == {False}
    assert [draw.token_ids for draw in one] != [draw.token_ids for draw in two]


def test_tokens_in_flight_are_known(model: Path):
    """Told while draws are written, as they are needed to say how fast the engine is."""
    with engine(model, max_length=LONGEST) as (started, _):
        seen: list[int] = []

        async def look() -> list[Completion]:
            tasks = [
                asyncio.create_task(started.draw(wanted(seed, max_tokens=100))) for seed in range(4)
            ]
            while not all(task.done() for task in tasks):
                await asyncio.sleep(0)
                seen.append(started.in_flight_tokens)
            return [await task for task in tasks]

        drawn = asyncio.run(look())
        assert 0 < max(seen) <= sum(draw.completion_tokens for draw in drawn)
        assert started.in_flight_tokens == 0
