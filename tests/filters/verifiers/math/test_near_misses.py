"""One thing is not another one: classes of near misses, each beside what is the same after all."""

import pytest

from filters.verifiers.math import judge

CLASSES = {
    "what follows where, for some, for all": [
        (r"k\pi, where k is an integer", r"k\pi, k \in \mathbb{Z}", True),
        ("3k, where k is an integer", "3k, where k is an odd integer", False),
        ("g(x) = x for all real x", "g(x) = x", True),
        ("g(x) = x for all real x", "g(x) = x for all integers x", False),
        ("g(x) = x^3 for all x", "g(x) = x^3 for some x", False),
        ("g(x) = bx for some constant b", "g(x) = bx, where b is a constant", True),
        ("g(x) = bx for some b > 0", "g(x) = bx for some b < 0", False),
        ("m + 1 for m = 4", "m + 1 for m = 6", False),
        ("It depends on where the first one stood", "It depends on where the last one sat", False),
    ],
    "remarks in brackets": [
        ("9 (as shown)", "9", True),
        ("9 (wrong)", "9", False),
        ("n + 2 (n even), n (n odd)", "n + 2 (n even), n (n odd)", True),
        ("n + 2 (n even), n (n odd)", "n (n even), n + 2 (n odd)", False),
        ("O (log kN)", "O (log N)", False),
        ("O(log kN)", "O(N)", False),
    ],
    "what stands behind a number": [
        ("9 tall red tulips", "9", True),
        ("9 wrong", "9", False),
        ("9 days ago", "9", False),
        ("9 degrees below zero", "9", False),
        ("9th power", "9", False),
        ("9 inches wide", "9 feet wide", False),
        (r"\sqrt{11} \text{ million}", r"\sqrt{11}", False),
    ],
    "units of both sides": [
        (r"7\sqrt{2} \text{ J/mol}", r"7\sqrt{2}", True),
        ("7 kJ/mol", "7000 J/mol", True),
        ("7 kJ/mol", "7 J/mol", False),
        (r"7\sqrt{2} \text{ cm}", r"70\sqrt{2} \text{ mm}", True),
        (r"d = 7\sqrt{2} \text{ cm}", r"d = 70\sqrt{2} \text{ mm}", True),
        (r"7\sqrt{2} \text{ cm}", r"7\sqrt{2} \text{ mm}", False),
        ("7 m, 8 m", "7 m, 8 cm", False),
        ("7 to 8 m", "7 to 8 cm", False),
        ("between 7 and 8 cm", "between 7 and 8 m", False),
    ],
    "prices and degrees": [
        (r"\$4 per kg", r"\$4", True),
        (r"\$4 per kg", r"\$4 per lb", False),
        ("0 °K", "0 °C", False),
        (r"40^\circ", r"40^\prime", False),
        (r"40^{\circ}", r"40^{\prime}", False),
    ],
    "decimals behind a sign of approximation": [
        (r"\sqrt{7} \approx 2.646", r"\sqrt{7}", True),
        (r"\sqrt{7} \approx 2.646", r"\sqrt{7} \approx 2.65", True),
        (r"\sqrt{7} \approx 2.646", r"\sqrt{6} \approx 2.646", False),
        (r"\sqrt{7} \approx 3.646", r"\sqrt{7}", False),
        (r"\sqrt{7} \approx 2.646 \text{ m}", r"\sqrt{7} \approx 2.646 \text{ cm}", False),
        (r"\sqrt{7} \approx 2.646 \text{ m}", r"\sqrt{7} \text{ m}", True),
    ],
    "chains and computations": [
        ("p = q = 3", "p = q = 3", True),
        ("p = q = 3", "p = r = 3", False),
        ("p = 2q = 12", "p = 3q = 12", False),
        ("PQ = PR = 8", "PQ = QR = 8", False),
        ("8 + 30 = n", "n = 38", True),
        ("8 + 30 = n", r"8 \cdot 30 = n", False),
        ("8 + 30 = 38", "38", True),
        ("N = n", "n = n", False),
        (r"g(1) = g(4) = 0", r"g(1) = g(5) = 0", False),
        ("(p, q) = (1, h(1, 2))", "(p, q) = (1, h(2, 1))", False),
    ],
    "and, or": [
        ("x = 4 or x = 7", "4 and 7", True),
        ("4 or 7 seconds", "4 and 7 seconds", True),
        ("x > 4 and y > 7", "x > 4 or y > 7", False),
        ("4 carbon atoms and 1 neon atom", "4 carbon atoms or 1 neon atom", False),
        ("Ann and Ben", "Ann or Ben", False),
        ("x = 4 or y = 7", "x = 4 and y = 7", False),
        ("x = 4", "x = 4 or not", False),
    ],
    "letters, their indices and their case": [
        (r"\mathbf{w}_2", r"\mathbf{w}_{2}", True),
        (r"\mathbf{w}_2", r"\mathbf{w}_3", False),
        (r"\mathbf{w}_2", r"-\mathbf{w}_2", False),
        (r"\mathbf{w}_2", r"\mathbf{W}_2", False),
        ("t_{n} = 3n", "T_{n} = 3n", False),
        ("M = 3^{N}", "m = 3^{N}", False),
        ("the line a B", "the line A B", False),
        ("CcDd", "CCDD", False),
        ("Plan C: 40", "Plan D: 40", False),
        ("Part C: 40, Part D: 7", "Part D: 7, Part C: 40", True),
        ("Part C: 40, Part D: 7", "Part C: 7, Part D: 40", False),
        (r"(c, d)", r"(c, c)", False),
    ],
    "products with an order": [
        (r"\mathbf{p} \cdot \mathbf{q}", r"\mathbf{p} \times \mathbf{q}", False),
        (r"P \times Q", r"Q \times P", False),
        (r"4 \times 9", r"9 \cdot 4", True),
        (r"\nabla h", r"\nabla \cdot h", False),
        ("7 R 3", "3 R 7", False),
        (r"1:3:\sqrt{7}", r"1:\sqrt{7}:3", False),
    ],
    "prose that looks like a formula": [
        ("Converges To Zero", "Converges To One", False),
        ("点P在圆外", "点P在圆内", False),
        (r"向左平移 ${\pi \over 3}$ 个单位", r"向左平移 $\frac{\pi}{3}$ 个单位", True),
        (r"向左平移 $\frac{\pi}{3}$ 个单位", r"向右平移 $\frac{\pi}{3}$ 个单位", False),
        ("the number of degrees of freedom", "the number of radians of freedom", False),
        (r"\text{all odd numbers } n", r"\text{all odd } n", True),
        ("600,000 + 20 D", "600,-000 + 20 D", False),
        ("yes, for n = 4", "yes, for n = 5", False),
        ("Yes, because it is odd", "yes", True),
        ("J: 4 hr, S: 14 hr", "J: 4 hr", False),
    ],
    "brackets": [
        ("{3, 8}", r"\{3, 8\}", True),
        ("{3, 8}", "(3, 8)", False),
        (r"{\frac{3}{8}}", "3/8", True),
        ("[p = 3, q = 8]", "p = 3, q = 8", True),
        ("[p = 3]", "[p = 3)", False),
        (r"\emptyset", r"\{\emptyset\}", False),
        (r"\binom{30}{4}", r"\binom{30}{5}", False),
        (r"\frac{\binom{30}{4}}{2^{30}}", r"\frac{\binom{30}{5}}{2^{30}}", False),
        ("2.0/3", "2.3/0", False),
        ("17_{16}", "17_{-16}", False),
    ],
}


def test_a_base_is_in_the_key_or_nowhere():
    assert judge("9", "9 (base 11)").outcome == "correct"
    assert judge("9 (base 11)", "9").outcome == "incorrect"


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [pytest.param(*case, id=f"{name}-{case[0]}") for name in CLASSES for case in CLASSES[name]],
)
def test_a_near_miss_is_told_from_the_same_answer(answer, reference, same):
    wanted = "correct" if same else "incorrect"
    assert (judge(answer, reference).outcome, judge(reference, answer).outcome) == (wanted, wanted)
