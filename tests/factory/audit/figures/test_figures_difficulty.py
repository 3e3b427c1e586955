"""Pass rates, verdicts and cost: how hard prompts are, what verifiers said, what it took."""

from pathlib import Path

import polars as pl
import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of
from subjects import counted_of, named, of, overall, subject_of

from factory.audit.figures.cost import cost
from factory.audit.figures.counted import Counted
from factory.audit.figures.pass_rates import pass_rates
from factory.audit.figures.rates import rates
from factory.audit.figures.verdicts import verdicts
from factory.audit.subject.place import subject_at

ASKED = [
    {"prompt_id": "a", "pass_rate": 0.0, "draws": 4, "correct": 0},
    {"prompt_id": "b", "pass_rate": 0.1, "draws": 4, "correct": 1},
    {"prompt_id": "c", "pass_rate": 1.0, "draws": 1, "correct": 1},
    {"prompt_id": "d", "pass_rate": None, "draws": 2, "correct": 0, "source": "other"},
]


def test_prompts_are_told_by_pass_rate():
    table = named(pass_rates(counted_of([{}], prompts=ASKED)), "pass_rates").table
    found = table.filter(pl.col("prompts") > 0).select("pass_rate", "prompts", "share").rows()
    third = pytest.approx(1 / 3)
    assert found == [("0", 1, third), ("to 0.1", 1, third), ("1", 1, third), ("not known", 1, None)]
    assert table.height == 13


def test_the_mean_is_of_the_estimates_and_the_plain_share_beside_it():
    row = overall(named(pass_rates(counted_of([{}], prompts=ASKED)), "pass_rates.by"))
    assert (row["prompts"], row["known"], row["unknown"]) == (4, 3, 1)
    assert (row["none_right"], row["all_right"]) == (1, 1)
    assert row["pass_rate"] == pytest.approx(1.1 / 3)
    assert row["plain_share"] == pytest.approx(2 / 11)
    assert row["pass_rate_low"] < 1.1 / 3 < row["pass_rate_high"]


def test_where_no_rate_is_known_it_is_said():
    for figure in pass_rates(counted_of([{}], prompts=ASKED[3:])):
        assert "no pass rates are known" in (figure.missing or "")


def test_a_version_gives_the_estimates_that_its_run_has(tmp_path: Path):
    draws = {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)], "c": [(WRONG, NO)] * 3}
    made(run_of(tmp_path / "run", draws))
    found = rates(subject_at(f"{tmp_path / 'run'}@1")).sort("prompt_id")
    # Until one is right, at most three: the first draw alone is unbiased.
    assert found["pass_rate"].to_list() == [0.0, 1.0, 0.0]


def test_a_prompt_that_was_broken_off_has_no_estimate(tmp_path: Path):
    made(run_of(tmp_path / "run", {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(WRONG, NO)]}))
    found = rates(subject_at(f"{tmp_path / 'run'}@1")).sort("prompt_id")
    assert found["pass_rate"].to_list() == [0.0, None]


def test_difficulty_groups_samples_of_a_version(tmp_path: Path):
    made(run_of(tmp_path / "run", {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)]}))
    counted = Counted(subject_at(f"{tmp_path / 'run'}@1"))
    assert counted.groups.labels["difficulty"][0] == "0"
    figure = named(verdicts(counted), "verdicts")
    assert of(figure, by="difficulty", group="0")["samples"] == 2


def test_verdicts_by_group():
    rows = [{"verdict": word} for word in ("correct", "incorrect", "incorrect", "unverifiable")]
    row = overall(named(verdicts(counted_of([*rows, {}])), "verdicts"))
    assert [row[n] for n in ("correct", "incorrect", "unverifiable", "no_verdict")] == [1, 2, 1, 1]
    assert row["share_correct"] == 0.2


def test_reasons_of_verdicts_are_told_by_their_first_word():
    rows = [
        {"verdict": "unverifiable", "verdict_reason": "crash: ValueError: \x1b[2J"},
        {"verdict": "unverifiable", "verdict_reason": "crash: KeyError", "prompt_id": "q"},
        {"verdict": "unverifiable", "verdict_reason": None},
        {"verdict": "incorrect", "verdict_reason": "wrong_answer"},
        {"verdict": "correct"},
    ]
    table = named(verdicts(counted_of(rows)), "verdicts.reasons").table
    assert table.select("verdict", "reason", "samples", "prompts").rows() == [
        ("unverifiable", "crash", 2, 2),
        ("unverifiable", "no reason noted", 1, 1),
        ("incorrect", "wrong_answer", 1, 1),
    ]


def test_without_verdicts_it_is_said():
    assert {f.missing for f in verdicts(counted_of([{}]))} == {"no sample has a verdict"}


COSTS = [
    {"prompt_id": "a", "verdict": "correct", "completion_tokens": 10},
    {"prompt_id": "a", "verdict": "incorrect", "completion_tokens": 30},
    {"prompt_id": "b", "verdict": "incorrect", "completion_tokens": 40, "finish_reason": "length"},
    {"prompt_id": "c", "verdict": "unverifiable", "completion_tokens": 20},
]


def test_tokens_to_each_accepted_sample():
    row = overall(named(cost(counted_of(COSTS, {"correctness": {}})), "cost"))
    assert (row["tokens"], row["tokens_accepted"], row["tokens_cut"]) == (100, 10, 40)
    assert row["tokens_per_accepted"] == row["tokens_per_chosen"] == 100
    assert (row["share_accepted"], row["share_cut"]) == (0.1, 0.4)
    assert row["prompt_tokens"] is None


def test_where_nothing_is_accepted_there_is_no_price():
    row = overall(named(cost(counted_of(COSTS[1:], {"correctness": {}})), "cost"))
    assert (row["accepted"], row["tokens_per_accepted"]) == (0, None)


def test_what_hopeless_prompts_cost():
    table = named(cost(counted_of(COSTS, {"correctness": {}})), "cost.hopeless").table
    assert table.select("gave", "prompts", "samples", "tokens", "share_tokens").rows() == [
        ("accepted", 1, 2, 40, 0.4),
        ("right, none accepted", 0, 0, 0, 0.0),
        ("never right", 1, 1, 40, 0.4),
        ("nobody could judge", 1, 1, 20, 0.2),
    ]


def test_prompts_that_filters_emptied_are_no_hopeless_ones():
    rules = {"length": {"max_tokens": 5}}
    rows = [row | {"tokens": 10, "longest_paragraph": 1} for row in COSTS]
    table = named(cost(counted_of(rows, rules)), "cost.hopeless").table
    assert table["prompts"].to_list() == [0, 1, 1, 1]


def test_uncounted_tokens_are_not_nought():
    figure = named(cost(counted_of([{"verdict": "correct"}])), "cost")
    assert figure.missing == "tokens are not counted here"
    assert subject_of([{}]).prompts.is_empty()
