"""A reward in training: what it cannot judge pulls nowhere, and nothing that it does stops it."""

import re
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from factory.recipe.rewards import Weighed
from filters.rewards import Unrepetitive
from teacher.watched import Watched

MARKS = {"good": 1.0, "fair": 0.5, "bad": 0.0}


def marks(completions: list[str], **_: Any) -> list[float | None]:
    return [MARKS.get(completion) for completion in completions]


def watched(reward: Callable[..., Any] = marks, seconds: float = 60, **weighed: Any) -> Watched:
    return Watched("mine", reward, Weighed.model_validate(weighed), seconds)


def told(*said: str, groups: str = "", **columns: Any) -> dict[str, Any]:
    """What TRL says of a step's draws; each letter of `groups` is a prompt's id."""
    prompts = list(groups or "a" * len(said))
    return {"completions": list(said), "prompts": prompts, "prompt_id": prompts, **columns}


@pytest.mark.parametrize(
    ("said", "groups", "rewards", "remark"),
    [
        (("good", "?", "bad"), "aaa", [1, 0.5, 0], "the mean of its prompt's draws: no advantage"),
        (("good", "?", "fair"), "aab", [1, 1, 0.5], "of its own prompt's draws alone"),
        (("?", "?"), "aa", [None, None], "nothing is known of any: nobody is better"),
    ],
)
def test_what_nobody_can_judge_pulls_nowhere(
    said: tuple[str, ...], groups: str, rewards: list[float | None], remark: str
):
    """TRL would take it for 0 where another reward has a number, which is a wrong answer."""
    assert watched()(**told(*said, groups=groups)) == rewards, remark


def test_a_reward_that_hangs_is_left_alone():
    """Its thread waits on; the step has no rewards of it, and the next one is asked again."""
    gate = Event()

    def hangs(completions: list[str], **_: Any) -> list[float]:
        gate.wait()
        return [1.0] * len(completions)

    each = watched(hangs, seconds=0.05)
    with pytest.warns(UserWarning, match=re.escape("mine: TimeoutError: not done after 0.05 sec")):
        assert each(**told("good", "bad")) == [None, None]
    gate.set()
    assert watched(hangs)(**told("good", "bad")) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (lambda **_: 1 / 0, "mine: ZeroDivisionError: division by zero"),
        (lambda **_: [1.0], "mine: ValueError: 1 rewards for 2 draws"),
        (lambda **_: exit("gone"), "mine: RuntimeError: SystemExit: gone"),
    ],
)
def test_a_reward_that_fails_stops_no_training(reward: Callable[..., Any], words: str):
    logged: dict[str, float] = {}
    with pytest.warns(UserWarning, match=re.escape(words)):
        found = watched(reward)(**told("good", "bad"), log_metric=logged.__setitem__)
    assert found == [None, None]
    assert logged == {"rewards/mine/unverifiable": 1.0}


def test_what_is_logged():
    logged: dict[str, list[float]] = {}

    def log(name: str, value: float) -> None:
        logged.setdefault(name, []).append(value)

    draws = told("good", "good", "bad", "fair", "?", "?", groups="aabbcc")
    state = SimpleNamespace(global_step=15)
    each = watched(weight=1, end=0, from_step=10, to_step=20)
    each(**draws, log_metric=log, trainer_state=state)
    assert logged == {
        "rewards/mine/unverifiable": [pytest.approx(2 / 6)],
        "rewards/mine/flat_groups": [0.5],  # of two prompts that could be judged, one's are alike
        "rewards/mine/weight": [0.5],
    }


def test_the_share_of_what_it_could_not_judge_is_logged_once():
    """Rewards of `filters` log it themselves, for those who use them without us."""
    logged: list[str] = []

    def logs(completions: list[str], log_metric: Any, **_: Any) -> list[None]:
        log_metric("rewards/mine/unverifiable", 1.0)
        log_metric("accuracy/strict", 0.0)
        return [None] * len(completions)

    watched(logs)(**told("?"), log_metric=lambda name, _: logged.append(name))
    assert sorted(logged) == ["accuracy/strict", "rewards/mine/unverifiable"]


@pytest.mark.parametrize(
    ("weighed", "rewards"),
    [
        ({}, [1.0, 0.5, 0.0]),
        ({"domains": ["math"]}, [1.0, 0.5, None]),
        ({"sources": ["hard"]}, [None, 0.5, 0.0]),
        ({"domains": ["math"], "sources": ["hard"]}, [None, 0.5, None]),
        ({"domains": ["code"]}, [None, None, None]),
    ],
)
def test_prompts_that_it_is_not_for_get_none(weighed: dict[str, Any], rewards: list[float | None]):
    columns = {"domain": ["math", "math", "general"], "source": ["easy", "hard", "hard"]}
    assert watched(**weighed)(**told("good", "fair", "bad", groups="abc", **columns)) == rewards


def test_only_its_own_prompts_are_shown_to_it():
    seen: list[str] = []

    def looks(completions: list[str], reference: list[str], **_: Any) -> list[float]:
        seen.extend(reference)
        return [0.0] * len(completions)

    columns = {"domain": ["math", "general"], "reference": ["1", "2"]}
    watched(looks, domains=["general"])(**told("good", "bad", **columns))
    assert seen == ["2"]


def test_rewards_of_ours_go_through():
    loop = "<think>" + "Wait, let me check that again. " * 10 + "</think>12"
    found = watched(Unrepetitive())(**told(loop, "<think>a</think>12"))
    assert found == [pytest.approx(-0.885, abs=0.001), 0.0]
