"""Lost draws, budgets and lengths: what a limit takes, and how long right and wrong samples are."""

import numpy as np
import polars as pl
import pytest
from subjects import counted_of, named, of, overall

from factory.audit.figures.lengths import lengths
from factory.audit.figures.lost import lost
from factory.audit.figures.spread import Spread
from factory.ledger import Account

RIGHT = {"verdict": "correct", "finish_reason": "stop"}
WRONG = {"verdict": "incorrect", "finish_reason": "stop"}
CUT = {"verdict": "incorrect", "verdict_reason": "unfinished", "finish_reason": "length"}
LATE = {"verdict": "unverifiable", "verdict_reason": "timeout: 10 s", "finish_reason": "stop"}


def test_lost_draws_bound_the_share_of_correct_ones():
    rows = [RIGHT] * 4 + [WRONG] * 3 + [CUT, LATE, WRONG | {"finish_reason": "abort"}]
    row = overall(named(lost(counted_of(rows)), "lost"))
    told = [row[n] for n in ("ended", "cut", "stopped", "aborted", "not_known", "judged_too_long")]
    assert told == [8, 1, 0, 1, 0, 1]
    assert (row["lost"], row["share_lost"]) == (3, 0.3)
    assert row["correct_if_wrong"] == 0.4
    assert row["correct_of_rest"] == pytest.approx(4 / 7)
    assert row["correct_if_right"] == 0.7


def test_a_cut_draw_that_is_right_all_the_same_is_not_lost():
    row = overall(named(lost(counted_of([RIGHT | {"finish_reason": "length"}, WRONG])), "lost"))
    assert (row["cut"], row["lost"]) == (1, 0)


def test_unverifiable_for_another_reason_is_not_lost_to_time():
    row = overall(named(lost(counted_of([LATE | {"verdict_reason": "bad_reference"}])), "lost"))
    assert row["lost"] == 0


def test_a_version_knows_the_end_of_draws_by_its_measure():
    rows = [{"verdict": "incorrect", "finish": "length", "unfinished": True}]
    row = overall(named(lost(counted_of(rows, {"truncation": {}})), "lost"))
    assert (row["cut"], row["share_lost"]) == (1, 1.0)


def test_thinking_that_never_ended_is_lost_whatever_the_end_is_said_to_be():
    ended = {"verdict": "incorrect", "finish": "stop", "unfinished": True}
    row = overall(named(lost(counted_of([ended], {"truncation": {}})), "lost"))
    assert (row["ended"], row["cut"], row["unfinished"], row["lost"]) == (1, 0, 1, 1)


def test_where_nobody_noted_ends_it_is_said():
    figure = named(lost(counted_of([{"verdict": "correct"}])), "lost")
    assert figure.missing == "nobody noted how samples ended"
    assert overall(figure)["share_lost"] is None


def test_prompts_with_long_draws_lose_more():
    rows = [
        {"prompt_id": f"{n}", "completion_tokens": 10 * n} | (RIGHT if n < 9 or m else CUT)
        for n in range(1, 13)
        for m in range(2)
    ]
    rows.append({"prompt_id": "none", "completion_tokens": 99} | CUT)
    table = named(lost(counted_of(rows)), "lost.by_length").table
    told = table.select("length", "tokens", "prompts", "samples", "lost", "share_lost")
    assert told.rows() == [
        ("shortest quarter", 30.0, 3, 6, 0, 0.0),
        ("second quarter", 60.0, 3, 6, 0, 0.0),
        ("third quarter", 90.0, 3, 6, 1, 1 / 6),
        ("longest quarter", 120.0, 3, 6, 3, 0.5),
        ("no draw ended", None, 1, 1, 1, 1.0),
    ]


def test_where_no_draw_ended_there_are_no_quarters():
    rows = [{"completion_tokens": 5} | CUT]
    table = named(lost(counted_of(rows)), "lost.by_length").table
    assert table["length"].to_list() == ["no draw ended"]


def test_draws_that_could_not_be_had_are_told_from_the_ledger():
    account = Account(what="draws", entered=9, left=5, failed={"refused": 3}, pending=1)
    figure = named(lost(counted_of([{}], accounts={"samples": [account]})), "lost.never_had")
    assert figure.table.select("kind", "reason", "count").rows() == [
        ("failed", "refused", 3),
        ("pending", "pending", 1),
    ]
    assert named(lost(counted_of([{}])), "lost.never_had").missing


