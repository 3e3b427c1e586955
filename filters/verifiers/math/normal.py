r"""Normal forms: formulas as quotients of sums over roots, pi, i, logarithms and variables.

Each rewriting is an identity, so that two formulas whose difference comes to nothing are equal. The
reverse is not promised: what does not come to nothing is only "not shown to be equal".
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce

from filters.verifiers.math.powers import root, to_power
from filters.verifiers.math.sums import (
    ONE,
    TRIAL,
    UNIT,
    Form,
    Monomial,
    Sum,
    add,
    constant,
    divisor,
    factors,
    generator,
    oriented,
    plus,
    rational,
    whole_power,
    written,
)
from filters.verifiers.math.trees import Tree, Unclear
from filters.verifiers.math.trigonometry import cosine, sine

TERMS = 300
"""Terms of a sum; nothing longer is worked out."""
FACTORIAL = 1_000


class Forms:
    """Works out normal forms; what it has to leave as it is becomes a generator of its own."""

    def __init__(self, imaginary: bool = True):
        self.imaginary = imaginary
        self.roots: dict[str, Sum] = {}  # generators that are roots, and what they are roots of

    def equal(self, one: Tree, two: Tree) -> bool:
        """Whether two trees are certainly equal."""
        a, b = self.form(one), self.form(two)
        return self.same(a, b)

    def same(self, a: Form, b: Form) -> bool:
        return not plus(self.times(a[0], b[1]), self.times(b[0], a[1]), -1)

    def different(self, one: Tree, two: Tree) -> bool:
        """Whether two constants certainly differ: products of broken powers of primes, and of pi,
        depend on each other only if they are the same (Besicovitch, 1940; pi is transcendental).
        """
        a, b = self.form(one), self.form(two)
        gap = plus(self.times(a[0], b[1]), self.times(b[0], a[1]), -1)
        generators = {(name, power) for term in gap for name, power in term}
        return bool(gap) and all(
            (name == "pi" and power == int(power))
            or (name.startswith("p:") and int(name[2:]) < TRIAL**2)
            for name, power in generators
        )

    def rational(self, tree: Tree) -> Fraction | None:
        """The rational number that a tree is, or None."""
        return rational(self.form(tree))

    def form(self, tree: Tree) -> Form:
        """The normal form of a tree.

        Raises:
            Unclear: it is too large, or not defined.
        """
        parts = tree.parts
        if tree.operation in ("ln", "log", "log?") and parts[0].operation == "abs":
            parts = (parts[0].parts[0], *parts[1:])  # where both are defined they are the same
        match tree.operation:
            case "number":
                return constant(Fraction(tree.value))
            case "variable":
                if tree.value == "i" and self.imaginary:
                    return generator("i")
                return generator(f"v:{tree.value}")
            case "constant":
                if tree.value == "degree":
                    return {(("pi", Fraction(1)),): Fraction(1, 180)}, UNIT
                return generator(str(tree.value))
            case "+":
                return self.plus(self.form(parts[0]), self.form(parts[1]))
            case "*":
                return self.product(self.form(parts[0]), self.form(parts[1]))
            case "/":
                return self.product(self.form(parts[0]), self.inverse(self.form(parts[1])))
            case "^":
                return to_power(self, self.form(parts[0]), self.form(parts[1]))
            case "root":
                return root(self, self.form(parts[0]), self.form(parts[1]))
        return self.function(tree.operation, [self.form(part) for part in parts])

    def plus(self, a: Form, b: Form, sign: int = 1) -> Form:
        if a[1] == b[1]:
            return plus(a[0], b[0], sign), a[1]
        above = plus(self.times(a[0], b[1]), self.times(b[0], a[1]), sign)
        return self.simple(above, self.times(a[1], b[1]))

    def product(self, a: Form, b: Form) -> Form:
        return self.simple(self.times(a[0], b[0]), self.times(a[1], b[1]))

    def inverse(self, a: Form) -> Form:
        if not a[0]:
            raise Unclear("division by zero")
        return self.simple(a[1], a[0])

    def simple(self, above: Sum, below: Sum) -> Form:
        """A denominator of one term goes into the numerator."""
        if len(below) == 1:
            ((term, factor),) = below.items()
            if factor == 1 and not term:
                return above, UNIT
            inverse = self.joined(tuple((name, -power) for name, power in term), ONE)
            return self.times({key: v / factor for key, v in inverse.items()}, above), UNIT
        return above, below

    def times(self, a: Sum, b: Sum) -> Sum:
        if len(a) * len(b) > TERMS * 4:
            raise Unclear("too many terms")
        result: Sum = {}
        for one, factor in a.items():
            for two, other in b.items():
                if not one or not two:  # most terms are plain numbers
                    add(result, one or two, factor * other)
                    continue
                for term, value in self.joined(one, two).items():
                    add(result, term, value * factor * other)
        if len(result) > TERMS:
            raise Unclear("too many terms")
        return result

    def joined(self, one: Monomial, two: Monomial) -> Sum:
        """The product of two terms, with roots and powers of i worked out."""
        powers = dict(one)
        for name, power in two:
            powers[name] = powers.get(name, Fraction(0)) + power
        factor, expanded = Fraction(1), []
        for name in list(powers):
            power = powers[name]
            if name == "i":
                whole = int(power) % 4
                factor *= -1 if whole in (2, 3) else 1
                powers[name] = Fraction(whole % 2)
            elif name.startswith("p:") and not 0 <= power < 1:
                whole = math.floor(power)
                factor *= whole_power(Fraction(int(name[2:])), whole)
                powers[name] = power - whole
            elif name in self.roots and not 0 <= power < 1:
                whole = math.floor(power)
                if whole > 0:
                    powers[name] = power - whole
                    expanded.append(self.whole(self.roots[name], whole))
            elif name.startswith("sin:") and power >= 2 and power == int(power):
                cosine = {((f"cos:{name[4:]}", Fraction(2)),): Fraction(-1), ONE: Fraction(1)}
                powers[name] = power % 2
                expanded.append(self.whole(cosine, int(power) // 2))
        term = tuple(sorted((name, power) for name, power in powers.items() if power))
        result = {term: factor}
        for sum_ in expanded:
            result = self.times(result, sum_)
        return result

    def whole(self, base: Sum, power: int) -> Sum:
        return reduce(self.times, [base] * power, UNIT)

    def function(self, name: str, args: list[Form]) -> Form:
        one = args[0]
        match name:
            case "ln":
                return self.logarithm(one)
            case "log":
                base = self.inverse(self.logarithm(args[1]))
                return self.product(self.logarithm(one), base)
            case "log?":
                return self.product(generator("log"), self.logarithm(one))
            case "exp":
                return to_power(self, generator("e"), one)
            case "sin":
                return sine(self, one)
            case "cos":
                return cosine(self, one)
            case "tan":
                return self.product(sine(self, one), self.inverse(cosine(self, one)))
            case "cot":
                return self.product(cosine(self, one), self.inverse(sine(self, one)))
            case "sec":
                return self.inverse(cosine(self, one))
            case "csc":
                return self.inverse(sine(self, one))
            case "!":
                return self.factorial(one)
            case "binom":
                return self.binomial(*args)
            case "abs":
                if (value := rational(one)) is not None:
                    return constant(abs(value))
                return generator(f"abs:{written(oriented(one)[1])}")
            case "floor" | "ceil":
                if (value := rational(one)) is None:
                    raise Unclear("the part of what is no fraction")
                return constant(
                    Fraction(math.floor(value) if name == "floor" else math.ceil(value))
                )
        if name == "arctan" and rational(one) == 1:
            return {(("pi", Fraction(1)),): Fraction(1, 4)}, UNIT
        if name.startswith("arc") and not one[0] and name != "arccos":
            return constant(Fraction(0))
        return generator(f"f:{name}:" + "|".join(map(written, args)))

    def logarithm(self, of: Form) -> Form:
        """Of a number, the logarithms of its primes; of e^x, x."""
        above, below = of
        if not above:
            raise Unclear("the logarithm of zero")
        if below != UNIT:  # real logarithms, as in all answers
            return self.plus(self.logarithm((above, UNIT)), self.logarithm((below, UNIT)), -1)
        if len(above) > 1:
            return self.content_logarithm(above)
        ((term, factor),) = above.items()
        if factor < 0 or any(name == "i" or power % 2 == 0 for name, power in term):
            return generator(f"ln of {written(of)}")
        result: Sum = {}
        for prime, power in factors(factor).items():
            add(result, ((f"ln:{prime}", Fraction(1)),), Fraction(power))
        for name, power in term:
            if name.startswith("p:"):
                name = name[2:]
            add(result, ONE if name == "e" else ((f"ln:{name}", Fraction(1)),), power)
        return result, UNIT

    def content_logarithm(self, of: Sum) -> Form:
        """The logarithm of a sum, apart from the number that divides it."""
        content = divisor(of)
        primitive = {term: factor / content for term, factor in of.items()}
        rest = generator(f"ln of {written((primitive, UNIT))}")
        return rest if content == 1 else self.plus(self.logarithm(constant(content)), rest)

    def factorial(self, of: Form) -> Form:
        value = rational(of)
        if value is None:
            return generator(f"!:{written(of)}")
        if value != int(value) or not 0 <= value <= FACTORIAL:
            raise Unclear("an unusual factorial")
        return constant(Fraction(math.factorial(int(value))))

    def binomial(self, above: Form, below: Form) -> Form:
        n, k = rational(above), rational(below)
        if k is None or k != int(k) or not 0 <= k <= 1000 or (n is None and k > 6):
            return generator(f"binom:{written(above)}:{written(below)}")
        if n is not None:
            if n != int(n) or not 0 <= n <= FACTORIAL:
                raise Unclear("an unusual binomial")
            return constant(Fraction(math.comb(int(n), int(k))))
        result = constant(Fraction(1))
        for step in range(int(k)):
            shifted = self.plus(above, constant(Fraction(-step)))
            result = self.product(result, self.product(shifted, constant(Fraction(1, step + 1))))
        return result
