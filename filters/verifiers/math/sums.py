"""Sums of products of powers, and quotients of them: what normal forms are made of."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import Protocol

from filters.verifiers.math.trees import Unclear

BITS = 40_000
"""Bits of a number; nothing larger is worked out."""
TRIAL = 1_000
"""Largest prime that is divided out of a number under a root."""

Monomial = tuple[tuple[str, Fraction], ...]
"""Generators, sorted, with their exponents."""
Sum = dict[Monomial, Fraction]
Form = tuple[Sum, Sum]
"""A numerator and a denominator."""


class Arithmetic(Protocol):
    """What powers and trigonometry ask of the normal forms that call them."""

    roots: dict[str, Sum]

    def plus(self, a: Form, b: Form, sign: int = 1) -> Form: ...

    def product(self, a: Form, b: Form) -> Form: ...

    def inverse(self, a: Form) -> Form: ...

    def joined(self, one: Monomial, two: Monomial) -> Sum: ...

    def whole(self, base: Sum, power: int) -> Sum: ...

    def function(self, name: str, args: list[Form]) -> Form: ...


ONE: Monomial = ()
UNIT: Sum = {ONE: Fraction(1)}


def constant(value: Fraction) -> Form:
    """The form of a rational number."""
    return ({ONE: value} if value else {}), UNIT


def generator(name: str, power: Fraction = Fraction(1)) -> Form:
    """The form of a name to a power."""
    return {((name, power),): Fraction(1)}, UNIT


def rational(form: Form) -> Fraction | None:
    """The rational number that a form is, or None."""
    above, below = form
    if below != UNIT or not set(above) <= {ONE}:
        return None
    return above.get(ONE, Fraction(0))


def add(sum_: Sum, term: Monomial, value: Fraction) -> None:
    """Adds a multiple of a term to a sum, in place."""
    total = sum_.get(term, 0) + value
    if total:
        sum_[term] = Fraction(total)
    else:
        sum_.pop(term, None)


def plus(a: Sum, b: Sum, sign: int = 1) -> Sum:
    """The sum of two sums, or with sign -1 their difference."""
    result = dict(a)
    for term, value in b.items():
        add(result, term, value * sign)
    return result


def whole_power(value: Fraction, power: int) -> Fraction:
    """A number to a whole power; Unclear where it would be very large."""
    size = max(value.numerator.bit_length(), value.denominator.bit_length())
    if size * abs(power) > BITS and abs(value) != 1:
        raise Unclear("a very large number")
    return value**power


def factors(value: Fraction) -> dict[str, int]:
    """The primes of a positive number with their powers; what is too large stays whole."""
    powers: dict[str, int] = {}
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        if number.bit_length() > 2_000:
            raise Unclear("a very large number under a root")
        prime = 2
        while prime <= TRIAL and prime * prime <= number:
            while number % prime == 0:
                powers[str(prime)] = powers.get(str(prime), 0) + sign
                number //= prime
            prime += 1 if prime == 2 else 2
        root = math.isqrt(number)
        if number > 1 and root * root == number:
            powers[str(root)] = powers.get(str(root), 0) + 2 * sign
        elif number > 1:
            powers[str(number)] = powers.get(str(number), 0) + sign
    return powers


def divisor(sum_: Sum) -> Fraction:
    """The largest positive number that divides all terms."""
    above = reduce(math.gcd, (value.numerator for value in sum_.values()))
    below = reduce(math.lcm, (value.denominator for value in sum_.values()))
    return Fraction(above, below)


def takes_roots(term: Monomial) -> bool:
    """Whether the root of a term is the product of roots: all but one factor are positive."""
    free = [(n, p) for n, p in term if n not in ("pi", "e") and not n.startswith(("p:", "ln:"))]
    if any(name == "i" for name, _ in free) or len(free) > 1:
        return False
    return not free or (free[0][0].startswith("v:") and free[0][1] == int(free[0][1])
                        and int(free[0][1]) % 2 == 1)  # fmt: skip


def oriented(form: Form) -> tuple[int, Form]:
    """A sign, and a form whose first term is positive."""
    above, below = form
    if above and above[min(above)] < 0:
        return -1, ({term: -value for term, value in above.items()}, below)
    return 1, form


def written(form: Form) -> str:
    """A name for a form, the same for equal ones."""
    above, below = (written_sum(part) for part in form)
    return above if form[1] == UNIT else f"({above})/({below})"


def written_sum(sum_: Sum) -> str:
    """A name for a sum."""
    return "+".join(f"{value}{written_term(term)}" for term, value in sorted(sum_.items()))


def written_term(term: Monomial) -> str:
    """A name for a term."""
    return "".join(f"[{name}^{power}]" for name, power in term)
