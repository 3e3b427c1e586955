"""Numeric answers: how far from the value they may be."""

import pytest

from filters.verifiers import check_reference, verify
from filters.verifiers.numeric import judge, shape

PI = {"value": 3.14159, "absolute": 0.01}
LIGHT = {"value": "3.00e8 m/s", "relative": 0.01}


@pytest.mark.parametrize(
    ("answer", "reference", "outcome"),
    [
        ("42", 42, "correct"),
        ("x = 42", 42, "correct"),
        (r"\frac{1}{2}", 0.5, "correct"),
        ("10%", 0.1, "correct"),
        ("43", 42, "incorrect"),
        ("0.33", "1/3", "incorrect"),  # without a tolerance, equal is meant up to rounding
        ("27.11", "1003/37", "correct"),
        (r"\frac{1003}{37}", 27.11, "correct"),
        (r"\frac{1003}{37}", {"value": 27.11, "absolute": 0}, "incorrect"),
        ("65%", 65, "correct"),
        ("0.65", 65, "incorrect"),
        # A bound is no number.
        ("< 42", 42, "incorrect"),
        (r"\ge 42", 42, "incorrect"),
        (r"\neq 42", 42, "incorrect"),
        ("at most 42", 42, "incorrect"),
        ("42 or more", 42, "incorrect"),
        ("about 42", 42, "correct"),
        ("3.15", PI, "correct"),
        ("3.15159", PI, "correct"),  # the edge belongs to it
        ("3.1516", PI, "incorrect"),
        ("-3.14", PI, "incorrect"),
        ("2.98e8", LIGHT, "correct"),
        ("298000 km/s", LIGHT, "correct"),
        ("2.96e8", LIGHT, "incorrect"),
        ("3e8 km/s", LIGHT, "incorrect"),
        ("-5.4", {"value": -5, "relative": 0.1}, "correct"),
        ("104", {"value": 100, "absolute": 1, "relative": 0.05}, "correct"),  # the larger counts
        ("0.1", {"value": 0, "relative": 0.5}, "incorrect"),  # no part of 0 is anything
        (r"\sqrt{2}", {"value": 1.4142, "absolute": 0.001}, "correct"),
        (r"\sqrt{3}", {"value": 1.4142, "absolute": 0.001}, "incorrect"),
    ],
)
def test_tolerance(answer, reference, outcome):
    assert judge(answer, reference).outcome == outcome


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("41", "wrong_answer"),
        ("3e8 kg", "wrong_unit"),
        ("x", "unreadable_answer"),
        (r"\infty", "unreadable_answer"),
        ("7" * 20_000, "unreadable_answer"),  # too long to be parsed
    ],
)
def test_why_an_answer_is_wrong(answer, reason):
    verdict = judge(answer, LIGHT)
    assert (verdict.outcome, verdict.reason) == ("incorrect", reason)


def test_the_recipe_grants_what_the_reference_does_not():
    assert judge("27.11", "1003/37", tolerance="exact").outcome == "incorrect"
    assert (
        judge("27.11", {"value": "1003/37", "absolute": 0.1}, tolerance="exact").outcome
        == "correct"
    )


def test_plain_formulas_need_no_worker(monkeypatch):
    monkeypatch.setattr("filters.verifiers.pool.call", None)
    for answer, reference in [
        (r"2^{10}", 1024),
        (r"\frac{\sqrt{16}}{2}", 2),
        (r"\sqrt{2} \text{ m}", {"value": "141.4 cm", "absolute": 0.1}),
        (r"\ln 2", {"value": 0.693, "absolute": 0.001}),
    ]:
        assert judge(answer, reference).outcome == "correct"
    assert judge(r"2\pi", 6.28).outcome == "incorrect"


def test_a_tower_of_powers_costs_a_deadline(monkeypatch):
    monkeypatch.setattr("filters.verifiers.pool.DEADLINE", 1.0)
    verdict = verify(r"\boxed{10^{10^{10}}}", 5, "numeric")
    assert verdict.outcome != "correct"
    assert verdict.seconds < 10


def test_a_number_of_millions_of_digits_is_not_written_out():
    assert verify(r"\boxed{(41033.9)!}", 5, "numeric").outcome == "incorrect"


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        (42, None),
        ("1,000.5", None),
        (PI, None),
        ("x", "'x' is no number that can be read exactly"),
        (True, "a number was expected, not bool"),
        (None, "a number was expected, not NoneType"),
        ({"absolute": 1}, "a number was expected, not NoneType"),
        ({"value": 1, "tolerance": 1}, "it has tolerance; value, absolute, relative were expected"),
        ({"value": 1, "absolute": -1}, "absolute must be a number, 0 or more, not -1"),
        ({"value": 1, "relative": float("nan")}, "relative must be a number, 0 or more, not nan"),
    ],
)
def test_references(reference, wrong):
    assert shape(reference) == wrong
    assert (check_reference(reference, "numeric") is None) == (wrong is None)
