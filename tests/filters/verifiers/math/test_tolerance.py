"""Rounded answers: what each policy grants, and the reading that a verdict rests on."""

import pytest

from filters.verifiers.math import judge, rounding, values


@pytest.mark.parametrize(
    ("answer", "reference", "exact", "rounded", "relative"),
    [
        # The key is a decimal that the answer rounds to.
        (r"\frac{1003}{37}", "27.11", False, True, True),
        (r"\frac{1003}{37}", "27.12", False, False, False),
        (r"\frac{18}{37}", "0.486", False, True, False),
        (r"\frac{1}{3}", "0.33", False, False, False),  # two digits are too few
        (r"41 \frac{3}{7}", "41.43", False, True, True),
        (r"\frac{2}{15}", r"13.33\%", False, True, False),
        ("40:3", "13.33", False, True, False),
        ("27.1081", "27.11", False, True, True),
        ("0.4865", "0.486", False, False, False),  # three digits are too few beside a decimal
        (r"\frac{137}{11}", "12.5", False, False, False),  # which is exact
        ("12.46", "12.5", False, False, False),
        # The answer is a decimal that the key, a fraction, rounds to.
        ("27.11", r"\frac{1003}{37}", False, True, True),
        ("27.1", r"\frac{1003}{37}", False, False, False),
        ("27.10", r"\frac{1003}{37}", False, False, False),
        (r"27.11 \text{ km}", r"\frac{1003}{37}", False, True, True),
        ("0.33", r"\frac{1}{3}", False, False, False),
        # Beside \pi or a root nothing counts as rounded; the policy `relative` does not mind.
        (r"\sqrt{7}", "2.646", False, False, True),
        ("9.425", r"3\pi", False, False, True),
        ("9.42", r"3\pi", False, False, False),
        ("2.646", r"\sqrt{7}", False, False, True),
        # As many digits as a float has, or six after the point, are exact.
        ("9.42477796076938", r"3\pi", True, True, True),
        ("2.6457513110645907", r"\sqrt{7}", True, True, True),
        ("0.6666666666666666", r"\frac{2}{3}", True, True, True),
        # Two decimals: the shorter one is what the longer one rounds to.
        ("31.42", "31.416", False, True, False),
        ("31.41", "31.416", False, False, False),
        ("31", "31.416", False, False, False),
        ("2.5", "2.46", False, False, False),
        (r"118\%", r"117.9\%", False, True, False),
        # Nothing was rounded.
        ("10001", "10000", False, False, False),
        ("27.11 kg", "27.114 m", False, False, False),
        ("x = 27.11", r"y = \frac{1003}{37}", False, False, False),
    ],
)
def test_policies(answer, reference, exact, rounded, relative):
    outcomes = [judge(answer, reference, each).outcome for each in ("exact", "rounded", "relative")]
    assert [outcome == "correct" for outcome in outcomes] == [exact, rounded, relative]


@pytest.mark.parametrize(
    ("answer", "reference", "reason"),
    [
        (r"65\%", "65", "percent: 65% read as 65"),
        (r"65\%", "0.65", "percent: 65% read as 0.65"),
        ("65%", "65%", None),
        ("27.11", r"\frac{1003}{37}", r"rounded: 27.11 for \frac{1003}{37}"),
        ("27.5", r"\frac{55}{2}", None),
    ],
)
def test_a_right_verdict_says_how_the_answer_was_read(answer, reference, reason):
    verdict = judge(answer, reference)
    assert (verdict.outcome, verdict.reason) == ("correct", reason)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("0.65", "65"), ("65", r"65\%"), (r"0.65\%", "0.65"), (r"65\%", "66"), (r"1\%", "1")],
)
def test_a_share_is_no_percentage(answer, reference):
    assert judge(answer, reference).outcome == "incorrect"


def test_nothing_is_read_where_the_budget_is_spent():
    with values.bounded(0):
        assert rounding.reading(r"\sqrt{2}+\sqrt{3}", "3.14626437", "rounded", None) is None
    assert rounding.reading(r"\sqrt{2}+\sqrt{3}", "3.14626437", "rounded", None) == "exact"
