"""The funnel and rejections: each filter after another, alone, together, and left out."""

from typing import Any

import polars as pl
import pytest
from subjects import counted_of, named, of, overall

from factory.audit.figures import Figure
from factory.audit.figures.funnel import funnel
from factory.audit.figures.rejections import rejections
from filters import funnel as funnel_of

RULES: dict[str, Any] = {
    "truncation": {},
    "correctness": {},
    "code_blocks": {},
    "length": {"max_tokens": 100},
}
WELL = {"finish": "stop", "unfinished": False, "verdict": "correct", "tokens": 10}
WELL |= {"longest_paragraph": 5, "code_blocks": 0}
WRONG, LONG = {"verdict": "incorrect"}, {"tokens": 200}
CUT = {"finish": "length", "verdict": "incorrect"}
ROWS = [
    {"prompt_id": "a"} | WELL,
    {"prompt_id": "a"} | WELL,
    {"prompt_id": "a"} | WELL | WRONG,
    {"prompt_id": "b", "domain": "code"} | WELL | LONG,
    {"prompt_id": "b", "domain": "code"} | WELL | LONG | WRONG,
    {"prompt_id": "c", "domain": "code"} | WELL | CUT,
    {"prompt_id": "c", "domain": "code"} | WELL | {"tokens": None},
]


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    counted = counted_of(ROWS, RULES)
    return [*funnel(counted), *rejections(counted)]


def test_each_filter_sees_what_those_before_it_left(figures: list[Figure]):
    steps = named(figures, "funnel").table.select("step", "entering", "dropped", "left", "alone")
    assert steps.rows() == [
        ("truncation", 7, 1, 6, 1),
        ("correctness", 6, 2, 4, 3),
        ("code_blocks", 4, 0, 4, 0),
        ("length", 4, 2, 2, 3),
        ("per_prompt", 2, 1, 1, None),
    ]


def test_it_is_the_funnel_that_the_rules_count():
    counted = counted_of(ROWS, RULES | {"length": [{"domains": ["code"], "max_tokens": 100}]})
    own = named(funnel(counted), "funnel").table.filter(kind="filter")
    rules = funnel_of(counted.samples, counted.subject.filters)
    told = ["entering", "dropped", "left", "not_judged"]
    assert own.select(told).rows() == rules.select(told).rows()
    assert own["alone"].to_list() == rules["dropped_alone_total"].to_list()
    assert of(named(funnel(counted), "funnel"), step="length")["not_judged"] == 2


def test_the_funnels_of_groups_add_up(figures: list[Figure]):
    table = named(figures, "funnel.by").table
    assert table["by"].unique(maintain_order=True).to_list() == ["overall", "domain"]
    told = ["step", "entering", "dropped", "left"]
    sums = table.filter(by="domain").group_by("step", maintain_order=True).agg(pl.sum(*told[1:]))
    assert sums.rows() == table.filter(by="overall").select(told).rows()
    code = table.filter(group="code").select("dropped", "left").rows()
    assert code == [(1, 3), (1, 2), (0, 2), (2, 0)]


def test_what_is_left_is_told_with_an_interval(figures: list[Figure]):
    row = overall(named(figures, "kept"))
    assert (row["samples"], row["accepted"], row["chosen"]) == (7, 2, 1)
    assert row["share_accepted"] == pytest.approx(2 / 7)
    assert row["share_accepted_low"] < 2 / 7 < row["share_accepted_high"]


def test_filters_alone_and_together(figures: list[Figure]):
    table = named(figures, "rejections").table
    told = table.select("filter", "alone", "first", "only", "shared", "accepted_without").rows()
    assert told == [
        ("truncation", 1, 1, 0, 1, 2),
        ("correctness", 3, 2, 1, 2, 3),
        ("code_blocks", 0, 0, 0, 0, 2),
        ("length", 3, 2, 2, 1, 4),  # the one whose tokens nobody counted is among them
    ]
    assert table["redundant"].to_list() == ["covered", "no", "never", "no"]
    assert table["prompts_gained"].to_list() == [0, 0, 0, 2]


def test_without_a_filter_as_many_are_accepted_as_it_says():
    counted = counted_of(ROWS, RULES)
    table = named(rejections(counted), "rejections").table
    for name, accepted in table.select("filter", "accepted_without").iter_rows():
        others = {rule: own for rule, own in RULES.items() if rule != name}
        assert counted_of(ROWS, others).accepted.sum() == accepted, name


def test_what_is_not_measured_is_neither_well_nor_faulty(figures: list[Figure]):
    row = of(named(figures, "filters.values"), filter="length", by="overall")
    assert [row[name] for name in ("well", "faulty", "not_measured", "not_judged")] == [4, 2, 1, 0]
    assert row["share_faulty"] == pytest.approx(2 / 6)


def test_a_domain_without_an_entry_is_not_judged():
    rules = {"length": [{"domains": ["math"], "max_tokens": 100}]}
    figure = named(rejections(counted_of(ROWS, rules)), "filters.values")
    row = of(figure, group="code")
    assert (row["well"], row["faulty"], row["not_judged"]) == (0, 0, 4)
    assert row["share_faulty"] is None


def test_what_groups_gain_without_a_filter(figures: list[Figure]):
    table = named(figures, "left_out").table
    row = table.filter(group="code", filter="length").row(0, named=True)
    assert (row["samples"], row["accepted"], row["gained"]) == (4, 0, 2)
    assert row["share_without"] == 0.5


def test_reasons_are_told_by_their_filter(figures: list[Figure]):
    table = named(figures, "reasons").table
    assert table.filter(reason="length_not_measured").row(0) == (
        ("length", "length_not_measured", 1, 1, 1 / 7, None)
    )
    assert table.filter(reason="too_long")["goes_by"].to_list() == ["tokens > max_tokens 100"]
    assert dict(table.filter(pl.col("samples") > 0).select("reason", "samples").iter_rows()) == {
        "truncated": 1,
        "incorrect": 3,
        "too_long": 2,
        "length_not_measured": 1,
    }


def test_overlap_of_filters_and_of_reasons(figures: list[Figure]):
    filters = named(figures, "overlap")
    both = of(filters, filter="truncation", other="correctness")
    assert (both["both"], both["share_of_first"]) == (1, 1.0)
    assert both["jaccard"] == pytest.approx(1 / 3)
    assert of(filters, filter="correctness", other="truncation")["share_of_first"] == 1 / 3
    assert filters.table.filter(filter="code_blocks").is_empty()
    assert of(named(figures, "overlap.reasons"), reason="too_long", other="incorrect")["both"] == 1


def test_without_filters_nothing_is_dropped():
    counted = counted_of(ROWS)
    figures = [*funnel(counted), *rejections(counted)]
    assert overall(named(figures, "kept"))["accepted"] == 7
    assert named(figures, "filters.values").missing == "no filter is in use"
    assert named(figures, "overlap").missing == "no filter drops anything"
