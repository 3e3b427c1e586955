"""Truncation: cut, stopped, or never done thinking."""

import polars as pl
import pytest

from filters.truncation import Truncation


@pytest.mark.parametrize(
    ("finish_reason", "response", "reasons"),
    [
        ("stop", "4", []),
        ("stop", "", []),  # an empty response is a response; `format` misses its answer
        ("stop", None, ["unfinished_thinking"]),  # ended by itself, but inside its thinking
        ("length", "4 becau", ["truncated"]),
        ("length", None, ["truncated", "unfinished_thinking"]),
        ("abort", None, ["aborted", "unfinished_thinking"]),  # stopped in flight
        ("error", "4", ["truncation_not_measured"]),  # an engine said something else
        (None, "4", ["truncation_not_measured"]),
    ],
)
def test_ends(finish_reason, response, reasons):
    row = {"finish_reason": [finish_reason], "response": [response]}
    measured = Truncation.measured(pl.DataFrame(row, schema=dict.fromkeys(row, pl.String)))
    assert measured.select(Truncation().faults()).item().to_list() == reasons
