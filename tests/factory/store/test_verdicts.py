"""Which of a draw's verdicts counts."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import CRASH, KEY, NO, TIMEOUT, YES, Stored

from factory.errors import StageError
from factory.store import verdicts


def round_with(**rows: tuple[str, str | None]) -> pl.DataFrame:
    told = [
        {"sample_id": id, "verdict": v, "verdict_reason": why, "key": KEY}
        for id, (v, why) in rows.items()
    ]
    return pl.DataFrame(told, schema=verdicts.VERDICT)


@pytest.mark.parametrize(
    ("stored", "rounds", "counts"),
    [
        (NO, [], NO),
        (NO, [{"other": YES}], NO),
        (NO, [{"x": YES}], YES),
        (NO, [{"x": YES}, {"x": NO}], NO),  # the last one counts, also where it is as stored
        (YES, [{"x": TIMEOUT}], YES),  # a failure takes nothing away
        (YES, [{"x": CRASH}], YES),
        (NO, [{"x": YES}, {"x": TIMEOUT}], YES),
        (TIMEOUT, [{"x": CRASH}], CRASH),
        (YES, [{"x": ("unverifiable", "bad_reference: it is empty")}], None),  # that is no failure
    ],
)
def test_the_last_verdict_counts_unless_it_failed(
    stored: Stored, rounds: list[dict[str, Any]], counts: tuple[str, str | None] | None
):
    draw = {"sample_id": "x", "verdict": stored[0], "verdict_reason": stored[1], "key": KEY}
    schema = {name: pl.String() for name in draw}
    laid = verdicts.over(pl.DataFrame([draw], schema=schema), [round_with(**r) for r in rounds])
    expected = counts or next(iter(rounds[-1].values()))
    assert laid.row(0) == ("x", *expected, KEY)


def test_a_round_that_counts_and_is_gone_is_named(tmp_path: Path):
    (tmp_path / "applied.json").write_text('["abc"]')
    with pytest.raises(StageError, match=r"abc: these verdicts were applied and are gone"):
        verdicts.current(tmp_path)
