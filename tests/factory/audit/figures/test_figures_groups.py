"""Groups: what samples are grouped by, and sums that are made by prompt."""

import numpy as np
import polars as pl
import pytest
from subjects import counted_of

from factory.audit.figures.groups import Groups
from sft.score import interval

ONE = {"prompt_id": "a", "source": "x", "domain": "math"}
TWO = {"prompt_id": "b", "source": "y", "domain": "math"}


def told(groups: Groups, values: dict, **quotients) -> pl.DataFrame:
    return groups.told(pl.DataFrame(values), **quotients)


def test_a_grouping_of_one_value_is_left_out():
    groups = counted_of([ONE, ONE, TWO]).groups
    assert list(groups.labels) == ["overall", "source"]


def test_sums_are_by_group_and_null_counts_nothing():
    table = told(counted_of([ONE, ONE, TWO]).groups, {"n": [1, None, 5]})
    assert table.select("by", "group", "prompts", "samples", "n").rows() == [
        ("overall", "all", 2, 3, 6),
        ("source", "x", 1, 2, 1),
        ("source", "y", 1, 1, 5),
    ]


def test_what_nobody_knows_is_a_group():
    table = told(counted_of([ONE, TWO | {"source": None}]).groups, {})
    assert table["group"].to_list() == ["all", "x", "not known"]


def test_of_many_values_the_largest_are_told_and_others_stand_together():
    rows = [{"source": f"s{n:02}", "prompt_id": f"{n}"} for n in range(30)]
    rows += [{"source": "s29", "prompt_id": "again"}] * 3
    table = told(counted_of(rows).groups, {}).filter(by="source")
    assert table.height == 20
    assert table.row(0)[:4] == ("source", "s29", 2, 4)
    assert table.row(-1)[:4] == ("source", "others", 11, 11)


@pytest.mark.parametrize(
    ("rate", "group"),
    [(0.0, "0"), (0.25, "to 1/4"), (0.26, "to 1/2"), (0.9, "below 1"), (1.0, "1")],
)
def test_difficulty_is_the_pass_rate_of_the_prompt(rate: float, group: str):
    prompts = [{"prompt_id": "a", "pass_rate": rate}, {"prompt_id": "b", "pass_rate": None}]
    table = told(counted_of([ONE, ONE, TWO], prompts=prompts).groups, {})
    rows = table.filter(by="difficulty").select("group", "samples").rows()
    assert rows == [(group, 2), ("not known", 1)]


def test_difficulty_of_several_teachers_is_their_mean():
    prompts = [
        {"prompt_id": "a", "pass_rate": 0.0, "teacher": "t"},
        {"prompt_id": "a", "pass_rate": 1.0, "teacher": "u"},
        {"prompt_id": "b", "pass_rate": 1.0},
    ]
    table = told(counted_of([ONE, TWO], prompts=prompts).groups, {})
    assert table.filter(by="difficulty")["group"].to_list() == ["to 1/2", "1"]


def test_a_prompt_of_two_teachers_is_one_prompt_overall_and_one_of_each():
    rows = [ONE | {"teacher": "t"}, ONE | {"teacher": "u"}, TWO | {"teacher": "t"}]
    table = told(counted_of(rows).groups, {}).select("by", "group", "prompts", "samples")
    assert table.filter(pl.col("by").is_in(["overall", "teacher"])).rows() == [
        ("overall", "all", 2, 3),
        ("teacher", "t", 2, 2),
        ("teacher", "u", 1, 1),
    ]


def test_a_prompt_that_two_sources_have_is_in_both():
    rows = [ONE, ONE | {"source": "y"}, ONE | {"source": "y"}]
    table = told(counted_of(rows).groups, {"n": [1, 2, 4]}).select("group", "prompts", "n")
    assert table.rows() == [("all", 1, 7), ("y", 1, 6), ("x", 1, 1)]


def test_samples_without_a_prompt_stand_for_themselves():
    rows = [{"prompt_id": None, "sample_id": id} for id in "xy"]
    assert told(counted_of(rows).groups, {})["prompts"].to_list() == [2]


def test_an_interval_of_a_share_is_that_of_prompts_drawn_by_lot():
    random = np.random.default_rng(3)
    rates = random.beta(0.5, 0.5, 400)
    right = random.random((400, 8)) < rates[:, None]
    rows = [{"prompt_id": f"{p}"} for p in range(400) for _ in range(8)]
    groups = counted_of(rows).groups
    row = told(groups, {"right": right.ravel()}, shares={"share": ("right", "samples")}).row(
        0, named=True
    )
    assert row["share"] == pytest.approx(right.mean())
    low, high = interval(right.mean(axis=1), seed=1, resamples=4000)
    assert (row["share_low"], row["share_high"]) == pytest.approx((low, high), abs=0.005)
    plain = 1.96 * (row["share"] * (1 - row["share"]) / right.size) ** 0.5
    assert row["share_high"] - row["share_low"] > 3 * plain  # draws of a prompt are alike


def test_an_interval_of_a_mean_is_that_of_prompts_drawn_by_lot():
    random = np.random.default_rng(4)
    sizes = random.integers(1, 6, 500)
    means = random.exponential(100, 500)
    values = [random.normal(mean, 5, size) for mean, size in zip(means, sizes, strict=True)]
    rows = [{"prompt_id": f"{p}"} for p, size in enumerate(sizes) for _ in range(size)]
    row = told(
        counted_of(rows).groups,
        {"tokens": np.concatenate(values)},
        means={"mean": ("tokens", "samples")},
    ).row(0, named=True)
    sums = np.array([own.sum() for own in values])
    lots = random.integers(0, 500, (4000, 500))
    drawn = sums[lots].sum(axis=1) / sizes[lots].sum(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (row["mean_low"], row["mean_high"]) == pytest.approx((low, high), rel=0.02)


def test_an_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(5)
    rows = [{"prompt_id": f"{p}", "source": f"{p // 40:02}"} for p in range(800) for _ in range(4)]
    covered = []
    for _ in range(40):
        rates = np.repeat(random.beta(1, 3, 800), 4)
        right = random.random(3200) < rates
        table = told(
            counted_of(rows).groups, {"right": right}, shares={"share": ("right", "samples")}
        ).filter(by="source")
        covered += (table["share_low"] <= 0.25).to_list()
        covered += (table["share_high"] >= 0.25).to_list()
    assert 0.96 < np.mean(covered) < 0.99  # each end is missed in one of forty


@pytest.mark.parametrize(("right", "low", "high"), [(0, 0.0, 0.4344), (1, 0.5655, 1.0)])
def test_where_all_are_alike_each_prompt_counts_once(right: int, low: float, high: float):
    rows = [{"prompt_id": f"{p}"} for p in range(5) for _ in range(100)]
    row = told(
        counted_of(rows).groups,
        {"right": [right] * 500},
        shares={"share": ("right", "samples")},
    ).row(0, named=True)
    ends = row["share"], row["share_low"], row["share_high"]
    assert ends == pytest.approx((right, low, high), abs=1e-4)  # Wilson's, of 5


def test_of_nothing_no_share_is_known():
    table = told(counted_of([ONE]).groups, {"none": [False]}, shares={"share": ("samples", "none")})
    assert table.select("share", "share_low", "share_high").row(0) == (None, None, None)


def test_of_one_prompt_no_interval_of_a_mean_is_known():
    row = told(
        counted_of([ONE, ONE]).groups, {"n": [1.0, 3.0]}, means={"mean": ("n", "samples")}
    ).row(0, named=True)
    assert (row["mean"], row["mean_low"]) == (2.0, None)
