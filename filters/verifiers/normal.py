r"""Normal forms: formulas as quotients of sums over roots, pi, i, logarithms and variables.

Each rewriting is an identity, so that two formulas whose difference comes to nothing are equal. The
reverse is not promised: what does not come to nothing is only "not shown to be equal".
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce

from filters.verifiers.syntax import Tree, Unclear

TERMS = 300
"""Terms of a sum; nothing longer is worked out."""
BITS = 40_000
"""Bits of a number; nothing larger is worked out."""
POWER = 12
"""Largest power of a sum that is multiplied out."""
FACTORIAL = 1_000
TRIAL = 1_000
"""Largest prime that is divided out of a number under a root."""

Monomial = tuple[tuple[str, Fraction], ...]
"""Generators, sorted, with their exponents."""
Sum = dict[Monomial, Fraction]
Form = tuple[Sum, Sum]
"""A numerator and a denominator."""

ONE: Monomial = ()
_UNIT: Sum = {ONE: Fraction(1)}
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
        return not _plus(self.times(a[0], b[1]), self.times(b[0], a[1]), -1)

    def different(self, one: Tree, two: Tree) -> bool:
        """Whether two constants certainly differ: products of broken powers of primes, and of pi,
        depend on each other only if they are the same (Besicovitch, 1940; pi is transcendental).
        """
        a, b = self.form(one), self.form(two)
        gap = _plus(self.times(a[0], b[1]), self.times(b[0], a[1]), -1)
        generators = {(name, power) for term in gap for name, power in term}
        return bool(gap) and all(
            (name == "pi" and power == int(power))
            or (name.startswith("p:") and int(name[2:]) < TRIAL**2)
            for name, power in generators
        )

    def rational(self, tree: Tree) -> Fraction | None:
        """The rational number that a tree is, or None."""
        return _rational(self.form(tree))

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
                return _number(Fraction(tree.value))
            case "variable":
                if tree.value == "i" and self.imaginary:
                    return _generator("i")
                return _generator(f"v:{tree.value}")
            case "constant":
                if tree.value == "degree":
                    return {(("pi", Fraction(1)),): Fraction(1, 180)}, _UNIT
                return _generator(str(tree.value))
            case "+":
                return self.plus(self.form(parts[0]), self.form(parts[1]))
            case "*":
                return self.product(self.form(parts[0]), self.form(parts[1]))
            case "/":
                return self.product(self.form(parts[0]), self.inverse(self.form(parts[1])))
            case "^":
                return self.power(self.form(parts[0]), self.form(parts[1]))
            case "root":
                return self.root(self.form(parts[0]), self.form(parts[1]))
        return self.function(tree.operation, [self.form(part) for part in parts])

    def plus(self, a: Form, b: Form, sign: int = 1) -> Form:
        if a[1] == b[1]:
            return _plus(a[0], b[0], sign), a[1]
        above = _plus(self.times(a[0], b[1]), self.times(b[0], a[1]), sign)
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
                return above, _UNIT
            inverse = self.joined(tuple((name, -power) for name, power in term), ONE)
            return self.times({key: v / factor for key, v in inverse.items()}, above), _UNIT
        return above, below

    def times(self, a: Sum, b: Sum) -> Sum:
        if len(a) * len(b) > TERMS * 4:
            raise Unclear("too many terms")
        result: Sum = {}
        for one, factor in a.items():
            for two, other in b.items():
                if not one or not two:  # most terms are plain numbers
                    _add(result, one or two, factor * other)
                    continue
                for term, value in self.joined(one, two).items():
                    _add(result, term, value * factor * other)
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
                factor *= _whole_power(Fraction(int(name[2:])), whole)
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
        return reduce(self.times, [base] * power, _UNIT)

    def power(self, base: Form, exponent: Form) -> Form:
        above, below = exponent
        if below != _UNIT:
            raise Unclear("a quotient in the exponent")
        if set(above) <= {ONE}:
            return self.constant_power(base, above.get(ONE, Fraction(0)))
        result = self.constant_power(base, above.get(ONE, Fraction(0)))
        for term, factor in above.items():
            if term:
                result = self.product(result, self.symbolic_power(base, term, factor))
        return result

    def symbolic_power(self, base: Form, term: Monomial, factor: Fraction) -> Form:
        """A base to a power that is no number: 2^{3n} is the generator 2^n to the third."""
        above, below = base
        if below == _UNIT and set(above) == {ONE} and above[ONE] > 0:
            powers = _factors(above[ONE])
        elif below == _UNIT and above == {(("e", Fraction(1)),): Fraction(1)}:
            if len(term) == 1 and term[0][0].startswith("ln:") and term[0][1] == 1:
                inside = term[0][0][3:]
                if inside.isdigit():
                    return self.constant_power(_number(Fraction(int(inside))), factor)
                return self.constant_power(_generator(inside), factor)
            if dict(term).get("i") == 1:
                real = tuple(pair for pair in term if pair[0] != "i")
                angle: Form = ({real: factor}, _UNIT)
                turned = self.product(_generator("i"), self.sine(angle))
                return self.plus(self.cosine(angle), turned)
            powers = {"e": 1}
        else:
            powers = {_written(base): 1}
        pairs = ((f"x:{name}^{_written_term(term)}", factor * n) for name, n in powers.items())
        return {tuple(sorted(pairs)): Fraction(1)}, _UNIT

    def constant_power(self, base: Form, exponent: Fraction) -> Form:
        if exponent < 0:
            return self.constant_power(self.inverse(base), -exponent)
        if exponent == int(exponent):
            power = int(exponent)
            if power == 0:
                return _number(Fraction(1))
            if len(base[0]) == 1 and base[1] == _UNIT:
                return self.term_power(base[0], power)
            if power > POWER:
                return _generator(f"b:{_written(base)}", Fraction(power))
            return self.whole(base[0], power), self.whole(base[1], power)
        return self.radical(base, exponent)

    def term_power(self, base: Sum, power: int) -> Form:
        ((term, factor),) = base.items()
        if not term:
            return _number(_whole_power(factor, power))
        raised = tuple((name, exponent * power) for name, exponent in term)
        if power > 1000 and any(name.startswith("p:") for name, _ in raised):
            raise Unclear("a large power of a root")
        value = _whole_power(factor, power)
        return {key: v * value for key, v in self.joined(raised, ONE).items()}, _UNIT

    def root(self, base: Form, degree: Form) -> Form:
        n = degree[0].get(ONE, Fraction(0))
        if set(degree[0]) != {ONE} or degree[1] != _UNIT or n != int(n) or not 2 <= n <= 100:
            raise Unclear("an unusual root")
        negative = base[1] == _UNIT and set(base[0]) == {ONE} and base[0][ONE] < 0
        if negative and n % 2:  # the real one, as schools have it
            real = self.radical(({ONE: -base[0][ONE]}, _UNIT), 1 / n)
            return self.product(_number(Fraction(-1)), real)
        return self.radical(base, 1 / n)

    def radical(self, base: Form, exponent: Fraction) -> Form:
        """A base to a broken power."""
        above, below = base
        if not above:
            return base
        if below != _UNIT:
            if set(above) == {ONE} and above[ONE] > 0:
                inner = self.radical((below, _UNIT), exponent)
                return self.product(self.radical((above, _UNIT), exponent), self.inverse(inner))
            return _generator(f"b:{_written(base)}", exponent)
        content = _content(above)
        if len(above) == 1:
            ((term, factor),) = above.items()
            if factor < 0:
                if exponent.denominator != 2:
                    raise Unclear("a root of a negative number")
                inner = self.radical(({term: -factor}, _UNIT), exponent)
                turns = self.term_power({(("i", Fraction(1)),): Fraction(1)}, exponent.numerator)
                return self.product(turns, inner)
            if not term:
                return self.rational_radical(factor, exponent)
            if _takes_roots(term):
                raised = tuple((name, power * exponent) for name, power in term)
                outside = self.rational_radical(factor, exponent)
                return self.product((self.joined(raised, ONE), _UNIT), outside)
        primitive = {term: factor / content for term, factor in above.items()}
        name = f"r:{_written((primitive, _UNIT))}"
        self.roots[name] = primitive
        inside: Form = (self.joined(((name, exponent),), ONE), _UNIT)
        return self.product(inside, self.rational_radical(content, exponent))

    def rational_radical(self, value: Fraction, exponent: Fraction) -> Form:
        if abs(exponent) > 1000:
            raise Unclear("a large power of a root")
        powers = ((f"p:{p}", n * exponent) for p, n in _factors(value).items())
        return self.joined(tuple(sorted(powers)), ONE), _UNIT

    def function(self, name: str, args: list[Form]) -> Form:
        one = args[0]
        match name:
            case "ln":
                return self.logarithm(one)
            case "log":
                base = self.inverse(self.logarithm(args[1]))
                return self.product(self.logarithm(one), base)
            case "log?":
                return self.product(_generator("log"), self.logarithm(one))
            case "exp":
                return self.power(_generator("e"), one)
            case "sin":
                return self.sine(one)
            case "cos":
                return self.cosine(one)
            case "tan":
                return self.product(self.sine(one), self.inverse(self.cosine(one)))
            case "cot":
                return self.product(self.cosine(one), self.inverse(self.sine(one)))
            case "sec":
                return self.inverse(self.cosine(one))
            case "csc":
                return self.inverse(self.sine(one))
            case "!":
                return self.factorial(one)
            case "binom":
                return self.binomial(*args)
            case "abs":
                if (value := _rational(one)) is not None:
                    return _number(abs(value))
                return _generator(f"abs:{_written(_oriented(one)[1])}")
            case "floor" | "ceil":
                if (value := _rational(one)) is None:
                    raise Unclear("the part of what is no fraction")
                return _number(Fraction(math.floor(value) if name == "floor" else math.ceil(value)))
        if name == "arctan" and _rational(one) == 1:
            return {(("pi", Fraction(1)),): Fraction(1, 4)}, _UNIT
        if name.startswith("arc") and not one[0] and name != "arccos":
            return _number(Fraction(0))
        return _generator(f"f:{name}:" + "|".join(map(_written, args)))

    def logarithm(self, of: Form) -> Form:
        """Of a number, the logarithms of its primes; of e^x, x."""
        above, below = of
        if not above:
            raise Unclear("the logarithm of zero")
        if below != _UNIT:  # real logarithms, as in all answers
            return self.plus(self.logarithm((above, _UNIT)), self.logarithm((below, _UNIT)), -1)
        if len(above) > 1:
            return self.content_logarithm(above)
        ((term, factor),) = above.items()
        if factor < 0 or any(name == "i" or power % 2 == 0 for name, power in term):
            return _generator(f"ln of {_written(of)}")
        result: Sum = {}
        for prime, power in _factors(factor).items():
            _add(result, ((f"ln:{prime}", Fraction(1)),), Fraction(power))
        for name, power in term:
            if name.startswith("p:"):
                name = name[2:]
            _add(result, ONE if name == "e" else ((f"ln:{name}", Fraction(1)),), power)
        return result, _UNIT

    def content_logarithm(self, of: Sum) -> Form:
        """The logarithm of a sum, apart from the number that divides it."""
        content = _content(of)
        primitive = {term: factor / content for term, factor in of.items()}
        rest = _generator(f"ln of {_written((primitive, _UNIT))}")
        return rest if content == 1 else self.plus(self.logarithm(_number(content)), rest)

    def sine(self, angle: Form) -> Form:
        return self.cosine(self.plus(({(("pi", Fraction(1)),): _HALF}, _UNIT), angle, -1))

    def cosine(self, angle: Form) -> Form:
        """By the cosines and sines of the single terms of a sum."""
        above, below = angle
        if below != _UNIT:
            return self.wave("cos", angle)
        above = dict(above)
        turns = above.pop((("pi", Fraction(1)),), Fraction(0))
        result = self.turned(turns), self.turned(_HALF - turns)  # cosine and sine so far
        if len(above) > 3:
            raise Unclear("a long angle")
        for term, factor in above.items():
            cos, sin = self.single(term, factor)
            result = (
                self.plus(self.product(result[0], cos), self.product(result[1], sin), -1),
                self.plus(self.product(result[1], cos), self.product(result[0], sin)),
            )
        return result[0]

    def single(self, term: Monomial, factor: Fraction) -> tuple[Form, Form]:
        """Cosine and sine of one term, by those of the term over its denominator."""
        base: Form = ({term: Fraction(1, factor.denominator)}, _UNIT)
        times = abs(factor.numerator)
        if times > 8:
            base, times = ({term: abs(factor)}, _UNIT), 1
        cos, sin = self.wave("cos", base), self.wave("sin", base)
        c, s = cos, sin
        for _ in range(times - 1):
            c, s = (
                self.plus(self.product(c, cos), self.product(s, sin), -1),
                self.plus(self.product(s, cos), self.product(c, sin)),
            )
        return c, s if factor > 0 else self.product(_number(Fraction(-1)), s)

    def wave(self, name: str, angle: Form) -> Form:
        sign, angle = _oriented(angle)
        form = _generator(f"{name}:{_written(angle)}")
        return self.product(_number(Fraction(sign)), form) if name == "sin" else form

    def turned(self, turns: Fraction) -> Form:
        """The cosine of a multiple of pi."""
        turns %= 2
        turns = min(turns, 2 - turns)
        sign = 1
        if turns > _HALF:
            turns, sign = 1 - turns, -1
        if turns not in _COSINES:
            return {((f"turn:{turns}", Fraction(1)),): Fraction(sign)}, _UNIT
        plain, rooted = _COSINES[turns]
        result: Sum = {}
        _add(result, ONE, Fraction(plain) * sign)
        for part in rooted.split():
            factor, _, under = part.partition("*")
            root = self.rational_radical(Fraction(under), _HALF)[0]
            for term, value in root.items():
                _add(result, term, value * Fraction(factor) * sign)
        return result, _UNIT

    def factorial(self, of: Form) -> Form:
        value = _rational(of)
        if value is None:
            return _generator(f"!:{_written(of)}")
        if value != int(value) or not 0 <= value <= FACTORIAL:
            raise Unclear("an unusual factorial")
        return _number(Fraction(math.factorial(int(value))))

    def binomial(self, above: Form, below: Form) -> Form:
        n, k = _rational(above), _rational(below)
        if k is None or k != int(k) or not 0 <= k <= 1000 or (n is None and k > 6):
            return _generator(f"binom:{_written(above)}:{_written(below)}")
        if n is not None:
            if n != int(n) or not 0 <= n <= FACTORIAL:
                raise Unclear("an unusual binomial")
            return _number(Fraction(math.comb(int(n), int(k))))
        result = _number(Fraction(1))
        for step in range(int(k)):
            shifted = self.plus(above, _number(Fraction(-step)))
            result = self.product(result, self.product(shifted, _number(Fraction(1, step + 1))))
        return result


def _number(value: Fraction) -> Form:
    return ({ONE: value} if value else {}), _UNIT


def _generator(name: str, power: Fraction = Fraction(1)) -> Form:
    return {((name, power),): Fraction(1)}, _UNIT


def _rational(form: Form) -> Fraction | None:
    above, below = form
    if below != _UNIT or not set(above) <= {ONE}:
        return None
    return above.get(ONE, Fraction(0))


def _add(sum_: Sum, term: Monomial, value: Fraction) -> None:
    total = sum_.get(term, 0) + value
    if total:
        sum_[term] = Fraction(total)
    else:
        sum_.pop(term, None)


def _plus(a: Sum, b: Sum, sign: int = 1) -> Sum:
    result = dict(a)
    for term, value in b.items():
        _add(result, term, value * sign)
    return result


def _whole_power(value: Fraction, power: int) -> Fraction:
    size = max(value.numerator.bit_length(), value.denominator.bit_length())
    if size * abs(power) > BITS and abs(value) != 1:
        raise Unclear("a very large number")
    return value**power


def _factors(value: Fraction) -> dict[str, int]:
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


def _content(sum_: Sum) -> Fraction:
    """The largest positive number that divides all terms."""
    above = reduce(math.gcd, (value.numerator for value in sum_.values()))
    below = reduce(math.lcm, (value.denominator for value in sum_.values()))
    return Fraction(above, below)


def _takes_roots(term: Monomial) -> bool:
    """Whether the root of a term is the product of roots: all but one factor are positive."""
    free = [(n, p) for n, p in term if n not in ("pi", "e") and not n.startswith(("p:", "ln:"))]
    if any(name == "i" for name, _ in free) or len(free) > 1:
        return False
    return not free or (free[0][0].startswith("v:") and free[0][1] == int(free[0][1])
                        and int(free[0][1]) % 2 == 1)  # fmt: skip


def _oriented(form: Form) -> tuple[int, Form]:
    """A sign, and a form whose first term is positive."""
    above, below = form
    if above and above[min(above)] < 0:
        return -1, ({term: -value for term, value in above.items()}, below)
    return 1, form


def _written(form: Form) -> str:
    above, below = (_written_sum(part) for part in form)
    return above if form[1] == _UNIT else f"({above})/({below})"


def _written_sum(sum_: Sum) -> str:
    return "+".join(f"{value}{_written_term(term)}" for term, value in sorted(sum_.items()))


def _written_term(term: Monomial) -> str:
    return "".join(f"[{name}^{power}]" for name, power in term)
