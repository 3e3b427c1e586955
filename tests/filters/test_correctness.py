"""Correctness passes on the verdict that was stored with the draw."""

import polars as pl
import pytest

from filters.correctness import Correctness


@pytest.mark.parametrize(
    ("verdict", "dropping", "keeping"),
    [
        ("correct", [], []),
        ("incorrect", ["incorrect"], ["incorrect"]),
        ("unverifiable", ["unverifiable"], []),  # a failure is not a wrong answer: one may keep it
        (None, ["correctness_not_measured"], ["correctness_not_measured"]),
        ("maybe", ["correctness_not_measured"], ["correctness_not_measured"]),  # no such verdict
    ],
)
def test_verdicts(verdict, dropping, keeping):
    measured = Correctness.measured(pl.DataFrame({"verdict": [verdict]}))
    assert measured.select(Correctness().faults()).item().to_list() == dropping
    keep = Correctness(unverifiable="keep")
    assert measured.select(keep.faults()).item().to_list() == keeping
