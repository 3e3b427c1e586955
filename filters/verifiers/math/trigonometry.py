"""Sines and cosines in normal form: by those of single terms, and of parts of pi."""

from __future__ import annotations

from fractions import Fraction

from filters.verifiers.math.powers import rational_radical
from filters.verifiers.math.sums import (
    ONE,
    UNIT,
    Arithmetic,
    Form,
    Monomial,
    Sum,
    add,
    constant,
    generator,
    oriented,
    written,
)
from filters.verifiers.math.trees import Unclear

_HALF = Fraction(1, 2)
_COSINES = {  # of multiples of pi, up to a half, but for thirds of right angles' halves
    Fraction(0): ("1", ""),
    Fraction(1, 6): ("0", "1/2*3"),
    Fraction(1, 4): ("0", "1/2*2"),
    Fraction(1, 3): ("1/2", ""),
    Fraction(1, 2): ("0", ""),
    Fraction(1, 5): ("1/4", "1/4*5"),
    Fraction(2, 5): ("-1/4", "1/4*5"),
    Fraction(1, 12): ("0", "1/4*6 1/4*2"),
    Fraction(5, 12): ("0", "1/4*6 -1/4*2"),
}


def sine(forms: Arithmetic, angle: Form) -> Form:
    """The sine of an angle."""
    return cosine(forms, forms.plus(({(("pi", Fraction(1)),): _HALF}, UNIT), angle, -1))


def cosine(forms: Arithmetic, angle: Form) -> Form:
    """By the cosines and sines of the single terms of a sum."""
    above, below = angle
    if below != UNIT:
        return wave(forms, "cos", angle)
    above = dict(above)
    turns = above.pop((("pi", Fraction(1)),), Fraction(0))
    result = turned(forms, turns), turned(forms, _HALF - turns)  # cosine and sine so far
    if len(above) > 3:
        raise Unclear("a long angle")
    for term, factor in above.items():
        cos, sin = single(forms, term, factor)
        result = (
            forms.plus(forms.product(result[0], cos), forms.product(result[1], sin), -1),
            forms.plus(forms.product(result[1], cos), forms.product(result[0], sin)),
        )
    return result[0]


def single(forms: Arithmetic, term: Monomial, factor: Fraction) -> tuple[Form, Form]:
    """Cosine and sine of one term, by those of the term over its denominator."""
    base: Form = ({term: Fraction(1, factor.denominator)}, UNIT)
    times = abs(factor.numerator)
    if times > 8:
        base, times = ({term: abs(factor)}, UNIT), 1
    cos, sin = wave(forms, "cos", base), wave(forms, "sin", base)
    c, s = cos, sin
    for _ in range(times - 1):
        c, s = (
            forms.plus(forms.product(c, cos), forms.product(s, sin), -1),
            forms.plus(forms.product(s, cos), forms.product(c, sin)),
        )
    return c, s if factor > 0 else forms.product(constant(Fraction(-1)), s)


def wave(forms: Arithmetic, name: str, angle: Form) -> Form:
    """What no identity takes apart, with the sign outside of it."""
    sign, angle = oriented(angle)
    form = generator(f"{name}:{written(angle)}")
    return forms.product(constant(Fraction(sign)), form) if name == "sin" else form


def turned(forms: Arithmetic, turns: Fraction) -> Form:
    """The cosine of a multiple of pi."""
    turns %= 2
    turns = min(turns, 2 - turns)
    sign = 1
    if turns > _HALF:
        turns, sign = 1 - turns, -1
    if turns not in _COSINES:
        return {((f"turn:{turns}", Fraction(1)),): Fraction(sign)}, UNIT
    plain, rooted = _COSINES[turns]
    result: Sum = {}
    add(result, ONE, Fraction(plain) * sign)
    for part in rooted.split():
        factor, _, under = part.partition("*")
        root = rational_radical(forms, Fraction(under), _HALF)[0]
        for term, value in root.items():
            add(result, term, value * Fraction(factor) * sign)
    return result, UNIT
