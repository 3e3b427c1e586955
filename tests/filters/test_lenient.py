"""Strict and lenient scores: what is form, and what is mathematics."""

import pytest

from filters.lenient import Draw, both
from filters.rewards import Accuracy
from filters.text.thinking import split
from filters.verifiers import verify


def drawn(text: str, reference: str = "42", verifier: str = "math") -> Draw:
    response = split(text).response
    verdict = verify(response, reference, verifier)
    return Draw(text, response, reference, verifier, verdict.outcome, verdict.reason)


@pytest.mark.parametrize(
    ("text", "strict", "lenient", "remark"),
    [
        (r"<think>6*7</think>\boxed{42}", 1, 1, "right, and in its form"),
        (r"<think>6*7</think>\boxed{41}", 0, 0, "wrong, and in its form"),
        ("6 * 7 makes 42 eggs", 0, 1, "right, and not announced"),
        ("6 * 7 makes 41 eggs", 0, 0, "wrong, and not announced"),
        ("<think>6 * 7 makes 42", 0, 1, "thinking that never ended, right so far"),
        ("", 0, 0, "nothing"),
    ],
)
def test_what_counts(text: str, strict: float, lenient: float, remark: str):
    assert both([drawn(text)]) == (strict, lenient), remark


def test_shares_of_many_and_only_of_what_can_be_judged_both_ways():
    draws = [drawn(r"\boxed{42}"), drawn("42 eggs"), drawn("41 eggs")]
    others = [drawn("42 eggs", "42", "exact"), drawn(r"\boxed{42}", "", "math")]
    assert both(draws + others, workers=2) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert both(others) is None


def test_a_training_logs_both_beside_the_reward():
    logged: dict[str, float] = {}
    reward = Accuracy(as_json=True, watch=True)
    said = [r"<think>a</think>\boxed{42}", "42 eggs"]
    columns = {"reference": ['"42"'] * 2, "verifier": ["math"] * 2}
    assert reward(said, log_metric=logged.__setitem__, **columns) == [1.0, 0.0]
    assert (logged["accuracy/strict"], logged["accuracy/lenient"]) == (0.5, 1.0)
