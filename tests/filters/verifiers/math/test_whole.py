"""Verdicts rest on all of a text: no fragment, nothing evaluated away, no digit left out."""

import pytest

from filters.verifiers.math import judge
from filters.verifiers.math.plain import certain


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        # Dots stand for terms that nobody has read.
        (r"2 + 4 + \cdots + 2n", r"2 + 4 + \dots + 2n", True),
        (r"2 + 4 + \cdots + 2n", r"1 + 3 + \cdots + 2n", False),
        (r"\{3, 6, \ldots, 3n\}", r"\{3, 6, \ldots, 6n\}", False),
        (r"n = 2, 3, \ldots", r"n = 1, 2, 3, \ldots", False),
        (r"1 < b_1 < \cdots < b_k", r"1 < b_1 \le \cdots \le b_k", False),
        # Quantifiers, events, statements.
        (r"\forall y\, g(y) = 1", r"\exists y\, g(y) = 1", False),
        (r"\forall y\, g(y) = 1", r"\forall y\,g(y)=1", True),
        (r"\mathbb{P}(Y \ge 4)", r"\mathbb{P}(Y \le 4)", False),
        (r"x = 3 \text{ is a minimum}", r"x = 3 \text{ is a maximum}", False),
        (r"x = 3 \text{ is the minimum}", r"x = 3 \text{ is a minimum}", True),
        (r"\text{half of } 8", "8", False),
        # Derivatives, limits and sums that stay as they are.
        (r"\frac{\partial u}{\partial t}", r"\frac{\partial u}{\partial s}", False),
        (r"\frac{\partial u}{\partial t}", r"\frac{\partial u}{\partial t}", True),
        ("g''(x)", "g'(x)", False),
        ("g^{(3)}(x)", "g^3(x)", False),
        (r"\lim_{t\to 2^-} \frac{1}{t-2}", r"\lim_{t\to 2^+} \frac{1}{t-2}", False),
        (r"\sum_{k=0}^\infty b_k", r"\sum_{k=1}^\infty b_k", False),
        (r"\iint_R 1\,dA", r"\iiint_R 1\,dA", False),
        (r"\int_0^2 g(x)\,dx", r"\int_0^3 g(x)\,dx", False),
        (r"\vec{u} \times \vec{v}", r"\vec{u} \cdot \vec{v}", False),
        (r"\angle XYZ", r"\angle XZY", False),
        # Those that can be worked out are.
        (r"\sum_{k=1}^{n} k^2", r"\frac{n(n+1)(2n+1)}{6}", True),
        (r"\int_0^\infty e^{-t^2} dt", r"\frac{\sqrt\pi}{2}", True),
        (r"\gcd(18, 24)", "6", True),
    ],
)
def test_what_math_verify_does_not_read_whole_is_compared_as_text(answer, reference, same):
    assert judge(answer, reference).outcome == ("correct" if same else "incorrect")


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        # Differences that floating point and six digits do not show.
        (r"1 - \frac{1}{1999!}", r"1 - \frac{1}{2001!}", False),
        (r"\frac{1}{1999!}", r"\frac{2000}{2000!}", True),
        ("2 + e^{-120}", "2 + e^{-121}", False),
        ("3e^{-700}", "e^{-700}", False),
        (r"\sqrt{10^{50}+1}", "10^{25}", False),
        (r"\sqrt{10^{50}+2 \cdot 10^{25} + 1}", "10^{25}+1", True),
        (r"\sin(10^{-40})", "10^{-40}", False),
        (r"\ln(1 + 10^{-300})", "10^{-300}", False),
        (r"\arctan(e^{90})", r"\frac{\pi}{2}", False),
        (r"x + 10^{-60}", "x", False),
        (r"[0, e^{-100})", "[0, e^{-101})", False),
        (r"\{1, 1 - 3^{-300}\}", r"\{1, 1 + 3^{-300}\}", False),
        # A decimal point says that a side may have been rounded.
        ("2.71828183", "e", True),
        (r"\frac{271828183}{100000000}", "e", False),
        # Identities without a normal form.
        (r"\tan\frac{3\pi}{8}", r"1 + \sqrt2", True),
        (r"\sqrt[3]{7+5\sqrt2}", r"1+\sqrt2", True),
        (r"4\arctan\frac15 - \arctan\frac{1}{239}", r"\frac{\pi}{4}", True),
        (r"\frac{(2n)!}{(n!)^2}", r"\binom{2n}{n}", True),
        (r"\ln(x^2+2x+1)", r"2\ln(x+1)", True),
        (r"\sqrt{x^2}", "|x|", True),
        (r"\sqrt{x^2}", "x", False),
        (r"\sqrt{x^2 y^2}", "xy", False),
        # Two factorials, functions of other things, steps.
        ("n!!", "(n!)!", False),
        ("7!!", "105", True),
        ("6!!", "48", True),
        ("f(3x)", "3f(x)", False),
        ("f(x+x)", "f(2x)", True),
        ("f(g(x))", "g(f(x))", False),
        (r"\lceil x \rceil", r"\lfloor x \rfloor", False),
        (r"\lfloor n/3 \rfloor", r"\lfloor (n+1)/3 \rfloor", False),
        # A residue class is not one of its numbers.
        (r"x \equiv 3 \pmod{8}", "x = 3", False),
        (r"x \equiv 3 \pmod{8}", r"x \equiv 11 \pmod{8}", True),
        # Equations.
        (r"\frac{x^2}{4} + y^2 = 1", "x^2 + 4y^2 = 4", True),
        (r"y = \sqrt{2}x - 3", r"2y = 2\sqrt{2}x - 6", True),
        ("x^2 + 4y^2 = 4", "x^2 + 4y^2 = 5", False),
        (r"y^2 + 3y - 1 < 0", r"\left(\frac{-3-\sqrt{13}}{2}, \frac{-3+\sqrt{13}}{2}\right)", True),
    ],
)  # fmt: skip
def test_values_tell_formulas_apart_for_certain(answer, reference, same):
    assert certain(answer, reference) is same


@pytest.mark.parametrize(
    "hostile",
    [
        r"e^{" * 24 + "x" + "}" * 24,
        "(" * 24 + "100" + ")^{99}" * 24,
        "(" * 20 + "x" + "/3)!" * 20,
        "+".join([r"\ln(1+e^{-6000})"] * 22),
        "+".join([r"\frac{7}{3}!"] * 30),
        ", ".join(["4999!"] * 60),
        ", ".join([r"\sin(x)"] * 55),
        "+".join(["1"] * 200),
        "(x+y+z)^{12}" * 30,
    ],
)
def test_a_verdict_has_a_budget(hostile):
    """There is no deadline here: what takes too many steps is left open."""
    for reference in ("5", "x^2 + 1", hostile.replace("x", "y"), hostile + "+1"):
        assert certain(hostile, reference) in (True, False, None)
        assert certain(reference, hostile) in (True, False, None)
