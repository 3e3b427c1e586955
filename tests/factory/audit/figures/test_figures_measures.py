"""Distributions of measures: bins that fit, thresholds from the rules, and what has no value."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from subjects import counted_of, named, of

from factory.audit.figures import Figure
from factory.audit.figures.bins import bins_of, counts
from factory.audit.figures.measures import measures
from factory.audit.figures.thresholds import thresholds
from filters import FILTERS


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        pytest.param([0, 1, 1, 4], [0, 1, 2, 3, 4, 5], id="few whole numbers"),
        pytest.param([7], [7, 8], id="one whole number"),
        pytest.param([-2, 0], [-2, -1, 0, 1], id="below nothing"),
        pytest.param([0.1, 0.3], [n / 20 for n in range(21)], id="shares"),
        pytest.param([100, 190], [*range(100, 200, 5)][:1], id="even"),
    ],
)
def test_bins_begin_at_round_numbers(values: list, edges: list):
    assert bins_of(np.array(values)).edges[: len(edges)] == edges


def test_a_heavy_tail_has_widening_bins_and_nought_a_bin_of_its_own():
    values = np.sort(np.array([0] * 50 + [1, 2, 3] * 30 + [5000]))
    bins = bins_of(values)
    assert bins.log
    assert bins.edges[:8] == [0, 1, 2, 3, 5, 7, 10, 15]
    assert bins.edges[-2:] == [5000, 7000]
    (found,) = counts(values, np.zeros(len(values), np.int64), 1, bins.edges)
    assert found[:4] == [50, 30, 30, 30]


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1000),
        np.array([5]),
        np.array([2.5]),
        np.array([0.0, 1.0]),
        np.array([-1e9, 1e9]),
        np.array([0, 0, 2**31 - 1]),
        np.array([1e-300, 1.5]),
        np.array([3.25, 3.25]),
        np.random.default_rng(0).lognormal(5, 3, 1000),
    ],
    ids=str,
)
def test_every_value_is_in_one_bin(values: np.ndarray):
    ordered = np.sort(values)
    bins = bins_of(ordered)
    kinds = np.arange(len(values)) % 2
    found = counts(values, kinds, 2, bins.edges)
    expected = [np.histogram(values[kinds == kind], bins.edges)[0].tolist() for kind in (0, 1)]
    assert found == expected
    assert sum(map(sum, found)) == len(values)
    assert bins.edges[0] <= ordered[0]
    assert ordered[-1] <= bins.edges[-1]
    assert bins.edges == sorted(set(bins.edges))
    assert len(bins.edges) < 130


RULES: dict[str, Any] = {
    "length": {"max_tokens": 100},
    "language": {"min_share": 0.9, "min_letters": 10},
    "code_blocks": {},
}
WELL = {"tokens": 10, "longest_paragraph": 5, "code_blocks": 0}
WELL |= {
    "language_letters": 50,
    "language_share": 1.0,
    "language_found": "",
    "language_switches": 0,
}
ROWS = [
    WELL,
    WELL | {"tokens": 150},
    WELL | {"tokens": 150, "code_blocks": 2},
    WELL | {"language_share": None, "language_letters": 0},
    WELL
    | {"tokens": None, "longest_paragraph": None, "language_share": 0.5, "language_found": "zh"},
]


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    return measures(counted_of(ROWS, RULES))


def test_samples_are_told_by_what_became_of_them(figures: list[Figure]):
    table = named(figures, "measure.length.tokens").table
    assert table.select("from", "label", "fate", "samples").rows() == [
        (10.0, None, "kept", 2),
        (150.0, None, "dropped by this filter", 2),
        (None, "not measured", "dropped by this filter", 1),
    ]


def test_what_was_looked_at_and_has_no_value_is_not_what_was_not_measured(figures: list[Figure]):
    row = of(named(figures, "measures"), measure="language_share")
    assert (row["measured"], row["no_value"], row["not_measured"]) == (4, 1, 0)
    row = of(named(figures, "measures"), measure="tokens")
    assert (row["measured"], row["no_value"], row["not_measured"]) == (4, 0, 1)


def test_numbers_of_a_measure(figures: list[Figure]):
    row = of(named(figures, "measures"), measure="tokens")
    assert (row["mean"], row["least"], row["q50"], row["most"]) == (80.0, 10.0, 150.0, 150.0)
    assert row["thresholds"] == "length.max_tokens 100"


def test_texts_are_told_by_value(figures: list[Figure]):
    table = named(figures, "measure.language.language_found").table
    assert table.rows() == [
        ("", "kept", 2),
        ("", "dropped by others", 2),
        ("zh", "dropped by this filter", 1),
    ]


def test_thresholds_are_those_of_the_rules(figures: list[Figure]):
    found = {f.key.partition(".")[2]: f.chart.thresholds for f in figures if f.chart}
    assert found["length.tokens"] == {"length.max_tokens": 100}
    assert found["language.language_share"] == {"language.min_share": 0.9}
    assert found["language.language_letters"] == {"language.min_letters": 10}
    assert found["code_blocks.code_blocks"] == {"code_block": 0}


def test_a_filter_with_several_entries_has_a_threshold_of_each():
    rules = [{"domains": ["math", "logic"], "max_tokens": 5}, {"max_tokens": 9}]
    found = thresholds(counted_of([WELL], {"length": rules}).subject)
    assert found["tokens"] == {"length[math,logic].max_tokens": 5, "length[others].max_tokens": 9}


def test_a_filter_that_is_not_in_use_says_so(figures: list[Figure]):
    unused = {figure.key: figure.missing for figure in figures if figure.missing}
    assert set(unused) == {f"measure.{name}" for name in FILTERS if name not in RULES}
    assert "not in use" in (unused["measure.thinking"] or "")


def test_a_measure_of_nobody_says_so():
    figures = measures(counted_of([{}, {}], {"length": {}}))
    figure = named(figures, "measure.length.tokens")
    assert figure.missing == "tokens was not measured of any sample"
    assert figure.table["label"].to_list() == ["not measured"]


def test_truths_and_lists_have_figures():
    rules = {"repetition": {}, "truncation": {}}
    row = {"repeated_share": 0.0, "loop_repeats": 0, "loop_chars": 0, "counting_repeats": 0}
    row |= {"counting_chars": 0, "echo_share": 0.0, "compression": 2.0, "counting_others": []}
    row |= {"finish": "stop", "unfinished": False}
    loops = [{"repeats": 9, "chars": 90}] * 2
    figures = measures(
        counted_of(
            [row | {"loop_others": []}, row | {"loop_others": loops, "finish": "abort"}], rules
        )
    )
    assert named(figures, "measure.truncation.unfinished").table["value"].unique().to_list() == [
        "false"
    ]
    assert named(figures, "measure.repetition.loop_others").table["from"].to_list() == [0.0, 2.0]


def test_of_many_texts_the_commonest_are_told():
    rows = [{"finish": "stop", "unfinished": False, "source": "s"}] * 3
    near = {"duplicate_size": 2, "duplicate_place": 0, "duplicate_similarity": 1.0}
    rows += [near | {"duplicate_cluster": f"c{n:02}"} for n in range(30)]
    table = named(
        measures(counted_of(rows, {"duplicates": {"drop": False}})),
        "measure.duplicates.duplicate_cluster",
    ).table
    assert table.height == 21
    assert table.row(19) == ("others", "kept", 11)
    assert table.row(20) == ("not measured", "kept", 3)


def test_a_value_without_end_is_neither_in_a_bin_nor_lost():
    rows = [{"repeated_share": value, "loop_others": [], "counting_others": []}
            for value in (0.5, float("inf"))]  # fmt: skip
    table = named(
        measures(counted_of(rows, {"repetition": {}})), "measure.repetition.repeated_share"
    ).table
    assert table.select("from", "label", pl.col("samples")).rows() == [
        (0.5, None, 1),
        (None, "infinite", 1),
    ]


def test_one_value_is_said_and_not_drawn():
    figures = measures(counted_of([WELL, WELL], {"length": {}}))
    figure = named(figures, "measure.length.tokens")
    assert figure.chart is None
    assert f"The same in all samples that have it: {WELL['tokens']}." in figure.note
