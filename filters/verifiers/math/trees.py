"""Formulas as trees of operations."""

from __future__ import annotations

from typing import Any, NamedTuple

from flint import fmpq


class Tree(NamedTuple):
    """An operation and what it is done to."""

    operation: str
    """`number`, `variable`, `constant`, `+ - * / ^ root ! !! abs floor ceil binom`, a function."""
    parts: tuple[Tree, ...] = ()
    value: Any = ""
    """A number's value, an fmpq; a variable's or a constant's name."""


class Unclear(Exception):
    """A text that is no formula, or one that can be read in two ways."""


def names(tree: Tree) -> frozenset[str]:
    """The variables of a tree."""
    if tree.operation == "variable":
        return frozenset({str(tree.value)})
    return frozenset().union(*(names(part) for part in tree.parts))


def put(tree: Tree, name: str, value: Tree) -> Tree:
    """A tree with another tree where a variable was."""
    if tree.operation == "variable" and tree.value == name:
        return value
    return tree._replace(parts=tuple(put(part, name, value) for part in tree.parts))


def number(value: int | fmpq) -> Tree:
    """The tree of a number."""
    return Tree("number", value=fmpq(value))


def negative(tree: Tree) -> Tree:
    """The tree with the other sign; of a number, a number."""
    if tree.operation == "number":
        return tree._replace(value=-tree.value)
    return Tree("*", (number(-1), tree))


def minus(one: Tree, two: Tree) -> Tree:
    """The tree of a difference."""
    return Tree("+", (one, negative(two)))
