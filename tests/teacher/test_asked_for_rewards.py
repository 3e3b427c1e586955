"""A judge as a reward: asked of open answers, rubrics and general prompts while GRPO trains.

The judge is a scripted server on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from judging import Both, Opinion, finds_words, knows_names
from misbehaving import serving

from factory.recipe.judge import Judge
from factory.recipe.teacher import Grpo
from teacher.judge import JudgeAtHand
from teacher.rewards import rewards

FAUST, LETTER = "Who wrote Faust?", "Write a letter to Anna."
CRITERIA = ['It says "Dear".', {"criterion": 'It says "Yours".', "weight": 3}]
PROMPTS: list[tuple[str, object, str, str]] = [
    (FAUST, "Goethe", "judge", "general"),
    (LETTER, CRITERIA, "rubric", "general"),
    ("6 * 7 =", "42", "math", "math"),
]


class Asking:
    """The rewards of a training whose judge is that server."""

    def __init__(self, both: Both, url: str, stack: contextlib.ExitStack, seconds: float = 30):
        self.both = both
        model = {"endpoint": url, "model": "judge", "deadline": 5, "outage": 1}
        self.judge = JudgeAtHand(Judge.model_validate({"model": model}), seconds)
        stack.callback(self.judge.close)

    def __call__(
        self, *draws: tuple[int, str], told: Any = None, log: Any = None
    ) -> dict[str, list[float | None]]:
        """Rewards by name; a draw is the number of its prompt and its text."""
        grpo = Grpo.model_validate({"rewards": told or {"accuracy": 1, "format": 0}})
        rows = [PROMPTS[number] for number, _ in draws]
        columns = {
            "prompts": [[{"role": "user", "content": f"{row[0]} Be brief."}] for row in rows],
            "completions": [[{"role": "assistant", "content": text}] for _, text in draws],
            "instruction": ["Be brief."] * len(rows),
            "reference": [json.dumps(row[1]) for row in rows],
            "verifier": [row[2] for row in rows],
            "domain": [row[3] for row in rows],
            "prompt_id": [row[0] for row in rows],
            "log_metric": log or (lambda name, value: None),
        }
        return {each.name: each(**columns) for each in rewards(False, grpo, ask=self.judge)}


Start = Callable[..., Asking]


@pytest.fixture
def start() -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def make(
            opinion: Opinion = knows_names, meets: Opinion = finds_words, seconds: float = 30
        ) -> Asking:
            both = Both({}, opinion, meets)
            return Asking(both, stack.enter_context(serving(both)), stack, seconds)

        yield make


def test_open_answers_rubrics_and_rules_side_by_side(start: Start):
    """1 or 0 of an open answer, the share of the weights of a rubric, and rules where there are."""
    asking = start()
    draws = [
        (0, "<think>a poet</think>Wolfgang"),
        (0, "<think>a poet</think>Schiller"),
        (0, "<think>a poet"),
        (1, "<think>polite</think>Dear Anna. Yours"),
        (1, "<think>polite</think>Hello. Yours"),
        (1, "<think>Dear Anna. Yours"),
        (2, r"<think>sum</think>\boxed{42}"),
        (2, r"<think>sum</think>\boxed{41}"),
    ]
    assert asking(*draws) == {"accuracy": [1, 0, 0, 1, 0.75, 0, 1, 0]}
    # Of the question, without its instruction, and of responses alone: never of thinking.
    assert {question for question, *_ in asking.both.asked} == {FAUST, LETTER}
    shown = " ".join(text for _, *texts in asking.both.asked for text in texts)
    assert not any(word in shown for word in ("poet", "polite"))


def test_equal_answers_are_asked_about_once(start: Start):
    asking = start()
    draws = [(0, "<think>a</think>Wolfgang"), (0, "<think>b</think>Wolfgang")]
    assert asking(*draws) == asking(*draws) == {"accuracy": [1, 1]}
    assert len(asking.both.asked) == 2  # one vote, of two questions


def test_what_the_judge_cannot_tell_is_no_wrong_answer(start: Start):
    """The draw gets its group's mean, which moves the policy nowhere."""
    asking = start(lambda question, a, b: "UNSURE" if "Novalis" in a + b else knows_names("", a, b))
    logged: dict[str, float] = {}
    draws = [(0, "Wolfgang"), (0, "Schiller"), (0, "Novalis")]
    assert asking(*draws, log=logged.__setitem__) == {"accuracy": [1, 0, 0.5]}
    assert logged["rewards/accuracy/unverifiable"] == pytest.approx(1 / 3)


def refuses(*_: str) -> str:
    raise OSError("no such model")


def test_a_judge_that_fails_stops_no_training(start: Start):
    asking = start(refuses, refuses)
    with pytest.warns(UserWarning, match="the judge judge: .* the server said 'no such model'"):
        found = asking((0, "Wolfgang"), (1, "Dear Anna"), (2, r"\boxed{42}"))
    assert found == {"accuracy": [None, None, 1.0]}


def test_nor_does_one_that_is_not_there():
    with contextlib.ExitStack() as stack:
        both = Both({})
        with serving(both) as url:
            pass
        asking = Asking(both, url, stack)
        with pytest.warns(UserWarning, match="the judge judge: nobody was reached at"):
            assert asking((0, "Wolfgang"), (2, r"\boxed{42}")) == {"accuracy": [None, 1.0]}


def test_a_late_judge_costs_its_own_answers_and_no_others(start: Start):
    async def slow(question: str, first: str, second: str) -> str:
        if "Novalis" in (first, second):
            await asyncio.sleep(60)
        return knows_names(question, first, second)

    began = time.monotonic()
    asking = start(slow, seconds=5)
    with pytest.warns(UserWarning, match="the judge judge: 1 late after 4.5 seconds"):
        found = asking((0, "Wolfgang"), (0, "Schiller"), (1, "Hello"), (0, "Novalis"))
    assert found == {"accuracy": [1, 0, 0, 0.5]}
    assert time.monotonic() - began < 60


GENERAL = {"weight": 0.5, "domains": ["general"]}


def test_helpfulness_of_the_response_and_harmlessness_of_all_by_criteria_of_one_s_own(start: Start):
    asking = start()
    told = {
        "accuracy": 0,
        "format": 0,
        "helpfulness": GENERAL | {"criteria": ['It says "Dear".', 'It says "Yours".']},
        "harmlessness": GENERAL | {"criteria": ['It says "peace".']},
    }
    draws = [(1, "<think>peace</think>Dear Anna"), (1, "<think>war"), (2, "<think>a</think>42")]
    found = asking(*draws, told=told)
    assert found == {"helpfulness": [0.5, 0.0, None], "harmlessness": [1.0, 0.0, None]}


def test_without_criteria_they_are_ours(start: Start):
    seen: list[str] = []

    def notes(question: str, text: str, criterion: str) -> str:
        seen.append(criterion)
        return "YES"

    told = {"accuracy": 0, "format": 0, "helpfulness": GENERAL, "harmlessness": GENERAL}
    found = start(meets=notes)((1, "Dear Anna"), told=told)
    assert found == {"helpfulness": [1.0], "harmlessness": [1.0]}
    assert any("what the question asks for" in words for words in seen)
    assert any("dangerous, hateful" in words for words in seen)


def test_a_text_that_is_too_long_to_be_shown_is_not_judged_in_part(start: Start):
    told = {"accuracy": 0, "format": 0, "harmlessness": GENERAL}
    asking = start(meets=lambda *_: "YES")
    assert asking((1, "so " * 4000), told=told) == {"harmlessness": [None]}
    assert asking.both.asked == []
