"""Derivatives of formulas, by the rules of the school."""

from __future__ import annotations

from filters.verifiers.math.trees import Tree, Unclear, minus, names, number

_ONE, _TWO = number(1), number(2)


def _over(one: Tree, two: Tree) -> Tree:
    return Tree("/", (one, two))


def _times(one: Tree, two: Tree) -> Tree:
    return Tree("*", (one, two))


def _of(name: str, part: Tree) -> Tree:
    return Tree(name, (part,))


def _square(part: Tree) -> Tree:
    return Tree("^", (part, _TWO))


def _root(part: Tree) -> Tree:
    return Tree("root", (part, _TWO))


_OUTER = {
    "sin": lambda u: _of("cos", u),
    "cos": lambda u: _times(number(-1), _of("sin", u)),
    "tan": lambda u: _over(_ONE, _square(_of("cos", u))),
    "arcsin": lambda u: _over(_ONE, _root(minus(_ONE, _square(u)))),
    "arccos": lambda u: _over(number(-1), _root(minus(_ONE, _square(u)))),
    "arctan": lambda u: _over(_ONE, Tree("+", (_ONE, _square(u)))),
    "ln": lambda u: _over(_ONE, u),
    "log?": lambda u: _over(_ONE, u),
    "exp": lambda u: _of("exp", u),
    "abs": lambda u: _over(u, _of("abs", u)),
}
"""Of functions of one thing, where a logarithm without a base is natural."""


def derivative(tree: Tree, letter: str) -> Tree:
    r"""How a formula changes with a letter.

    Raises:
        Unclear: it has a function or a power that is not known here.

    >>> from filters.verifiers.math.formulas import equal, tree
    >>> equal(derivative(tree("x^3 - 5x"), "x"), tree("3x^2 - 5"))
    True
    """
    if letter not in names(tree):
        return number(0)
    operation, parts = tree.operation, tree.parts
    if operation == "variable":
        return _ONE
    first = derivative(parts[0], letter)
    if operation in _OUTER:
        return _times(_OUTER[operation](parts[0]), first)
    if operation in ("^", "root"):
        return _power(tree, first, letter)
    second = derivative(parts[1], letter) if len(parts) == 2 else number(0)
    if operation == "+":
        return Tree("+", (first, second))
    if operation == "*":
        return Tree("+", (_times(first, parts[1]), _times(parts[0], second)))
    if operation == "/":
        above = minus(_times(first, parts[1]), _times(parts[0], second))
        return _over(above, _square(parts[1]))
    raise Unclear(f"the derivative of {operation}")


def _power(tree: Tree, inner: Tree, letter: str) -> Tree:
    base, exponent = tree.parts
    if letter not in names(exponent):
        exponent = _over(_ONE, exponent) if tree.operation == "root" else exponent
        return _times(_over(_times(exponent, tree), base), inner)
    if tree.operation == "^" and letter not in names(base):
        return _times(_times(tree, _of("ln", base)), derivative(exponent, letter))
    raise Unclear("a power with the letter in both")
