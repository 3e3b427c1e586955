"""What filters drop by default of real traces that others call right: 1 % of them at most."""

import polars as pl
import pytest
from traces import traces

from filters import FILTERS, Filters, judge, measure

NOT_ASKED_FOR = {"no_thinking", "no_final_answer", "unfinished_thinking"}
"""Faults of form where a model was asked for another form, or its judge took what stands in open
thinking: docs/filters.md has the figures."""
MOST = 0.01


@pytest.fixture(scope="module")
def right() -> pl.DataFrame:
    """The traces that others call right."""
    return traces().filter(verdict="correct")


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
def test_defaults_drop_little_of_what_is_right(name: str, right: pl.DataFrame):
    filters = Filters.model_validate({name: {}})
    reasons = judge(measure(right, filters), filters)["reasons"]
    faults = reasons.list.set_difference(pl.Series([sorted(NOT_ASKED_FOR)]))
    assert (faults.list.len() > 0).sum() <= MOST * right.height, faults.explode().value_counts()


@pytest.mark.slow
def test_traces_are_there_and_many(right: pl.DataFrame):
    assert right.height > 7000
    assert right["source"].n_unique() > 60
