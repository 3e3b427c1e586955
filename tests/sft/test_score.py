"""Scores and their intervals against tables made by hand, and against the formula."""

import math
import random
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from factory.records import SAMPLE
from sft.score import interval, score


def answers(*prompts: str, tokens: int = 10, finish: str = "stop") -> pl.DataFrame:
    """A prompt for each word, an answer for each letter: right, wrong, or unverifiable."""
    outcomes = {"r": "correct", "w": "incorrect", "u": "unverifiable"}
    rows = [
        {"prompt_id": f"p{number}", "draw": draw, "verdict": outcomes[letter]}
        | {"response": "5", "finish_reason": finish, "completion_tokens": tokens}
        for number, letters in enumerate(prompts)
        for draw, letter in enumerate(letters)
    ]
    return pl.DataFrame(rows, schema=SAMPLE)


@pytest.mark.parametrize(
    ("prompts", "pass_at_1", "unverifiable"),
    [
        (["rrww", "rwww"], 3 / 8, 0),
        (["rrrr", "wwww"], 1 / 2, 0),
        (["r", "r", "w"], 2 / 3, 0),
        (["rrrr", "rrrr"], 1, 0),
        (["wwww", "wwww"], 0, 0),
        (["ruww", "uuuu"], 1 / 8, 5),  # nobody could judge: not correct, and told
    ],
)
def test_pass_at_1_is_the_mean_share_of_correct_answers(
    prompts: list[str], pass_at_1: float, unverifiable: int
):
    result = score(answers(*prompts))
    assert result.pass_at_1 == pytest.approx(pass_at_1)
    assert (result.prompts, result.draws) == (len(prompts), sum(map(len, prompts)))
    assert result.unverifiable == unverifiable
    assert 0 <= result.low <= result.pass_at_1 <= result.high <= 1


def test_unfinished_answers_and_lengths_are_told():
    cut = answers("ww", tokens=40, finish="length")
    endless = answers("w", tokens=30).with_columns(response=pl.lit(None, pl.String))
    result = score(pl.concat([answers("r", tokens=10), cut, endless]))
    assert result.unfinished == 3 / 4
    assert result.tokens == 30


def test_more_answers_to_the_same_questions_do_not_narrow_the_interval():
    """They are alike: 400 answers to 20 questions say no more than 20 questions can."""
    once = ["r" if number % 3 else "w" for number in range(20)]
    few, many = score(answers(*once)), score(answers(*(letters * 20 for letters in once)))
    assert (many.low, many.high) == (few.low, few.high)
    assert many.draws == 20 * few.draws
    as_if_independent = 2 * 1.96 * math.sqrt(many.pass_at_1 * (1 - many.pass_at_1) / many.draws)
    assert many.high - many.low > 3 * as_if_independent


@pytest.mark.parametrize(
    ("shares", "low", "high"),
    [
        # Wilson's interval, for 10 of 10: 10 / (10 + 1.96²) to 1. A bootstrap would have no width.
        ([1.0] * 10, 0.7225, 1.0),
        ([0.0] * 10, 0.0, 0.2775),
        ([0.0] * 400, 0.0, 0.0095),
        ([1.0], 0.2065, 1.0),
        ([0.5] * 10, 0.2366, 0.7634),  # every prompt the same share: no width either
    ],
)
def test_where_all_prompts_are_alike_the_interval_has_width(
    shares: Sequence[float], low: float, high: float
):
    assert interval(np.array(shares)) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_with_many_prompts_it_is_the_normal_interval_of_cluster_means(rate: float, draws: int):
    rng = random.Random(3)
    shares = np.array([sum(rng.random() < rate for _ in range(draws)) / draws for _ in range(400)])
    half = 1.96 * shares.std(ddof=1) / math.sqrt(len(shares))
    expected = (shares.mean() - half, shares.mean() + half)
    assert interval(shares) == pytest.approx(expected, abs=0.004)


def test_an_interval_is_the_same_for_the_same_seed():
    shares = np.random.default_rng(0).random(50)
    assert interval(shares, seed=1) == interval(shares, seed=1) != interval(shares, seed=2)


def test_the_interval_holds_the_truth_about_95_times_in_100():
    random_ = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        shares = random_.binomial(4, random_.beta(2, 3, size=100)) / 4
        low, high = interval(shares, resamples=400)
        held += low <= 2 / 5 <= high
    assert 180 <= held <= 199
