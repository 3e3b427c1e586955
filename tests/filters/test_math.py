"""Mathematical answers: certain by arithmetic, or left to math-verify in the pool."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.verifiers.math import certain, judge, shape


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        # Numbers in their many spellings.
        ("12", "12.0", True),
        ("012", "12", True),
        ("+5", "5", True),
        ("-0", "0", True),
        ("\N{MINUS SIGN}5", "-5", True),
        (".5", "0.5", True),
        ("5.", "5", True),
        ("1,234,567", "1234567", True),
        ("1{,}234", "1234", True),
        (r"1\,234", "1234", True),
        ("1 234", "1234", True),
        ("1.2e5", "120000", True),
        (r"1.2 \times 10^{5}", "120,000", True),
        ("3/4", "0.75", True),
        (r"\frac{3}{4}", "3/4", True),
        (r"\dfrac34", "3/4", True),
        (r"-\tfrac{3}{4}", r"\frac{-3}{4}", True),
        ("1 3/4", "7/4", True),
        (r"1\frac{3}{4}", "1.75", True),
        (r"$\left( 12 \right)$", "(12)", True),
        (r"\$5.00", "5", True),
        ("12", "13", False),
        ("12", "-12", False),
        ("1/3", "1/4", False),
        ("10^{999999999}", "5", None),  # nothing huge is worked out here
        ("1e999999999", "5", None),
        ("1" * 300, "5", None),
        ("1/0", "5", None),
        ("1,23", "123", None),  # a decimal comma, a pair, or a slip
        ("--5", "5", None),
        ("2 5/3", "11/3", None),  # no mixed number
        # Rounding is for math-verify to tolerate or not.
        ("0.333333", "1/3", None),
        ("3.1416", "3.14", None),
        ("3.2", "3.1", False),
        # Percent.
        (r"50\%", "50%", True),
        ("50%", "0.5", True),
        ("50%", "50", None),
        # Units: one side may leave them out.
        (r"5\text{ cm}", "5", True),
        ("5 cm", "5 cm", True),
        (r"12 \text{ cm}^2", "12", True),
        (r"90^\circ", "90", True),
        ("3 hours", "4", False),
        ("5 cm", "5 m", None),
        ("5m", "5", None),  # may be a product
        ("5x", "5", None),
        ("3 million", "3", None),
        # Assignments.
        ("x = 5", "5", True),
        ("x = 5", "x=6", False),
        ("x = 5", "y = 5", None),
        ("2x = 5", "25", None),
        # Choices.
        ("B", "(B)", True),
        (r"\text{(B)}", "B", True),
        ("B. forty-two", "B", True),
        ("A", "B", False),
        ("42", "B", None),
        # Tuples and sets, where every part is certain.
        ("(1,2)", "(1, 2)", True),
        ("(1, 1/2)", "(1, 0.5)", True),
        ("(2, 1)", "(1, 2)", False),
        ("(1, 2, 3)", "(1, 2)", False),
        ("(1, x)", "(1, 2)", None),
        ("(1,234)", "(1, 234)", None),  # a pair or a number
        ("[1, 2]", "(1, 2)", None),  # intervals
        (r"\{1, 2\}", r"\{2, 1\}", True),
        ("1, 2", "2, 1", None),
        # The rest needs algebra, or is not mathematics.
        (r"\sqrt{8}", r"2\sqrt{2}", None),
        ("x^2+1", "x^2 + 1", None),
        (r"\text{Monday}", "Monday", True),  # the same text is the same answer
        ("Monday", "Tuesday", None),
    ],
)
def test_what_arithmetic_can_tell(answer, reference, expected):
    assert certain(answer, reference) is expected


@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_fractions_are_compared_exactly(one, two):
    def latex(value: Fraction) -> str:
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"

    assert certain(latex(one), str(two)) is (one == two)


@given(st.integers(), st.text(st.characters(categories=["L", "N", "P", "S", "Z", "Cs"])))
def test_no_answer_breaks_it(number, text):
    assert certain(text, str(number)) in (True, False, None)


@pytest.mark.parametrize(
    ("answer", "reference", "outcome", "reason"),
    [
        (r"\sqrt{8}", r"2\sqrt{2}", "correct", None),
        ("(x+1)^2", "x^2+2x+1", "correct", None),
        ("2 pi", r"2\pi", "correct", None),
        (r"4\sqrt{3} \text{ cm}^2", r"4\sqrt{3}", "correct", None),
        ("2, 1", "1, 2", "correct", None),
        ("0.333333", "1/3", "correct", None),  # six digits are enough for math-verify
        ("3.33", "10/3", "incorrect", "wrong_answer"),  # two are not
        (r"\sqrt{8}", "3", "incorrect", "wrong_answer"),
        ("Tuesday", "Monday", "incorrect", "wrong_answer"),
        ("\\", "5", "incorrect", "unreadable_answer"),
        ("x" * 20_000, "5", "incorrect", "unreadable_answer"),  # too long to be parsed
        ("5", r"\ ", "unverifiable", "bad_reference: math-verify cannot read it"),
    ],
)
def test_what_math_verify_can_tell(answer, reference, outcome, reason):
    verdict = judge(answer, reference)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ("12", None),
        (12, None),
        (0.5, None),
        (" ", "it is empty"),
        (None, "a text or a number was expected, not NoneType"),
        (True, "a text or a number was expected, not bool"),
        ({"answer": 12}, "a text or a number was expected, not dict"),
        ("1" * 10_001, "it has 10,001 characters, more than 10,000"),
    ],
)
def test_references(reference, wrong):
    assert shape(reference) == wrong
