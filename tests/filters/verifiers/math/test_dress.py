"""What surrounds a formula: names, units, letters, ways of writing; every class has both sides."""

import pytest

from filters.verifiers.math import habits, leads, notation, opposites
from filters.verifiers.math.plain import certain


@pytest.mark.parametrize("habit", habits.HABITS, ids=lambda habit: repr(habit.pair[0]))
def test_every_habit_has_a_pair_that_needs_it(habit, monkeypatch):
    assert certain(*habit.pair) is True
    others = tuple(other for other in habits.HABITS if other is not habit)
    monkeypatch.setattr(notation, "HABITS", others)
    assert certain(*habit.pair) is not True


@pytest.mark.parametrize("lead", leads.LEADS, ids=lambda lead: lead.pair[0])
def test_every_lead_has_a_pair_that_needs_it(lead, monkeypatch):
    assert certain(*lead.pair) is True
    monkeypatch.setattr(leads, "LEADS", tuple(other for other in leads.LEADS if other is not lead))
    assert certain(*lead.pair) is not True


@pytest.mark.parametrize("row", opposites.OPPOSITES, ids=lambda row: row.pair[0])
def test_every_pair_of_opposites_has_a_pair_that_needs_it(row, monkeypatch):
    assert certain(*row.pair) is False
    others = tuple(other for other in opposites.OPPOSITES if other is not row)
    monkeypatch.setattr(opposites, "OPPOSITES", others)
    assert certain(*row.pair) is not False


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        # Times of day are no ratios; ratios are no times where one of them cannot be one.
        ("8:00", "9:00", False),
        ("08:00", "8:00", True),
        ("7:15", "9:45", False),
        ("8:45 a.m.", "08:45", True),
        ("8:45 a.m.", "20:45", False),
        ("8:45", "20:45", True),
        ("noon", "12:00", True),
        ("9:00", "900", False),
        ("9", "9:00", True),
        ("9:00:30", "9:00:31", False),
        ("4:6", "2:3", True),
        ("5:12", "10:24", True),
        ("1:6:15:20:15:6:1", "1:6:15:20:15:1:6", False),
        ("1:01", "01:1", False),
        ("0 to 3.5 minutes", "0 to 35 minutes", False),
        ("5 hours", "17 hours", False),
        # Dates.
        ("2024-03-01", "2024/3/1", True),
        ("March 1st", "1 March", True),
        ("March 1st", "March 2nd", False),
        # A label on one side and a unit on the other.
        ("dogs: 7", r"7 \text{ cats}", False),
        ("cats: 7", r"7 \text{ cats}", True),
        ("cats: 7", "dogs: 7", False),
        ("total: 7", r"7 \text{ cats}", True),
        ("length: 7", "7 cm", True),
        ("green: 4, white: 9", "4 white, 9 green", False),
        ("green: 4, white: 9", "9 white, 4 green", True),
        ("green: 4, white: 9", "9 white balls and 4 green balls", True),
        (r"\frac{2}{3} win, \frac{1}{3} lose", "lose: 1/3, win: 2/3", True),
        (r"\frac{2}{3} win, \frac{1}{3} lose", "lose: 2/3, win: 1/3", False),
        ("4 cm, 9 cm", "9 cm, 4 cm", True),  # no names
        # Names on one side only.
        ("Maximum = 9, Minimum = 4", "4, 9", True),
        ("Maximum = 9, Minimum = 5", "4, 9", False),
        ("p=7, c=2, a=5, b=5", "7, 2, 5, 5", True),
        ("p=7, c=2, a=5, b=5", "5, 5, 2, 7", False),
        ("y = 4, x = 3", "(3, 4)", True),  # x, y, z have an order
        ("y = 4, x = 3", "(4, 3)", False),
        ("Ann: 30, Ben: 20, Cid: 10", "10, 20, 30", True),  # written as a set
        ("Ann: 30, Ben: 20, Cid: 10", "20, 10, 30", False),
        ("Ann: 30, Ben: 20", "20, 30", False),  # which may be in order
        ("Case 1: 2, 3 and Case 2: 8, 9", "2, 3, 8, 9", True),
        ("Case 1: 2, 3 and Case 2: 8, 7", "2, 3, 8, 9", False),
        (r"\{2, 3\}, \{8, 9\}", "2, 3, 8, 9", True),
        (r"\{2, 3\}, \{8, 7\}", "2, 3, 8, 9", False),
        ("(1,7,103), (2,5,107)", "(2, 5, 107), (1, 7, 103)", True),
        (r"m_{\max} = 6", "6", True),
        ("m_max = 6", "7", False),
        # Plus-minus in points.
        (r"(3, \pm 5), (1, \pm 2)", "(1, 2), (1, -2), (3, 5), (3, -5)", True),
        (r"(3, \pm 5), (1, \pm 2)", "(1, 2), (3, 5), (3, -5)", False),
        (r"(\pm 3, \pm 5)", "(3, 5), (3, -5), (-3, 5), (-3, -5)", True),
        (r"(\pm 3, \pm 5)", "(3, 5), (-3, -5)", True),  # or the signs go together
        (r"(\pm 3, \pm 5)", "(3, 5), (3, -5)", False),
        (r"(\pm 3, \mp 5)", "(3, -5), (-3, 5)", True),
        # Vectors in several notations.
        (r"\begin{pmatrix} 3 \\ -1 \end{pmatrix}", "(3, -1)", True),
        (r"\langle 3, -1 \rangle", r"\begin{bmatrix} 3 \\ -1 \end{bmatrix}", True),
        ("(3, -1)^T", r"\begin{bmatrix} 3 \\ -1 \end{bmatrix}", True),
        ("(-1, 3)", r"\begin{bmatrix} 3 \\ -1 \end{bmatrix}", False),
        (r"\begin{bmatrix} 3 & -1 \end{bmatrix}", r"\begin{bmatrix} 3 \\ -1 \end{bmatrix}", False),
        # Other letters.
        ("g(t) = t^2 + 1", "g(x) = x^2 + 1", True),
        ("g(t) = t^2 + 2", "g(x) = x^2 + 1", False),
        ("g(t) = t + x", "g(x) = x + x", False),  # x is something else there
        (r"\frac{n\pi}{2}", r"x = \frac{k\pi}{2}", True),
        (r"n\pi", r"x = \frac{k\pi}{2}", False),
        ("3n", "3k", False),  # no period: n may be given
        (r"\pi n^2", r"\pi k^2", False),
        (r"(1 + 2s, 3 - s) \text{ for any real number } s", "(1 + 2t, 3 - t)", True),
        (r"(1 + 2s, 3 + s) \text{ for any real number } s", "(1 + 2t, 3 - t)", False),
        # Single points in sets of numbers, and out of them.
        (r"(-\infty, 0] \cup \{5\}", r"x \leqslant 0 \text{ or } x = 5", True),
        (r"(-\infty, 0] \cup \{6\}", r"x \leqslant 0 \text{ or } x = 5", False),
        (r"(-\infty, 0)", r"x \leqslant 0 \text{ or } x = 5", False),
        (r"(-\infty, 2) \cup (2, 7)", r"\{x | x < 7\} - \{2\}", True),
        (r"(-\infty, 7)", r"\{x | x < 7\} - \{2\}", False),
        (r"(0, 7) \setminus \{2\}", r"(0, 2) \cup (2, 7)", True),
        # Degrees, ordinals, words.
        (r"30^\circ 15'", "30.25", True),
        (r"30^{\circ} 15^{\prime}", r"30^\circ 16'", False),
        (r"7^{\text{th}} \text{ floor}", "7", True),
        (r"7^{\text{th}} \text{ floor}", "8", False),
        ("third row", "3rd column", False),
        ("prime", r"\text{every prime number}", True),
        ("composite", r"\text{every prime number}", False),
        ("even", r"\text{any odd number of coins}", False),
        ("inconsistent", "no solution", True),
        ("Ann", "Ann will be the first.", True),
        ("Ann", "Ann will not be the first.", False),
        ("Ben", "Ann will be the first.", False),
        ("even", "The function $g(x)$ is even.", True),
        ("odd", "The function $g(x)$ is even.", False),
        ("c, a, b", "c < a < b", True),
        ("a, c, b", "c < a < b", False),
        # Antiderivatives differ by a constant.
        (r"\sin^2 x + C", r"-\cos^2 x + C", True),
        (r"\sin^2 x + C", r"\cos^2 x + C", False),
        ("x^2 + C", "x^2", False),
        (r"\int 2x dx + C", "x^2 + C", False),  # an answer has to be worked out, a key need not
        ("x^2 + C", "Integral(2*x, x) + C", True),
        ("x^2", "Integral(2*x, x) + C", False),
        ("x**3/3 + x + C", "x + Integral(x**2, x) + C", True),
        ("x*atan(x) - ln(1 + x^2)/2 + C", "Integral(atan(x), x) + C", True),
        ("x*atan(x) + ln(1 + x^2)/2 + C", "Integral(atan(x), x) + C", False),
        # Sums of i, j and k.
        (r"3\hat{i} - 4\hat{j}", "(3, -4)", True),
        (r"3\hat{i} - 4\hat{j}", "(-4, 3)", False),
        ("3i + 4j", "(3, 4, 0)", True),
        # Numbers counted in words of other languages, and words that make another number of them.
        ("20 лет", "20", True),
        ("20 тысяч", "20000", True),
        ("20 тысяч", "20", False),
        ("5 dozen eggs", "60", True),
        ("5 dozen", "5", False),
        ("1.2万", "12000", True),
        ("20个", "20个", True),
        # The same sum by another letter, and another sum.
        (r"\sum_{i=1}^{n} a_i", r"\sum_{k=1}^{n} a_k", True),
        (r"-\frac{\pi}{6} + k\pi", r"\frac{5\pi}{6} + k\pi", True),
        (r"\frac{\pi}{6} + k\pi", r"\frac{5\pi}{6} + k\pi", False),
        ("(w, a, d) = (16, 3, 1)", "w = 16, d = 3, a = 1", False),
        ("(w, d, a) = (16, 3, 1)", "w = 16, a = 1, d = 3", True),
        # Cases beside one formula.
        (r"|t - 1|", r"\begin{cases} t - 1 & t > 1 \\ 1 - t & t \le 1 \end{cases}", True),
        (r"|t - 2|", r"\begin{cases} t - 1 & t > 1 \\ 1 - t & t \le 1 \end{cases}", False),
        ("t - 1", r"\begin{cases} t - 1 & t > 1 \\ 1 - t & t \le 1 \end{cases}", False),
        ("t - 1", r"\begin{cases} t - 1 & t > 1 \end{cases}", False),  # not for all t
        # Too exact decimals, numbers of other countries, damaged LaTeX.
        ("2.345,67 EUR", "2345.67", True),
        ("2.345,67", "2345.76", False),
        ("2.345", "2345", False),
        ("\x0crac{3}{4}", "0.75", True),
        ("rac{3}{4}", "0.57", False),
        ("y<sup>3</sup>", "y^3", True),
        ("y<sup>3</sup>", "y^2", False),
        ("\N{MATHEMATICAL ITALIC SMALL PI}/3", r"\frac{\pi}{3}", True),
        ("2⁻³", "1/8", True),
        ("\N{GREEK SMALL LETTER ALPHA} + 1", r"\alpha + 1", True),
        (r"7 \% 0", "0", False),  # a remainder, or seven per cent
        ("3v0^2", "3v0^3", False),  # v with an index, and not nothing
        (r"\forall n \in N, n^2 \le 2^n", r"\forall n \in N, n^2 \le 3^n", False),
        # Bounds are no numbers.
        ("15+", "15", False),
        ("at least 15", "15", False),
        ("15 or more", "15", False),
    ],
)
def test_what_surrounds_a_formula(answer, reference, expected):
    assert bool(certain(answer, reference)) is expected
