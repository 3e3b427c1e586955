"""Draws that fail: tried again, counted, asked for at the next start; and engines that are out."""

import asyncio
import json
from pathlib import Path

import pytest
from sampled import (
    RIGHT,
    WRONG,
    Failing,
    Recording,
    draws,
    fixed,
    prompts,
    sample,
    until,
)

from factory.engines import Completion, Request, Scripted
from factory.errors import EngineFailure, StageError
from factory.recipe.sampling import Sampling, Target
from factory.sampler.asker import Asker
from factory.sampler.failures import Failed
from factory.sampler.fill import fill
from factory.sampler.health import ATTEMPTS
from factory.store import Store
from filters.verdict import Verdict


def test_a_failure_is_tried_again(tmp_path: Path):
    engine = Failing({"a": [WRONG, RIGHT]}, lambda request, before: before < ATTEMPTS - 1)
    outcome = sample(engine, prompts("a"), fixed(2), Store(tmp_path))
    assert outcome.failed == {}
    assert outcome.samples["attempt"].to_list() == [ATTEMPTS, ATTEMPTS]


def test_failures_with_successes_between_are_no_broken_engine(tmp_path: Path):
    answers = {f"p{n}": [RIGHT] for n in range(30)}
    engine = Failing(answers, lambda request, before: before == 0)  # 30 failures in all
    assert sample(engine, prompts(*answers), fixed(1), Store(tmp_path)).samples.height == 30


def test_prompts_that_are_refused_at_once_are_no_broken_engine(tmp_path: Path):
    class Refusing(Scripted):
        async def draw(self, request: Request) -> Completion:
            if int(request.prompt_id[1:]) % 20 == 0:
                raise EngineFailure("http_400", "too long a prompt", final=True)
            await asyncio.sleep(0.3)  # before the first of these, 26 were refused
            return await super().draw(request)

    answers = {f"p{n:03}": [RIGHT] for n in range(600)}
    store = Store(tmp_path)
    outcome = sample(Refusing(answers), prompts(*answers), fixed(1), store, concurrency=320)
    assert outcome.samples.height == 570
    assert {lost.reason for lost in outcome.failed.values()} == {"http_400"}


def test_a_failure_is_counted_and_is_no_wrong_answer(tmp_path: Path):
    answers = {id: [WRONG, RIGHT, RIGHT] for id in "ab"}
    engine = Failing(answers, lambda request, _: (request.prompt_id, request.draw) == ("a", 1))
    outcome = sample(engine, prompts("a", "b"), until(1, 3), Store(tmp_path))
    (lost,) = outcome.failed
    assert outcome.failed[lost] == Failed(
        "a", 1, ATTEMPTS, "ConnectionError", "ConnectionError: the line is dead"
    )
    assert outcome.missing == 1
    assert engine.asked[lost] == ATTEMPTS
    assert draws(outcome) == {"a": [0, 2], "b": [0, 1]}  # the next draw takes its place
    assert lost not in Store(tmp_path).table()["sample_id"]

    mended = Recording(answers)
    again = sample(mended, prompts("a", "b"), fixed(3), Store(tmp_path))
    assert ("a", 1) in [(request.prompt_id, request.draw) for request in mended.asked]
    assert lost in again.samples["sample_id"]
    assert again.missing == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "gave no draw at all: all 1 failed, the last one with ConnectionError: the line"),
        (19, "gave no draw at all: all 19 failed, the last one with ConnectionError: the line"),
        (300, r"has answered none of \d\d draws; at last ConnectionError: the line is dead"),
    ],
)
def test_an_engine_that_never_answers_ends_the_stage_with_its_words(
    tmp_path: Path, number: int, told: str
):
    answers = {f"p{n}": [RIGHT] for n in range(number)}
    engine = Failing(answers, lambda *_: True)
    with pytest.raises(StageError, match=told):
        sample(engine, prompts(*answers), fixed(1), Store(tmp_path))
    assert Store(tmp_path).table().is_empty()
    assert engine.asked.total() <= 3 * min(number, 20 + 2 * 6)  # the queue was not burned


def test_poison_is_counted_and_the_line_goes_on(tmp_path: Path):
    """More of it than the engine is given patience for, and at last nothing else is left."""
    answers = {f"p{n:03}": [RIGHT] for n in range(200)}
    poison = {id for id in answers if id >= "p100"}
    engine = Failing(answers, lambda request, _: request.prompt_id in poison)
    outcome = sample(engine, prompts(*answers), fixed(1), Store(tmp_path))
    assert set(outcome.samples["prompt_id"]) == answers.keys() - poison
    assert {lost.prompt_id for lost in outcome.failed.values()} == poison
    assert outcome.missing == 100
    assert outcome.ended_by == "all prompts are finished"

    again = Failing(answers, lambda request, _: request.prompt_id in poison)
    assert sample(again, prompts(*answers), fixed(1), Store(tmp_path)).missing == 100
    canaries = again.asked.total() - 3 * len(poison)  # these went to a prompt with a draw
    assert 0 < canaries < 40


def test_what_failed_is_not_missing_where_the_target_is_met(tmp_path: Path):
    answers = {f"p{n:02}": [RIGHT] for n in range(30)}
    engine = Failing(answers, lambda request, _: request.prompt_id == "p00")
    told = {"target": Target(accepted=10)}
    outcome = sample(engine, prompts(*answers), fixed(1), Store(tmp_path), **told)
    assert (len(outcome.failed), outcome.missing) == (1, 0)


def test_an_engine_that_breaks_on_the_way_loses_nothing(tmp_path: Path):
    answers = {f"p{n:02}": [RIGHT] for n in range(30)}
    engine = Failing(answers, lambda *_: engine.asked.total() > 10)
    with pytest.raises(StageError, match=r"the engine is out; at last ConnectionError.* are kept"):
        sample(engine, prompts(*answers), fixed(1), Store(tmp_path))
    kept = sorted(Store(tmp_path).table()["prompt_id"])
    assert kept
    assert kept == sorted(answers)[: len(kept)]  # perhaps not all ten: some were not judged yet
    mended = Recording(answers)
    outcome = sample(mended, prompts(*answers), fixed(1), Store(tmp_path))
    assert sorted(request.prompt_id for request in mended.asked) == sorted(answers)[len(kept) :]
    assert outcome.samples.height == 30


def test_attempts_that_failed_are_noted(tmp_path: Path):
    engine = Failing({"a": [RIGHT]}, lambda request, before: before == 0)
    sample(engine, prompts("a"), fixed(1), Store(tmp_path))
    (line,) = (tmp_path / "failures.jsonl").read_text().splitlines()
    noted = json.loads(line)
    assert (noted["attempt"], noted["reason"]) == (1, "ConnectionError")
    assert noted["message"] == "the line is dead"


def test_a_judge_that_breaks_costs_a_verdict_and_not_the_run(tmp_path: Path):
    async def broken(*_: object) -> Verdict:
        raise ValueError("no such thing")

    asker, store = Asker("t", Sampling(policy=fixed(1)), 1), Store(tmp_path)
    engine, asked = Scripted({"a": [RIGHT]}), prompts("a")
    asyncio.run(fill(engine, asked, asker, store, lambda *_, **__: None, judge=broken))
    (row,) = store.table().to_dicts()
    assert (row["verdict"], row["verdict_reason"]) == (
        "unverifiable",
        "crash: ValueError: no such thing",
    )
