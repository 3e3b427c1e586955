"""Powers and roots in normal form."""

from __future__ import annotations

from fractions import Fraction

from filters.verifiers.math.sums import (
    ONE,
    UNIT,
    Arithmetic,
    Form,
    Monomial,
    Sum,
    constant,
    divisor,
    factors,
    generator,
    takes_roots,
    whole_power,
    written,
    written_term,
)
from filters.verifiers.math.trees import Unclear

POWER = 12
"""Largest power of a sum that is multiplied out."""


def to_power(forms: Arithmetic, base: Form, exponent: Form) -> Form:
    """A form to the power of another."""
    above, below = exponent
    if below != UNIT:
        raise Unclear("a quotient in the exponent")
    if set(above) <= {ONE}:
        return constant_power(forms, base, above.get(ONE, Fraction(0)))
    result = constant_power(forms, base, above.get(ONE, Fraction(0)))
    for term, factor in above.items():
        if term:
            result = forms.product(result, symbolic_power(forms, base, term, factor))
    return result


def symbolic_power(forms: Arithmetic, base: Form, term: Monomial, factor: Fraction) -> Form:
    """A base to a power that is no number: 2^{3n} is the generator 2^n to the third."""
    above, below = base
    if below == UNIT and set(above) == {ONE} and above[ONE] > 0:
        powers = factors(above[ONE])
    elif below == UNIT and above == {(("e", Fraction(1)),): Fraction(1)}:
        if len(term) == 1 and term[0][0].startswith("ln:") and term[0][1] == 1:
            inside = term[0][0][3:]
            if inside.isdigit():
                return constant_power(forms, constant(Fraction(int(inside))), factor)
            return constant_power(forms, generator(inside), factor)
        if dict(term).get("i") == 1:
            real = tuple(pair for pair in term if pair[0] != "i")
            angle: Form = ({real: factor}, UNIT)
            turned = forms.product(generator("i"), forms.function("sin", [angle]))
            return forms.plus(forms.function("cos", [angle]), turned)
        powers = {"e": 1}
    else:
        powers = {written(base): 1}
    pairs = ((f"x:{name}^{written_term(term)}", factor * n) for name, n in powers.items())
    return {tuple(sorted(pairs)): Fraction(1)}, UNIT


def constant_power(forms: Arithmetic, base: Form, exponent: Fraction) -> Form:
    """A form to a rational power."""
    if exponent < 0:
        return constant_power(forms, forms.inverse(base), -exponent)
    if exponent == int(exponent):
        power = int(exponent)
        if power == 0:
            return constant(Fraction(1))
        if len(base[0]) == 1 and base[1] == UNIT:
            return term_power(forms, base[0], power)
        if power > POWER:
            return generator(f"b:{written(base)}", Fraction(power))
        return forms.whole(base[0], power), forms.whole(base[1], power)
    return radical(forms, base, exponent)


def term_power(forms: Arithmetic, base: Sum, power: int) -> Form:
    """A sum of one term to a whole power."""
    ((term, factor),) = base.items()
    if not term:
        return constant(whole_power(factor, power))
    raised = tuple((name, exponent * power) for name, exponent in term)
    if power > 1000 and any(name.startswith("p:") for name, _ in raised):
        raise Unclear("a large power of a root")
    value = whole_power(factor, power)
    return {key: v * value for key, v in forms.joined(raised, ONE).items()}, UNIT


def root(forms: Arithmetic, base: Form, degree: Form) -> Form:
    """A root of a whole degree, of odd ones the real."""
    n = degree[0].get(ONE, Fraction(0))
    if set(degree[0]) != {ONE} or degree[1] != UNIT or n != int(n) or not 2 <= n <= 100:
        raise Unclear("an unusual root")
    negative = base[1] == UNIT and set(base[0]) == {ONE} and base[0][ONE] < 0
    if negative and n % 2:  # the real one, as schools have it
        real = radical(forms, ({ONE: -base[0][ONE]}, UNIT), 1 / n)
        return forms.product(constant(Fraction(-1)), real)
    return radical(forms, base, 1 / n)


def radical(forms: Arithmetic, base: Form, exponent: Fraction) -> Form:
    """A base to a broken power."""
    above, below = base
    if not above:
        return base
    if below != UNIT:
        if set(above) == {ONE} and above[ONE] > 0:
            inner = radical(forms, (below, UNIT), exponent)
            return forms.product(radical(forms, (above, UNIT), exponent), forms.inverse(inner))
        return generator(f"b:{written(base)}", exponent)
    content = divisor(above)
    if len(above) == 1:
        ((term, factor),) = above.items()
        if factor < 0:
            if exponent.denominator != 2:
                raise Unclear("a root of a negative number")
            inner = radical(forms, ({term: -factor}, UNIT), exponent)
            turns = term_power(forms, {(("i", Fraction(1)),): Fraction(1)}, exponent.numerator)
            return forms.product(turns, inner)
        if not term:
            return rational_radical(forms, factor, exponent)
        if takes_roots(term):
            raised = tuple((name, power * exponent) for name, power in term)
            outside = rational_radical(forms, factor, exponent)
            return forms.product((forms.joined(raised, ONE), UNIT), outside)
    primitive = {term: factor / content for term, factor in above.items()}
    name = f"r:{written((primitive, UNIT))}"
    forms.roots[name] = primitive
    inside: Form = (forms.joined(((name, exponent),), ONE), UNIT)
    return forms.product(inside, rational_radical(forms, content, exponent))


def rational_radical(forms: Arithmetic, value: Fraction, exponent: Fraction) -> Form:
    """A positive number to a broken power, by its primes."""
    if abs(exponent) > 1000:
        raise Unclear("a large power of a root")
    powers = ((f"p:{p}", n * exponent) for p, n in factors(value).items())
    return forms.joined(tuple(sorted(powers)), ONE), UNIT
