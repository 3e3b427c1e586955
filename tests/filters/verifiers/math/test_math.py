"""Mathematical answers: certain by arithmetic, or left to math-verify in the pool."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.verifiers.math import judge, shape
from filters.verifiers.math.plain import certain


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
        ("10^{999999999}", "5", False),  # by its size: nothing huge is worked out here
        ("1e999999999", "5", None),
        ("1" * 300, "5", None),
        ("1/0", "5", None),
        ("1,23", "123", False),
        ("1,23", "1.23", True),  # a decimal comma
        ("0,111", "0.111", True),
        ("--5", "5", None),
        ("2 5/3", "11/3", None),  # no mixed number
        (r"0.\overline{3}", "1/3", True),
        ("0.333...", "1/3", None),
        ("3 million", "3000000", True),
        ("twenty-one", "21", True),
        ("one million", "1e6", True),
        ("five percent", "0.05", True),
        ("2 hours 30 minutes", "150 minutes", True),
        ("2 hours 30 minutes", "2.3 hours", False),
        ("2 hours 30 apples", "2.5 hours", False),
        ("½", "0.5", True),
        # Six digits after the point are enough, as they are for math-verify.
        ("0.333333", "1/3", True),
        ("0.33", "1/3", False),
        ("3.1416", "3.14", False),
        ("0.30000000000000004", "0.3", True),
        ("1.2e-8", "1.3e-8", False),  # six digits after the point say nothing of these
        ("3.2", "3.1", False),
        # Percent.
        (r"50\%", "50%", True),
        ("50%", "0.5", True),
        ("50%", "50", False),
        # Units: one side may leave them out.
        (r"5\text{ cm}", "5", True),
        ("5 cm", "5 cm", True),
        (r"12 \text{ cm}^2", "12", True),
        (r"90^\circ", "90", True),
        ("3 hours", "4", False),
        ("5 cm", "5 m", False),
        ("5 cm", "50 mm", True),
        ("5 cm", "5 s", False),
        ("12 cm", "12 cm^2", False),
        ("60 km/h", r"60\text{ kilometers per hour}", True),
        (r"\$0.50", "50 cents", True),
        ("$5", "€5", False),
        ("12 apples", "12", True),
        ("12 apples", "12 oranges", False),
        ("12 out of 15", "12", None),  # no unit
        ("5m", "5", False),  # a product
        ("5x", "5", False),
        ("3 million", "3", False),
        # Assignments.
        ("x = 5", "5", True),
        ("x = 5", "x=6", False),
        ("x = 5", "y = 5", False),
        ("2x = 5", "25", False),
        # Choices.
        ("B", "(B)", True),
        (r"\text{(B)}", "B", True),
        ("B. forty-two", "B", True),
        ("A", "B", False),
        ("42", "B", False),
        # Tuples and sets, where every part is certain.
        ("(1,2)", "(1, 2)", True),
        ("(1, 1/2)", "(1, 0.5)", True),
        ("(2, 1)", "(1, 2)", False),
        ("(1, 2, 3)", "(1, 2)", False),
        ("(1, x)", "(1, 2)", False),
        ("(1,234)", "(1234)", None),  # a pair or a number
        ("[1, 2]", "(1, 2)", False),  # closed and open
        ("[1, 2)", "[1, 2)", True),
        (r"[0, \frac12]", "[0, 0.5]", True),
        ("[1, 2, 3]", "(1, 2, 3)", True),  # lists, in two notations
        (r"\{1, 2\}", "(1, 2)", False),
        (r"\{1, 2\}", r"\{2, 1\}", True),
        ("1, 2", "2, 1", True),  # all solutions, in any order
        ("1 and 2", "2", False),
        ("(1, 2)", "x = 1, y = 2", True),
        ("x = 1 or x = 2", "(1, 2)", False),
        ("(1, 2)", "y = 2, x = 1", True),
        ("(1, 2), (3, 4)", "(3, 4), (1, 2)", True),
        # Ratios, times, bases.
        ("6:8", "3:4", True),
        ("3:4", "4:3", False),
        ("10:30", "11:30", False),
        ("10:30 AM", "10:30 p.m.", False),
        ("12_8", "12_9", False),
        ("12_8", "12", True),
        # Words.
        (r"\text{Monday}", "Monday", True),  # the same text is the same answer
        ("Monday", "Tuesday", False),
        ("listen", "silent", False),  # words are no products of letters
        ("abc", "cab", True),  # which these may be
        (r"\text{No solution}", r"\varnothing", True),
        ("does not exist", r"\varnothing", False),
        ("25%", "1/4 hour", False),
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
    "hostile",
    [
        "(",
        "(1,",
        "1,",
        r"\{1, ",
        r"\text{",
        "sqrt(",
        "{",
        "$",
        " ",
        r"\frac{",
        "x=",
        "1:",
        r"\\",
        "^(",
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(hostile):
    text = hostile * (9_000 // len(hostile))
    start = time.perf_counter()
    for answer in (text, text[:450], text + ")" * 900):
        assert certain(answer, "(1, 2)") in (False, None)
        certain(answer, text)
    assert time.perf_counter() - start < 2.0


def test_a_long_list_is_not_compared_part_by_part():
    """Every part against every other would take minutes, and there is no deadline here."""
    start = time.perf_counter()
    numbers = [str(number) for number in range(1000, 2500)]
    assert certain(", ".join(numbers), ", ".join(reversed(numbers))) is None
    assert time.perf_counter() - start < 2.0


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
        ("x > 2", r"(2, \infty)", "correct", None),
        ("2x > 4", "x > 2", "correct", None),
        (r"x < -1 \text{ or } x > 1", r"(-\infty, -1) \cup (1, \infty)", "correct", None),
        (r"x \ge 2", r"(2, \infty)", "incorrect", "wrong_answer"),
        (r"4\sqrt{3}\text{ m}^2", r"4\sqrt{3}\text{ cm}^2", "incorrect", "wrong_answer"),
        (r"2\cdot 10^{-20}\pi", r"10^{-20}\pi", "incorrect", "wrong_answer"),  # both round to 0
        ("3r^2", "3R^2", "incorrect", "wrong_answer"),  # another variable
        (r"\sqrt{3}", r"\tan 60^\circ", "correct", None),
        ("2i", "(1+i)^2", "correct", None),  # the imaginary unit, where no other letter is
        ("3-4i", "3+4i", "incorrect", "wrong_answer"),
        ("2x", r"\frac{dy}{dx} = 2x", "correct", None),
        (r"\sqrt{8}", "3", "incorrect", "wrong_answer"),
        ("Tuesday", "Monday", "incorrect", "wrong_answer"),
        ("\\", "5", "incorrect", "unreadable_answer"),
        ("x" * 20_000, "5", "incorrect", "unreadable_answer"),  # too long to be parsed
        ("5", r"\ ", "unverifiable", "bad_reference: math-verify cannot read it"),
        ("5", r"\frac{1}{0}", "unverifiable", "bad_reference: math-verify cannot read it"),
        (r"\frac{1}{0}", "5", "incorrect", "unreadable_answer"),
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


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        # Shown equal by normal forms.
        (r"\sqrt{8}", r"2\sqrt{2}", True),
        (r"\sqrt{3+2\sqrt{2}}", r"1+\sqrt{2}", True),
        (r"\frac{1}{\sqrt{2}-1}", r"\sqrt{2}+1", True),
        (r"\sqrt[3]{16}", r"2\sqrt[3]{2}", True),
        (r"3^{2024}", r"9^{1012}", True),
        (r"\sin 2x", r"2\sin x\cos x", True),
        (r"\cos 15^\circ", r"\frac{\sqrt6+\sqrt2}{4}", True),
        (r"\log_2 10", r"\frac{\ln 10}{\ln 2}", True),
        (r"2^{n+1}-2", r"2(2^n-1)", True),
        (r"(1+i)^8", "16", True),
        ("C - \\cos x", "-\\cos x + K", True),
        # Refuted by values.
        (r"\sqrt{8}", "3", False),
        (r"3^{2024}", r"9^{1013}", False),
        ("3r^2", "3R^2", False),
        (r"\sin 30^\circ", r"\sin 30", False),
        ("a + b/c", r"\frac{a+b}{c}", False),
        # Read in two ways, or not at all.
        ("1/2x", r"\frac{1}{2x}", None),
        (r"10^{10^{10}}", "5", False),
        (r"10^{10^{100}}", "5", None),
        (r"\frac{d}{dx}x^2", "2x", None),
        # Sets of numbers.
        (r"x < -1 \text{ or } x > 1", r"(-\infty,-1)\cup(1,\infty)", True),
        (r"|x| \le 3", r"[-3, 3]", True),
        ("x^2 < 9", "(-3, 3)", True),
        (r"x > 0, x \ne 1", r"(0,1)\cup(1,\infty)", True),
        (r"\mathbb{R}", r"\text{all real numbers}", True),
        (r"\{x \in \mathbb{Z} : 1 \le x \le 3\}", r"\{1, 2, 3\}", True),
        (r"[0, 1)", r"0 \le x \le 1", False),
        # Equations, families, matrices, cases, parts.
        ("2x + y = 7", "y = 7 - 2x", True),
        ("y = 2x", "x = 2y", False),
        (r"x = \frac{(2k+1)\pi}{4}, k \in \mathbb{Z}",
         r"\frac{\pi}{4}+\frac{n\pi}{2}, n \in \mathbb{Z}", True),
        (r"k\pi, k \in \mathbb{Z}", r"2k\pi, k \in \mathbb{Z}", False),
        (r"2\begin{pmatrix}1&0\\0&1\end{pmatrix}", r"\begin{bmatrix}2&0\\0&2\end{bmatrix}", True),
        ("(a) 5 (b) 7", "(a) 7, (b) 5", False),
        ("(a) 5 (b) 7", "5, 7", True),
        (r"(\pm 1, 0)", "(1, 0), (-1, 0)", True),
        ("length 5, width 8", "length 8, width 5", False),
        ("width 5, length 8", "length = 8, width = 5", True),
        ("Alice 3, Bob 5", "Alice 5, Bob 3", False),
        ("x > 0 or y > 0", "x > 0 and y > 0", False),
        (r"x = 1, y^2 = 2", "(1, 2)", False),
        # Not solved for what was asked, or said of something else.
        ("-x = 3", "3", False),
        ("2x = 12", "12", False),
        ("x + 1/x = 3", "3", True),
        (r"n \equiv 10 \pmod 7", r"n \equiv 3 \pmod{7}", True),
        (r"n \equiv 3 \pmod 8", r"n \equiv 3 \pmod{7}", False),
        (r"20\% decrease", r"20\% increase", False),
        ("yes or no", "yes", False),
        (r"\neq 12", "12", False),
        ("VI", "IV", False),
        # Tiny and huge numbers, steps, and units in which both become comparable.
        (r"1.6 \times 10^{-19} \cdot 3", r"1.6 \times 10^{-19} \text{ C}", False),
        (r"9.11 \times 10^{-25} \text{ g}", r"9.11 \times 10^{-31} \text{ kg}", False),
        (r"1 - 2^{-2023}\sqrt{2}", r"1-\frac{1}{2^{2023}}", False),
        (r"\lfloor n^2/5 \rfloor", r"\lfloor n^2/4 \rfloor", False),
        (r"(-1)^{n+1}", "(-1)^n", False),
        (r"10\%", r"\binom{5}{2}", False),
        (r"10\ \mathrm{mm\,s^{-1}}", r"10\text{ m/s}", False),
        ("3厘米", "3米", False),
        ("300厘米", "3米", True),
    ],
)  # fmt: skip
def test_what_algebra_can_tell(answer, reference, expected):
    assert certain(answer, reference) is expected


@pytest.mark.parametrize(
    "hostile",
    [
        r"\frac{1}{" * 1000 + "1" + "}" * 1000,
        "+".join(rf"\sqrt{{{n}}}" for n in range(2, 60)),
        "(a+b+c+d+e+f)^{11}(a-b)^{11}",
        r"\sqrt{" + "9" * 59 + "7}",
        r"(10^9)!",
        r"\binom{10^8}{5}",
        r"\sin(8a+8b+8c)\cos(7a+7b)",
        r"e^{e^{e^{e^e}}}",
        "x_" * 150,
        "1" + r"\pm 1" * 80,
        "\x00\x1b[31m5",
        "\ud800 5",
    ],
)
def test_hostile_formulas_are_cheap_and_never_raise(hostile):
    start = time.perf_counter()
    for reference in ("5", "x^2", "(1, 2)", "x > 2", hostile + "+1"):
        assert certain(hostile, reference) in (True, False, None)
    assert time.perf_counter() - start < 2.0
