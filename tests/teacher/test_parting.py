"""Whether the reward and what it stands for part."""

import random

import polars as pl
import pytest

from teacher.watch import Examined, parted

VERDICTS = {True: "correct", False: "incorrect"}


def examined(step: int, right: list[bool], rewards: list[float]) -> Examined:
    rows = pl.DataFrame(
        {
            "prompt_id": [f"p{n}" for n in range(len(right))],
            "reward": rewards,
            "verdict": [VERDICTS[each] for each in right],
        }
    )
    return Examined(step, rows)


def noisy(step: int, rate: float, reward: float, draw: random.Random, prompts: int = 100):
    right = [draw.random() < rate for _ in range(prompts)]
    return examined(step, right, [draw.gauss(reward, 0.3) for _ in right])


def test_a_rising_reward_and_falling_accuracy_are_told():
    draw = random.Random(1)
    gap = parted([noisy(0, 0.8, 0.2, draw), noisy(10, 0.7, 0.4, draw), noisy(20, 0.3, 0.9, draw)])
    assert gap
    assert (gap.before, gap.after) == (0, 20)
    assert gap.reward == pytest.approx(0.7, abs=0.15)
    assert gap.accuracy == pytest.approx(0.5, abs=0.15)
    assert "from step 0 to step 20 the reward of held-out draws rose by 0." in str(gap)
    assert "Read some of them" in str(gap)


@pytest.mark.parametrize(
    ("rates", "rewards"),
    [
        ((0.3, 0.8), (0.2, 0.9)),  # both rise, as they should
        ((0.8, 0.3), (0.9, 0.2)),  # both fall: bad, but no hacking
        ((0.8, 0.3), (0.5, 0.5)),  # accuracy falls alone
        ((0.5, 0.5), (0.2, 0.9)),  # the reward rises alone: for form, perhaps
    ],
)
def test_other_ways_are_no_parting(rates: tuple[float, float], rewards: tuple[float, float]):
    draw = random.Random(2)
    told = [noisy(step, *pair, draw) for step, pair in enumerate(zip(rates, rewards, strict=True))]
    assert parted(told) is None


def test_noise_alone_is_seldom_taken_for_it():
    """60 trainings of 10 examinations in which nothing changes: at most 1 in 20 says a word."""
    alarms = 0
    for seed in range(60):
        draw = random.Random(seed)
        told = [noisy(step, 0.5, 0.5, draw, prompts=30) for step in range(10)]
        alarms += any(parted(told[: n + 1]) for n in range(len(told)))
    assert alarms <= 3


def test_draws_that_nobody_could_judge_are_left_out():
    before = examined(0, [True] * 20, [0.0] * 20)
    after = examined(9, [False] * 20, [1.0] * 20)
    unjudged = Examined(9, after.rows.with_columns(verdict=pl.lit("unverifiable")))
    assert parted([before, after])
    assert parted([before, unjudged]) is None


def test_of_few_prompts_it_says_nothing():
    assert parted([examined(0, [True] * 9, [0.0] * 9), examined(5, [False] * 9, [1.0] * 9)]) is None


def test_one_examination_has_nothing_to_part_from():
    assert parted([examined(0, [True] * 20, [0.0] * 20)]) is None
