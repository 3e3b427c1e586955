"""What filters drop by default of real traces that others call right, and of unfinished ones."""

import polars as pl
import pytest
from traces import traces

from benchmarks.real_traces import dropped, line
from benchmarks.traces import REAL
from filters import FILTERS
from filters.verifiers.check import wilson

pytestmark = pytest.mark.slow
MOST = 0.01
"""Share of right traces that a filter may drop, as far as so many traces can tell."""


@pytest.fixture(scope="module")
def every() -> pl.DataFrame:
    """All traces."""
    return traces()


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "correctness"])
def test_defaults_drop_little_of_what_is_right(name: str, every: pl.DataFrame):
    right = every.filter(kind="correct")
    told = line(name, right, REAL)
    texts, dropped = (int(cell.replace(",", "")) for cell in told.split("|")[2:4])
    low, _ = wilson(dropped, texts)
    assert low <= MOST, told


def test_unfinished_traces_are_found_as_before(every: pl.DataFrame):
    unfinished = every.filter(kind="unfinished")
    assert unfinished.height == 144
    assert dropped("repetition", unfinished, REAL).height >= 65


@pytest.mark.parametrize("language", ["ja", "zh", "sw"])
def test_scripts_without_spaces_are_as_repetitive_as_others(language: str, every: pl.DataFrame):
    right = every.filter(kind="correct", language=language)
    assert dropped("repetition", right, REAL).height <= 0.015 * right.height


def test_traces_are_there_and_many(every: pl.DataFrame):
    right = every.filter(kind="correct")
    assert right.height > 13_000
    assert right["source"].n_unique() > 85
