r"""Values of formulas in floating point, each with a bound on its error."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from filters.verifiers.math.trees import Tree, Unclear

_EPSILON = 2.0**-50
_INVERSE: dict[str, Callable[[float], float]] = {
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
}
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "cot": lambda z: 1 / cmath.tan(z),
    "sec": lambda z: 1 / cmath.cos(z),
    "csc": lambda z: 1 / cmath.sin(z),
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
}
LARGEST = 1e150
"""Values beyond this are not worked out."""


class Value(NamedTuple):
    """A complex number, and how far from it the true one may be."""

    value: complex
    error: float = 0.0

    def apart(self, other: Value) -> bool:
        """Whether two values certainly differ, with a wide margin for what errors leave out."""
        scale = max(abs(self.value), abs(other.value))
        return abs(self.value - other.value) > 100 * (self.error + other.error) + 1e-11 * scale


def estimate(tree: Tree, at: Mapping[str, float], natural: bool = True) -> Value:
    """The value of a tree where variables have these values.

    Args:
        tree: the formula.
        at: a value for each variable; where there are some, roots and logarithms must stay real.
        natural: whether a logarithm without a base is natural; otherwise it is of ten.

    Raises:
        Unclear: it has no value here, or one that is not known well enough.
    """
    try:
        result = _Estimates(at, natural).of(tree)
    except (ArithmeticError, ValueError) as error:
        raise Unclear(f"no value: {error}") from error
    if not abs(result.value) < LARGEST or not result.error < LARGEST:
        raise Unclear("no finite value")
    return result


class _Estimates:
    def __init__(self, at: Mapping[str, float], natural: bool):
        self.at = at
        self.natural = natural

    def of(self, tree: Tree) -> Value:
        match tree.operation:
            case "number":
                value = float(tree.value)
                return Value(value, abs(value) * _EPSILON)
            case "variable":
                if tree.value in self.at:
                    return Value(self.at[str(tree.value)])
                if tree.value == "i":
                    return Value(1j)
                raise Unclear(f"{tree.value} has no value")
            case "constant":
                known = {"pi": math.pi, "e": math.e, "degree": math.pi / 180}
                return Value(known[str(tree.value)], _EPSILON)
        parts = [self.of(part) for part in tree.parts]
        if not all(abs(part.value) < LARGEST for part in parts):
            raise Unclear("too large")
        result = self.apply(tree.operation, parts)
        return Value(result.value, result.error + _EPSILON * abs(result.value))

    def apply(self, operation: str, parts: list[Value]) -> Value:
        a = parts[0]
        b = parts[-1]
        match operation:
            case "+":
                scale = abs(a.value) + abs(b.value)
                return Value(a.value + b.value, a.error + b.error + _EPSILON * scale)
            case "*":
                error = abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error
                return Value(a.value * b.value, error)
            case "/":
                return self.quotient(a, b)
            case "^":
                return self.power(a, b)
            case "root":
                return self.root(a, b)
            case "abs":
                return Value(abs(a.value), a.error)
            case "!" | "binom":
                return self.counted(operation, [self.real(part) for part in parts], parts)
            case "floor" | "ceil":
                return self.whole(operation, a)
            case "log" | "log?" | "ln":
                return self.logarithm(operation, a, b)
        return self.function(operation, a)

    def quotient(self, a: Value, b: Value) -> Value:
        size = abs(b.value)
        if size <= 100 * b.error or size == 0:
            raise Unclear("division by what may be zero")
        value = a.value / b.value
        return Value(value, (a.error + abs(value) * b.error) / (size - b.error))

    def power(self, a: Value, b: Value) -> Value:
        whole = b.error <= 4 * _EPSILON * abs(b.value) and b.value == round(b.value.real)
        if whole and abs(b.value) < 10_000:
            n = round(b.value.real)
            if n and abs(a.value) and abs(n) * abs(math.log(abs(a.value))) > 300:
                raise Unclear("too large")
            value = a.value**n
            lost = abs(n) * (a.error / abs(a.value) + _EPSILON) if a.value else a.error
            if lost > 0.01:
                raise Unclear("too inexact")
            return Value(value, 2 * lost * abs(value))
        return self.exponential(a, b)

    def exponential(self, a: Value, b: Value) -> Value:
        if a.value.imag or not a.value.real > 100 * a.error:
            raise Unclear("a power of what may not be positive")
        logarithm = self.logarithm("ln", a, a)
        exponent = self.apply("*", [logarithm, b])
        return self.function("exp", exponent)

    def root(self, a: Value, b: Value) -> Value:
        n = round(b.value.real)
        size = abs(a.value)
        if size <= 100 * a.error:
            if size == 0:
                return Value(0)
            raise Unclear("a root of what may be zero")
        if self.at and (a.value.imag or a.value.real < 0):
            raise Unclear("a root that is not real")
        if a.value.real < 0 and not a.value.imag and n % 2:
            value: complex = -(size ** (1 / n))
        else:
            value = cmath.exp(cmath.log(a.value) / n) if a.value.imag else cmath_root(a, n)
        return Value(value, abs(value) * (a.error / size / n + 4 * _EPSILON))

    def logarithm(self, operation: str, a: Value, b: Value) -> Value:
        if a.value.imag or not a.value.real > 100 * a.error:
            raise Unclear("a logarithm of what may not be positive")
        x = a.value.real
        result = Value(math.log(x), a.error / (x - a.error) + 2 * _EPSILON)
        if operation == "log":
            return self.quotient(result, self.logarithm("ln", b, b))
        if operation == "log?" and not self.natural:
            return self.quotient(result, Value(math.log(10), _EPSILON))
        return result

    def function(self, operation: str, a: Value) -> Value:
        """A function of one argument, with its error by the slope."""
        if operation == "exp":  # it may be tiny, and its error is a part of it
            value = cmath.exp(a.value)
            return Value(value, abs(value) * (2 * a.error + 4 * _EPSILON))
        if operation in _INVERSE:
            x = self.real(a)
            if operation != "arctan" and abs(x) > 1 - 1e-9:
                raise Unclear("at the edge of a function")
            return Value(_INVERSE[operation](x), a.error * 1e6 + 4 * _EPSILON)
        if operation not in _FUNCTIONS:
            raise Unclear(f"the function {operation}")
        function, x, h = _FUNCTIONS[operation], a.value, 1e-6
        if abs(x) > 1e6:
            raise Unclear("a function of a large number")
        value = function(x)
        slope = abs(function(x + h) - function(x - h)) / (2 * h) + abs(value) * 1e-3 + 1e-3
        if abs(value) > 1e7 and operation in ("tan", "cot", "sec", "csc"):
            raise Unclear("near a pole")
        return Value(value, 4 * slope * a.error + 4 * _EPSILON * (abs(value) + abs(x) * slope))

    def counted(self, operation: str, sizes: list[float], parts: list[Value]) -> Value:
        if any(size < 0 or size > 100 for size in sizes) or (
            operation == "binom" and sizes[1] > sizes[0]
        ):
            raise Unclear("an unusual factorial")
        gammas = [math.lgamma(size + 1) for size in sizes]
        if operation == "binom":
            gammas = [gammas[0], -gammas[1], -math.lgamma(sizes[0] - sizes[1] + 1)]
        value = math.exp(sum(gammas))
        error = sum(part.error for part in parts) * 10 + 1e-12 + sum(map(abs, gammas)) * 1e-13
        return Value(value, value * error)

    def whole(self, operation: str, a: Value) -> Value:
        x = self.real(a)
        whole = all(value == round(value) for value in self.at.values())
        near = abs(x - round(x)) <= 100 * a.error
        if not whole or (near and not self.at and a.error > abs(x) * _EPSILON):
            raise Unclear("a step")
        x = float(round(x)) if near else x  # of whole numbers, fractions come no nearer
        return Value(float(math.floor(x) if operation == "floor" else math.ceil(x)))

    def real(self, a: Value) -> float:
        if abs(a.value.imag) > a.error:
            raise Unclear("not real")
        return a.value.real


def cmath_root(a: Value, n: int) -> complex:
    """The principal root of a real number."""
    size = abs(a.value) ** (1 / n)
    return size if a.value.real > 0 else size * cmath.exp(1j * math.pi / n)
