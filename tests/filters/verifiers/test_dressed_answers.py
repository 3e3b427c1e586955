"""Right answers in every dress that models wear, and beside each a near miss in the same dress."""

import json
from pathlib import Path

import pytest

from filters.verifiers import verify

CASES = Path(__file__).parents[2] / "data" / "dressed.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["right"][-40:])
def test_a_right_answer_counts_however_it_is_dressed_and_a_near_miss_never(row):
    right, wrong = (verify(row[side], row["gold"], row["verifier"]) for side in ("right", "wrong"))
    assert right.outcome == "correct"
    assert wrong.outcome == "incorrect"
