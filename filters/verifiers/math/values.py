r"""Values of formulas: fractions while they are exact, and from there balls with proved bounds.

A ball holds the true value for certain (Arb): two that do not meet are two values. Two that meet
in all their digits are taken for one. The digits grow with the largest and smallest parts of a
formula, so that 1 - e^{-800} is not 1; nothing as short as an answer is nearer by chance.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from operator import add, mul, truediv
from typing import Any

from flint import acb, arb, ctx, fmpq

from filters.verifiers.math.trees import Tree, Unclear

PRECISION = 320
"""Bits of a ball, unless parts of a formula are tiny or huge."""
MOST = 20_000
"""Bits of a ball at most."""
EXACT = 60_000
"""Bits of a fraction; a longer one becomes a ball."""
ROOT = 1_000
"""Highest degree of a root."""
EFFORT = 20_000
"""Steps that one value may take. A step is an operation on 320 bits, one to three microseconds."""
TOGETHER = 60_000
"""Steps that all values of one verdict may take."""

Value = Any
"""fmpq, arb or acb: they mix in arithmetic, which their stubs do not say."""

_COUNTS = frozenset("ijklmnN")
"""Variables of formulas with steps that stand for whole numbers only."""
_ARCS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_CONSTANTS = {"pi": arb.pi, "e": arb.const_e, "degree": lambda: arb.pi() / 180}
_ARITHMETIC = {"+": add, "*": mul, "/": truediv}
_E = Tree("constant", value="e")


class _Meter(threading.local):
    left = float("inf")


_meter = _Meter()


@contextmanager
def bounded(steps: float = TOGETHER) -> Iterator[None]:
    """Bounds what all values inside take together: an event loop may be waiting."""
    before, _meter.left = _meter.left, min(steps, _meter.left)
    try:
        yield
    finally:
        _meter.left = before


def spend(steps: float) -> None:
    """Counts steps; Unclear where there are none left."""
    _meter.left -= steps
    if _meter.left < 0:
        raise Unclear("too much work")


def value(tree: Tree, at: Mapping[str, fmpq] | None = None, natural: bool = True) -> Value:
    """The value of a formula where variables have these values.

    Args:
        tree: the formula.
        at: a value for each variable; where there are some, roots and logarithms must stay real.
        natural: whether a logarithm without a base is natural; otherwise it is of ten.

    Raises:
        Unclear: it has no value here, or none that can be worked out in reasonable time.
    """
    return _Work(at or {}, natural, PRECISION).finite(tree)


def different(
    one: Tree, two: Tree, at: Mapping[str, fmpq] | None = None, natural: bool = True
) -> bool:
    """Whether two formulas have different values here; Unclear as `value`, and where bits end.

    >>> from filters.verifiers.math.syntax import parse
    >>> different(parse(r"\\sqrt{8}"), parse(r"2\\sqrt{2}"))
    False
    >>> different(parse("1-e^{-800}"), parse("1"))
    True
    """
    bits = PRECISION
    while True:
        work = _Work(at or {}, natural, bits)
        a, b = work.finite(one), work.finite(two)
        if isinstance(a, fmpq) and isinstance(b, fmpq):
            return a != b
        if a - b != 0:
            return True
        wanted = PRECISION + 2 * work.size
        if wanted <= bits:
            return apart(a, b, bits // 2)
        if wanted > MOST:
            raise Unclear("parts too large or too small")
        bits = wanted


def apart(one: Value, two: Value, bits: int = PRECISION // 2) -> bool:
    """Whether two values are different; Unclear where they are known to fewer bits than these.

    >>> apart(fmpq(1, 3), arb(1) / 3, 40), apart(arb(2), fmpq(3))
    (False, True)
    """
    gap = one - two
    if gap != 0:
        return True
    if not abs(gap) < (1 + abs(two)) * arb(2) ** -bits:
        raise Unclear("not known well enough")
    return False


def bounds(tree: Tree) -> tuple[Fraction, Fraction]:
    """A real constant and how far from it the true value may be; Unclear where it has none."""
    found = value(tree)
    if isinstance(found, acb) or _size(found) > EXACT:
        raise Unclear("not real, too large or too small")
    parts = (found, fmpq(0)) if isinstance(found, fmpq) else (found.mid().fmpq(), _reach(found))
    middle, reach = (Fraction(int(part.p), int(part.q)) for part in parts)
    return middle, reach


class _Work:
    """Works out trees at one point, and notes what it takes."""

    def __init__(self, at: Mapping[str, fmpq], natural: bool, bits: int):
        self.at = at
        self.natural = natural
        self.bits = bits
        self.size = 0
        """Powers of two by which the parts differ from 1 at most."""
        self.left = float(EFFORT)

    def finite(self, tree: Tree) -> Value:
        """The value of a tree."""
        ctx.prec = self.bits
        try:
            found = self.of(tree)
        except (ArithmeticError, ValueError) as error:
            raise Unclear(f"no value: {error}") from error
        if not isinstance(found, fmpq) and not found.is_finite():
            raise Unclear("no value here")
        return found

    def of(self, tree: Tree) -> Value:
        match tree.operation:
            case "number":
                return tree.value
            case "variable":
                return self.variable(tree.value)
            case "constant":
                return _CONSTANTS[tree.value]()
        self.spend(1)
        parts = [self.of(part) for part in tree.parts]
        match tree.operation:
            case "+" | "*" | "/":
                return self.kept(_ARITHMETIC[tree.operation](*parts))
            case "^" if tree.parts[0] == _E:
                return self.function("exp", parts[1])
            case "^":
                return self.power(*parts)
            case "root":
                return self.root(*parts)
            case "abs":
                return abs(parts[0])
            case "floor" | "ceil":
                return self.whole(tree.operation, parts[0])
            case "!" | "!!" | "binom":
                return self.counted(tree.operation, *parts)
            case "ln" | "log" | "log?":
                return self.logarithm(tree.operation, *parts)
        return self.function(tree.operation, *parts)

    def spend(self, steps: float) -> None:
        steps *= (self.bits / PRECISION) ** 1.6
        self.left -= steps
        if self.left < 0:
            raise Unclear("too much work")
        spend(steps)

    def note(self, size: float) -> None:
        """Notes that a part is about two to this power, or its inverse."""
        if not size < 1e12:
            raise Unclear("a part without size")
        self.size = max(self.size, int(size) + 1)

    def kept(self, found: Value) -> Value:
        """A fraction stays one while it is not too long."""
        if isinstance(found, fmpq) and (bits := found.height_bits()) > PRECISION // 2:
            self.note(bits)
            return arb(found) if bits > EXACT else found
        return found

    def variable(self, name: str) -> Value:
        if name in self.at:
            return self.at[name]
        if name == "i":
            return acb(0, 1)
        raise Unclear(f"{name} has no value")

    def power(self, base: Value, exponent: Value) -> Value:
        if not isinstance(exponent, fmpq) or exponent.q > ROOT:
            return self.function("exp", exponent * self.logarithm("ln", base))
        if exponent.q != 1:
            if not _positive(base):
                raise Unclear("a broken power of what may not be positive")
            base, exponent = self.root(base, fmpq(exponent.q)), fmpq(exponent.p)
        n = int(exponent)
        if base == 0 and n <= 0:
            raise Unclear("a power of zero")
        if isinstance(base, fmpq) and abs(base) == 1:
            return base ** (n % 2)
        self.note(abs(n) * _size(base))
        short = not isinstance(base, fmpq) or abs(n) * base.height_bits() <= EXACT
        return (base if short else arb(base)) ** n

    def root(self, base: Value, degree: Value) -> Value:
        """A root of a whole degree, of odd ones the real, as schools have it."""
        if not isinstance(degree, fmpq) or degree.q != 1 or not 2 <= degree <= ROOT:
            raise Unclear("an unusual root")
        n = int(degree)
        if not isinstance(base, acb) and base < 0 and n % 2:
            return -self.root(-base, degree)
        if isinstance(base, acb) or base < 0:
            if self.at:
                raise Unclear("a root that is not real")
            return acb(base).root(n)
        if isinstance(base, fmpq):
            roots = base.p.root(n), base.q.root(n)
            if [root**n for root in roots] == [base.p, base.q]:
                return fmpq(*roots)
        return arb(base).root(n)

    def logarithm(self, operation: str, of: Value, base: Value | None = None) -> Value:
        if not _positive(of):
            raise Unclear("a logarithm of what may not be positive")
        self.spend(1)
        result = arb(of).log()
        if operation == "log?" and not self.natural:
            base = fmpq(10)
        return result if base is None else result / self.logarithm("ln", base)

    def function(self, name: str, of: Value) -> Value:
        self.spend(2)
        if name in ("exp", "sinh", "cosh", "tanh"):
            self.note(3 * float(abs(of + arb(0)).upper()))
        if name.startswith("call "):  # a function nobody knows: some value for each argument
            return (arb(of) * arb(2).sqrt() + sum(map(ord, name))).sin()
        if isinstance(of, acb) and name in _ARCS:
            raise Unclear(f"{name} of a complex number")
        kind = acb if isinstance(of, acb) else arb
        return getattr(kind, _ARCS.get(name, name))(kind(of))

    def whole(self, operation: str, of: Value) -> Value:
        if isinstance(of, acb) or any(
            each.q != 1 and name in _COUNTS for name, each in self.at.items()
        ):
            raise Unclear("a step")
        found = of if isinstance(of, fmpq) else _unique(of, operation)
        return fmpq(found.floor() if operation == "floor" else found.ceil())

    def counted(self, operation: str, of: Value, among: Value | None = None) -> Value:
        """Factorials, and binomials of two numbers; whole ones only."""
        parts = [part for part in (of, among) if part is not None]
        if not all(isinstance(part, fmpq) and part.q == 1 and 0 <= part <= 10**8 for part in parts):
            raise Unclear("an unusual factorial")
        n, *k = map(int, parts)
        size = min(k[0], n - k[0]) * _size(of) if k else n * 6
        if not 0 <= size <= EXACT:
            raise Unclear("a large factorial")
        self.spend(size / 300)
        if k:
            return self.kept(fmpq(math.comb(n, k[0])))
        return self.kept(fmpq(math.prod(range(n, 1, -len(operation)))))


def _positive(of: Value) -> bool:
    return not isinstance(of, acb) and of > 0


def _unique(of: arb, operation: str) -> fmpq:
    """The whole number below or above a ball; Unclear where that depends on where it is."""
    found = (of.floor() if operation == "floor" else of.ceil()).unique_fmpz()
    if found is None:
        raise Unclear("a step")
    return fmpq(found)


def _reach(of: arb) -> fmpq:
    """How far from the middle of a ball its value may be."""
    return max(of.rad(), arb(2) ** -EXACT).mid().fmpq() if not of.is_exact() else fmpq(0)


def _size(of: Value) -> float:
    """The power of two, up or down, that a value is about."""
    size = abs(of + arb(0))
    return abs(float(size.log())) * 1.45 if size > 0 else 0.0
