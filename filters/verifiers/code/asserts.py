"""Asserts taken apart: what the program is to compute, and the value that stays outside."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple


class Wanted(NamedTuple):
    """What one assert asks for."""

    expression: str
    """What the program is to compute."""
    value: object
    """What must come of it."""
    tolerance: float


def read(line: object) -> Wanted:
    """An assert as an expression and a value.

    Raises:
        ValueError: it is no assert, or would have to be judged inside the sandbox.

    >>> read("assert add(1, 2) == 3"), read("assert not odd(2)")[:2]
    (Wanted(expression='add(1, 2)', value=3, tolerance=0.0), ('bool(odd(2))', False))
    """
    try:
        body = ast.parse(line).body  # pyrefly: ignore  (whatever is no text raises TypeError)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise ValueError("an assert in Python was expected") from None
    if len(body) != 1 or not isinstance(body[0], ast.Assert):
        raise ValueError("one assert was expected")
    call, value, tolerance = _sides(body[0].test)
    return Wanted(ast.unparse(call), value, tolerance)


def _sides(test: ast.expr) -> tuple[ast.expr, object, float]:
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Is):
        for call, value in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
            if len(test.ops) == 1 and (known := _literal(value)) is not None:
                return call, known[0], 0.0
        raise ValueError("one side of == must be a literal, as no key enters the sandbox")
    if close := _closeness(test):
        return close
    if isinstance(test, ast.Compare):
        raise ValueError("only == and `is` can be compared outside the sandbox")
    wanted = True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, wanted = test.operand, False
    return ast.Call(func=ast.Name(id="bool"), args=[test], keywords=[]), wanted, 0.0


def _closeness(test: ast.expr) -> tuple[ast.expr, object, float] | None:
    """`math.isclose(call, literal)` and `abs(call - literal) < literal`, or None."""
    if isinstance(test, ast.Call) and ast.unparse(test.func) in ("math.isclose", "isclose"):
        options = [_literal(option.value) for option in test.keywords]
        known = _literal(test.args[1]) if len(test.args) == 2 else None
        widest = [float(option[0]) for option in options if option] or [1e-9]
        return (test.args[0], known[0], max(widest)) if known else None
    match test:
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(op=ast.Sub()) as gap]),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[ast.Constant(value=int() | float() as tolerance)],
        ) if known := _literal(gap.right):
            return gap.left, known[0], float(tolerance)
    return None


def _literal(node: ast.expr) -> tuple[Any] | None:
    """The value of a literal, in a tuple since it may be None; None where it is no literal."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("set", "tuple", "frozenset"):
        inner = _literal(node.args[0]) if len(node.args) == 1 else ((),)
        kind = {"set": set, "tuple": tuple, "frozenset": frozenset}[ast.unparse(node.func)]
        return inner and (kind(inner[0]),)
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, RecursionError):
        return None