def test_what_smaller_budgets_would_cut():
    tokens = [10, 20, 40, 64, 64]
    rows = [
        {"completion_tokens": n, "max_tokens": 64, **(CUT if place == 4 else RIGHT)}
        for place, n in enumerate(tokens)
    ]
    figure = named(lost(counted_of(rows, {"correctness": {}})), "truncation")
    now = of(figure, max_tokens=64)
    assert (now["is"], now["cut"], now["share_cut"], now["correct_lost"]) == ("now", 1, 0.2, 0)
    assert (now["tokens"], now["share_tokens"]) == (198, 1.0)
    less = of(figure, max_tokens=32)
    assert (less["cut"], less["correct_lost"], less["accepted_lost"]) == (3, 2, 2)
    assert less["share_correct_lost"] == 0.5
    assert less["tokens"] == 10 + 20 + 32 * 3
    assert of(figure, max_tokens=8)["cut"] == 5


def test_without_tokens_no_budget_is_told():
    assert named(lost(counted_of([RIGHT])), "truncation").missing == "tokens are not counted here"


def of_lengths(tokens: list[int], row: dict, prompt: str = "p") -> list[dict]:
    return [row | {"completion_tokens": n, "prompt_id": prompt} for n in tokens]


def test_lengths_by_verdict():
    rows = of_lengths([1, 2, 3], RIGHT) + of_lengths([10, 20], WRONG) + of_lengths([99], CUT)
    table = named(lengths(counted_of(rows)), "lengths.by").table
    told = table.filter(by="overall").select("verdict", "samples", "mean", "median", "most")
    assert told.rows() == [
        ("correct", 3, 2.0, 2.0, 3.0),
        ("incorrect", 2, 15.0, 10.0, 20.0),
        ("cut", 1, 99.0, 99.0, 99.0),
    ]


def test_quantiles_are_those_of_each_group():
    random = np.random.default_rng(0)
    rows = [
        {"source": f"{random.integers(5)}", "prompt_id": f"{n}", "tokens": int(random.integers(90))}
        for n in range(500)
    ]
    counted = counted_of(rows, {"length": {}})
    kinds = np.arange(500) % 2
    table = Spread.of(counted.samples["tokens"]).by(counted.groups, kinds, ("even", "odd"), "kind")
    own = counted.samples.with_columns(kind=pl.Series(kinds)).filter(source="3", kind=1)["tokens"]
    row = table.filter(by="source", group="3", kind="odd").row(0, named=True)
    assert row["samples"] == own.len()
    assert row["q95"] == own.quantile(0.95, "nearest")
    assert row["mean"] == pytest.approx(own.mean())


def test_the_histogram_has_all_samples_and_those_that_nobody_counted():
    rows = [*of_lengths([5, 5, 700], RIGHT), *of_lengths([9], WRONG), WRONG]
    table = named(lengths(counted_of(rows)), "lengths").table
    assert table.group_by("verdict").agg(pl.sum("samples")).sort("verdict").rows() == [
        ("correct", 3),
        ("incorrect", 2),
    ]
    assert table.filter(pl.col("from").is_null()).select("verdict", "samples").rows() == [
        ("incorrect", 1)
    ]


def test_within_a_prompt_wrong_and_right_are_compared():
    rows = of_lengths([10, 20], RIGHT, "a") + of_lengths([45], WRONG, "a")  # 30 longer
    rows += of_lengths([10], RIGHT, "b") + of_lengths([20], WRONG, "b")  # 10 longer
    rows += of_lengths([900], WRONG, "c") + of_lengths([999], CUT, "b")  # neither counts
    row = overall(named(lengths(counted_of(rows)), "lengths.within"))
    assert (row["pairs"], row["longer"], row["wrong_longer"]) == (2, 2, 1.0)
    assert (row["right_length"], row["wrong_length"], row["more"]) == (12.5, 32.5, 20.0)


def test_where_nobody_counted_tokens_characters_are_told():
    rows = [
        RIGHT | {"thinking_chars": 100, "response_chars": 10},
        WRONG | {"thinking_chars": 300, "response_chars": None},
    ]
    figures = lengths(counted_of(rows, {"format": {}}))
    assert named(figures, "lengths").title == "Characters of right and wrong samples"
    row = overall(named(figures, "lengths.within"))
    assert (row["right_length"], row["more"]) == (110.0, 190.0)
    assert {f.missing for f in lengths(counted_of([RIGHT]))} == {
        "nobody counted tokens, and `format` and `chain` are not in use"
    }


def test_without_such_prompts_it_is_said():
    figure = named(lengths(counted_of(of_lengths([3], RIGHT))), "lengths.within")
    assert "no prompt has a right and a wrong sample" in (figure.missing or "")
