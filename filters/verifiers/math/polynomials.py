"""Polynomials with rational coefficients: what inequalities and equations are solved with."""

from __future__ import annotations

from typing import NamedTuple

from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from filters.verifiers.math.trees import Tree, Unclear, names
from filters.verifiers.math.values import value

POWER = 12
"""Largest power that is multiplied out."""
TERMS = 300
"""Terms of a polynomial; nothing longer is worked out."""


class Polynomial(NamedTuple):
    """A polynomial in several variables."""

    terms: dict[tuple[int, ...], fmpq]
    """Coefficients, by the powers of the variables in alphabetical order."""

    @classmethod
    def of(cls, tree: Tree) -> Polynomial:
        """The polynomial that a tree is.

        Raises:
            Unclear: it is none, or too large.

        >>> from filters.verifiers.math.syntax import parse
        >>> Polynomial.of(parse("(x+y)^2/2")).degree
        2
        """
        letters = sorted(names(tree))
        context = fmpq_mpoly_ctx.get([f"x{place}" for place in range(len(letters))])
        return cls(_expanded(tree, dict(zip(letters, context.gens(), strict=True)), context)
                   .to_dict())  # fmt: skip

    @property
    def degree(self) -> int:
        """The highest degree of its terms."""
        return max(map(sum, self.terms), default=0)

    @property
    def lone(self) -> bool:
        """Whether a variable occurs in one term only, alone: then an equation is solved for it."""
        return any(
            sum(powers) == 1 and sum(bool(other[powers.index(1)]) for other in self.terms) == 1
            for powers in self.terms
        )

    def coefficients(self, degree: int) -> list[fmpq]:
        """Coefficients of one variable, up to this degree; Unclear where there are others."""
        if self.degree > degree or any(len(powers) != 1 for powers in self.terms):
            raise Unclear("not one variable, or of higher degree")
        return [self.terms.get((power,), fmpq(0)) for power in range(degree + 1)]


def _expanded(tree: Tree, known: dict[str, fmpq_mpoly], context: fmpq_mpoly_ctx) -> fmpq_mpoly:
    if tree.operation == "variable":
        return known[tree.value]
    if not names(tree):
        return context.constant(_rational(tree))
    one, *others = tree.parts
    match tree.operation:
        case "+" | "*":
            a, b = (_expanded(part, known, context) for part in tree.parts)
            if len(a) * len(b) > TERMS * 4:
                raise Unclear("too many terms")
            return a + b if tree.operation == "+" else a * b
        case "/" if not names(others[0]) and _rational(others[0]):
            return _expanded(one, known, context) / _rational(others[0])
        case "^" if others[0].operation == "number":
            power = others[0].value
            base = _expanded(one, known, context)
            if power.q != 1 or not 0 < power <= POWER or len(base) > 4:
                raise Unclear("an unusual power")
            return base ** int(power)
    raise Unclear("no polynomial")


def _rational(tree: Tree) -> fmpq:
    exact = value(tree)
    if not isinstance(exact, fmpq):
        raise Unclear("a coefficient that is no fraction")
    return exact
