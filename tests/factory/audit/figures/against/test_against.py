"""Two subjects side by side: what is said first, what turned, and what is apart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from diff_cases import BASE, LONG, limit
from sides import NOW, RULES, WAS, figures, line, sample, side, wrong

from factory.audit.subject.place import subject_at


def test_the_first_sentence_says_what_turned():
    found = figures(side(NOW), side(WAS))
    head = found["against"]
    assert head.title == (
        "6 common samples of 3 common prompts · 2 kept → dropped · 1 dropped → kept · net -1"
    )
    assert "Before is runs/x" in head.note
    assert "no rule drops" in head.note
    assert head.table.rows() == [("samples", 6, 0, 0), ("prompts", 3, 0, 0)]


def test_regressions_come_first_by_reason_with_ids():
    rules = RULES | {"length": {"max_tokens": 5}}
    found = figures(side(NOW, rules), side(WAS))
    assert list(found)[:4] == ["against", "against.lost", "against.moved", "against.gained"]
    told = ("reason", "filter", "samples", "rows", "prompts", "other_verdict", "rule", "examples")
    assert found["against.lost"].table.select(told).rows() == [
        ("incorrect", "correctness", 1, 1, 1, 1, "the same rule", "q0"),
        ("too_long", "length", 1, 1, 1, 0, "max_tokens 100 → 5", "p1"),
    ]
    assert found["against.gained"].table.select(told).rows() == [
        ("incorrect", "correctness", 1, 0, 1, 1, "the same rule", "q1"),
    ]
    moved = found["against.moved"].table
    told = ("change", "sample_id", "fate_before", "fate_after", "reasons_before", "reasons_after")
    assert moved.select(told).rows() == [
        ("kept → dropped", "p1", "chosen", "dropped", "", "too_long"),
        ("kept → dropped", "q0", "chosen", "dropped", "", "incorrect"),
        ("dropped → kept", "q1", "dropped", "chosen", "incorrect", ""),
    ]
    assert found["against.rules"].table.rows() == [("length", "max_tokens 100 → 5")]


def test_what_common_samples_were_and_are():
    found = figures(side(NOW), side(WAS))
    assert found["against.fates"].table.rows() == [
        ("chosen", "chosen", 2), ("chosen", "dropped", 2), ("chosen", "spare", 1),
        ("dropped", "chosen", 1),
    ]  # fmt: skip
    assert found["against.verdicts"].table.rows() == [
        ("correct", "correct", 4), ("correct", "incorrect", 1), ("incorrect", "correct", 1),
    ]  # fmt: skip


def test_the_same_is_said_to_be_the_same():
    found = figures(side(WAS), side(WAS))
    assert found["against"].title.endswith("0 kept → dropped · 0 dropped → kept · net ±0")
    assert "The two are the same" in found["against"].note
    assert found["against.lost"].table.is_empty()
    assert found["against.only"].table.is_empty()
    for key, one in found.items():
        if "difference" in one.columns:
            assert one.table["difference"].drop_nulls().eq(0).all(), key


@pytest.mark.parametrize(
    "moved",
    [
        {"fate": "spare"}, {"verdict": None}, {"tokens": 11}, {"draw": 0, "sample_id": "new"},
        {"tokens": None},
    ],
)  # fmt: skip
def test_nearly_the_same_is_not_the_same(moved: dict[str, Any]):
    other = [*WAS[:-1], WAS[-1] | moved]
    assert "The two are the same" not in figures(side(other), side(WAS))["against"].note


def test_nothing_common():
    found = figures(side([sample("x")]), side(WAS))
    assert found["against"].title == "Nothing is common: no sample and no prompt is in both"
    assert found["against.prompts.kept"].missing == "no pair has a value on both sides"
    assert found["against.only"].table.rows() == [
        ("prompts", "before", "other questions of source sums", 3),
        ("prompts", "after", "other questions of source sums", 1),
        ("samples", "before", "its prompt is in this one alone", 6),
        ("samples", "after", "its prompt is in this one alone", 1),
    ]


@pytest.mark.parametrize("empty", ["before", "after", "both"])
def test_a_side_without_samples(empty: str):
    was = side([] if empty != "after" else WAS)
    now = side([] if empty != "before" else WAS)
    found = figures(now, was)
    assert found["against"].title.startswith("Nothing is common")
    assert found["against.shape.tokens"].missing


OTHERS = [
    sample("p", 0, sample_id="u0", completion_tokens=30),
    sample("p", 1, sample_id="u1", completion_tokens=50),
    wrong("q", 0, sample_id="u2", completion_tokens=20),
    wrong("s", 0, sample_id="u3"),
]


def test_prompts_are_paired_where_draws_are_others():
    found = figures(side(OTHERS), side(WAS))
    assert found["against"].title == (
        "2 common prompts, no common sample · with a kept sample or without one: "
        "1 kept → dropped · 0 dropped → kept · net -1"
    )
    kept = line(found["against.prompts.kept"])
    # p: 1 → 1, q: 1/2 → 0; each prompt counts once, though p has two draws after and q one.
    assert (kept["pairs"], kept["before"], kept["after"]) == (2, 0.75, 0.5)
    assert kept["mcnemar"] is None, "a share of several draws is no yes or no"
    assert line(found["against.prompts.any_kept"])["mcnemar"] == 1.0
    assert line(found["against.prompts.completion_tokens"])["difference"] == (30 + 10) / 2
    assert found["against.moved"].table.row(0, named=True) == {
        "change": "kept → dropped", "prompt_id": "q",
        "draws_before": 2, "kept_before": 1, "correct_before": 1, "reasons_before": "incorrect",
        "draws_after": 1, "kept_after": 0, "correct_after": 0, "reasons_after": "incorrect",
    }  # fmt: skip


def test_both_levels_where_some_draws_are_common():
    further = [*NOW, sample("p", 2)]
    found = figures(side(further), side(WAS))
    assert line(found["against.samples.kept"])["pairs"] == 6
    assert line(found["against.prompts.kept"])["pairs"] == 3
    assert found["against.only"].table.rows() == [
        ("samples", "after", "a further draw: the other has fewer of its prompt", 1)
    ]


def test_why_samples_are_in_one_alone():
    now = [
        sample("p", sample_id="a", teacher="Another"),
        sample("q", sample_id="b", max_tokens=2000),
        sample("r", sample_id="c", max_tokens=1000),
        sample("x", sample_id="d", source="new"),
    ]
    was = [row | {"max_tokens": 1000} for row in WAS]
    told = figures(side(now), side(was))["against.only"].table.filter(only="after")
    assert sorted(told.select("what", "why", "count").rows()) == [
        ("prompts", "source new is in this one alone", 1),
        ("samples", "another limit: 2000 tokens", 1),
        ("samples", "another teacher: Another", 1),
        ("samples", "drawn anew: other settings, another seed, or kept by one alone", 1),
        ("samples", "its prompt is in this one alone", 1),
    ]


def test_undecided_samples_are_left_out_and_counted():
    now = [WAS[0] | {"fate": None}, *WAS[1:]]
    found = figures(side(now), side(WAS))
    assert "Not decided on one side, so left out: 1." in found["against"].note
    assert line(found["against.samples.kept"])["not_measured"] == 1


def test_another_version_of_a_measure_is_not_compared():
    was, now = (side(WAS, measures={"length": n}) for n in (1, 2))
    found = figures(now, was)
    assert found["against.samples.measures"].missing == "no measure can be compared"
    assert "against.shape.tokens" not in found
    assert found["against.aside"].table.rows() == [
        ("length", "no", "measured by another version: 1 before, 2 after")
    ]


def test_a_filter_of_one_side_alone_is_not_compared():
    found = figures(
        side(WAS, {"correctness": {}}, measures={"x": 1}), side(WAS, measures={"length": 1})
    )
    assert found["against.aside"].table.rows() == [
        ("length", "no", "measured before alone: what is not measured is no difference")
    ]
    assert found["against.rules"].table.rows() == [("length", "the rule is gone")]


def test_other_teachers_and_other_ways_to_ask_want_care():
    now = [row | {"teacher": "Another"} for row in OTHERS]
    was = side(WAS, sampling={"temperature": 0.6}, measures={"length": 1})
    found = figures(side(now, sampling={"temperature": 0.7}, measures={"length": 1}), was)
    assert found["against.aside"].table.rows() == [
        ("tokens", "with care", "other teachers may count tokens by other tokenizers"),
        ("draws", "with care", "asked otherwise: temperature 0.6 → 0.7"),
    ]


def test_funnels_stand_beside_each_other():
    rules = RULES | {"length": {"max_tokens": 5}}
    table = figures(side(NOW, rules), side(WAS))["against.funnels"].table
    assert table.select("filter", "side", "entering", "dropped", "left").rows() == [
        ("correctness", "before", 6, 1, 5), ("correctness", "after", 6, 1, 5),
        ("length", "before", 5, 0, 5), ("length", "after", 5, 1, 4),
    ]  # fmt: skip


def test_measures_lie_in_the_same_bins_with_the_thresholds_of_both():
    now = [row | {"tokens": 10 * n} for n, row in enumerate(WAS)]
    found = figures(
        side(now, {"length": {"max_tokens": 40}}), side(WAS, {"length": {"max_tokens": 90}})
    )
    shape = found["against.shape.tokens"]
    assert shape.chart
    assert dict(shape.chart.thresholds) == {
        "length.max_tokens before": 90, "length.max_tokens after": 40,
    }  # fmt: skip
    sides = [shape.table.filter(side=name) for name in ("before", "after")]
    assert sides[0].select("from", "to").equals(sides[1].select("from", "to"))
    assert [table["samples"].sum() for table in sides] == [6, 6]
    assert sides[0].filter(pl.col("samples") > 0)["from"].to_list() == [10]


def test_reasons_of_the_diff_of_two_versions(tmp_path: Path):
    LONG.by(filters=limit(16384)).made(tmp_path / "a")
    LONG.by(filters=limit(8192)).made(tmp_path / "b")
    found = figures(subject_at(str(tmp_path / "b")), subject_at(f"{tmp_path / 'a'}@1"))
    reasons = found["against.reasons"]
    assert reasons.note.startswith("0 added, 1 removed, 0 changed, 2 the same.")
    told = ("change", "reason", "stage", "rows", "detail", "examples")
    assert reasons.table.select(told).rows() == [(
        "delete", "threshold", "filters: length", 1,
        "too_long: tokens 9,012 > max_tokens 8,192; max_tokens 16,384 → 8,192", "q0",
    )]  # fmt: skip
    lost = found["against.lost"].table.row(0, named=True)
    assert (lost["reason"], lost["rule"]) == ("too_long", "max_tokens 16,384 → 8,192")


def test_data_that_is_no_version_has_no_reasons_of_rows(tmp_path: Path):
    BASE.made(tmp_path)
    found = figures(side(WAS, place="rows.parquet"), subject_at(str(tmp_path)))
    assert found["against.reasons"].missing == (
        "rows.parquet is no dataset version, so nothing tells how its rows came about"
    )


def test_what_has_no_numbers_is_told_in_one_line():
    rules = {"safety": {}, "truncation": {}}
    told = {"finish": "stop", "unfinished": False, "refuses": False, "cutoffs": 0}
    told |= dict.fromkeys(("identities", "leaked_tokens", "personal_data", "secrets"), "")
    both = side([row | told for row in WAS], rules, measures={"safety": 1, "truncation": 2})
    (line_,) = figures(both, both)["against.aside"].table.rows()
    assert line_ == (
        "finish, identities, leaked_tokens, personal_data, secrets",
        "no",
        "no numbers: compared by the faults that are found by them",
    )


def test_funnels_are_in_the_order_of_the_filters():
    kept = [sample("p")]
    found = figures(side(kept, {"length": {}}), side(kept, {"correctness": {}}))
    assert found["against.funnels"].table.select("filter", "side").rows() == [
        ("correctness", "before"), ("length", "after"),
    ]  # fmt: skip


def test_what_both_lack_is_told_once():
    was, now = (replace(side(WAS), missing={"max_tokens": "no column says it"}) for _ in range(2))
    told = figures(now, was)["against.aside"].table.select("what", "why").rows()
    assert ("max_tokens", "before and after: no column says it") in told
