"""Asserts taken apart: what the program is to compute, and the value that stays outside."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Set
from typing import Any, NamedTuple

from filters.verifiers.code.prelude import MODULES

TELLS = {
    "all", "any", "bool", "callable", "eval", "exec", "filter", "hasattr", "isclose", "isinstance",
    "issubclass", "allclose", "array_equal", "approx", ".index", ".count",
}  # fmt: skip
"""Functions that compare, or may; with a point those of values."""

LONG = re.compile(r"\d{4000,}")
"""Integers that Python's reader refuses in source text."""


class Wanted(NamedTuple):
    """What one assert asks for."""

    expression: str
    """What the program is to compute."""
    value: object
    """What must come of it."""
    tolerance: float
    function: str
    """The function of the program that it calls."""


def read(line: object, own: Set[str] = frozenset()) -> Wanted:
    """An assert as an expression and a value.

    Args:
        line: the assert.
        own: what the program is known to define, whatever Python has of that name.

    Raises:
        ValueError: it is no assert, or takes more than one value to compare.

    >>> read("assert add(1, 2) == 3")
    Wanted(expression='add(1, 2)', value=3, tolerance=0.0, function='add')
    >>> read("assert not odd(2)")[:2]
    ('bool(odd(2))', False)
    """
    call, value, tolerance = _sides(parsed(line, "").test)
    names = free_names(call, own)
    functions = [name for name in names if name not in modules_in(call)]
    if len(functions) != 1 or set(names) - set(functions) - set(MODULES):
        raise ValueError("it calls more than one function of the program's")
    return Wanted(ast.unparse(call), value, tolerance, functions[0])


def free_names(tree: ast.AST, own: Set[str] = frozenset()) -> list[str]:
    """The names that a program uses without defining them, in their order.

    Those of Python itself do not count, but for what the program is known to define (`own`).
    """
    bound, used = set(dir(builtins)) - own | {"__name__", "__file__"}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.append(node.id)
            else:
                bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module in ("solution", "program"):
            used += [alias.name for alias in node.names]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return list(dict.fromkeys(name for name in used if name not in bound))


def defined(text: str) -> set[str]:
    """What a program defines at its top: functions, classes and names; nothing where it is none.

    >>> sorted(defined("f = 1; b = 2"))
    ['b', 'f']
    """
    try:
        body = ast.parse(LONG.sub("1", text)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {name.id for name in node.targets if isinstance(name, ast.Name)}
    return found


def modules_in(tree: ast.AST) -> set[str]:
    """Names that are modules of Python's own: something of them is used, and they are not called.

    >>> modules_in(ast.parse("math.sqrt(copy(2))")), modules_in(ast.parse("copy.copy(f(2))"))
    ({'math'}, {'copy'})
    """
    nodes = list(ast.walk(tree))
    bases = {
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    called = {
        node.func.id
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return (bases - called) & sys.stdlib_module_names


def of_check(test: str, entry: str) -> list[str] | None:
    """The asserts of a `check(candidate)` that does nothing else, as calls of what it tests.

    >>> of_check("def check(candidate): assert candidate(1) == 2, 'no'", "f")
    ['assert f(1) == 2']
    """
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    others = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    if len(checks) != 1 or checks[0].name != "check" or len(checks[0].args.args) != 1:
        return None
    lines = [line for line in checks[0].body if not _says_nothing(line)]
    used = {node.id for node in ast.walk(checks[0]) if isinstance(node, ast.Name)}
    named = {node.id for top in others for node in ast.walk(top) if isinstance(node, ast.Name)}
    plain = all(isinstance(top, ast.Assign) for top in others) and not named & used
    if not plain or not all(isinstance(line, ast.Assert) for line in lines):
        return None
    renamed = _Renamed(checks[0].args.args[0].arg, entry)
    return [ast.unparse(renamed.visit(line)) for line in lines]


def _says_nothing(line: ast.stmt) -> bool:
    """A docstring, `pass`, or an assert of a constant."""
    if isinstance(line, ast.Assert | ast.Expr):
        return isinstance(line.test if isinstance(line, ast.Assert) else line.value, ast.Constant)
    return isinstance(line, ast.Pass)


class _Renamed(ast.NodeTransformer):
    """Calls of `candidate` as calls of the function that is asked for; without the messages."""

    def __init__(self, candidate: str, name: str):
        self.candidate, self.name = candidate, name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.name, node.ctx) if node.id == self.candidate else node

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        return ast.Assert(self.visit(node.test), None)


def parsed(line: object, where: str) -> ast.Assert:
    """An assert in Python.

    Raises:
        ValueError: it is none.
    """
    begin = f"{where}: " if where else ""
    if isinstance(line, str) and LONG.search(line):
        # Python reads no integer of so many digits, but in hexadecimal.
        line = LONG.sub(lambda found: hex(_long(found[0])), line)
    try:
        body = ast.parse(line).body  # pyrefly: ignore  (whatever is no text raises TypeError)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{begin}an assert in Python was expected") from None
    if len(body) != 1 or not isinstance(body[0], ast.Assert):
        raise ValueError(f"{begin}one assert was expected")
    return body[0]


def _long(digits: str) -> int:
    """An integer of any length; halves are read apart, so that long ones take no square time."""
    if len(digits) <= 4_000:
        return int(digits)
    low = len(digits) // 2
    return _long(digits[:-low]) * 10**low + _long(digits[-low:])


def _sides(test: ast.expr) -> tuple[ast.expr, object, float]:
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Is):
        for call, value in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
            if len(test.ops) == 1 and (known := _literal(value)) is not None:
                return _whole(call), known[0], 0.0
        raise ValueError("no side of == is a literal")
    if close := _closeness(test):
        return close
    wanted = True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, wanted = test.operand, False
    if not isinstance(test, ast.Call) or not isinstance(test.func, ast.Name):
        raise ValueError("only a value that is equal to a literal, or true, stays outside")
    return (
        ast.Call(func=ast.Name("bool", ast.Load()), args=[_whole(test)], keywords=[]),
        wanted,
        0.0,
    )


def _whole(call: ast.expr) -> ast.expr:
    """What is to be computed, if its value leaves the program before anything is compared with it.

    Raises:
        ValueError: inside, an object of the program's own would be equal to whatever it likes.
    """
    for node in ast.walk(call):
        if _names(node) & TELLS or isinstance(node, ast.Compare | ast.BoolOp | ast.IfExp | ast.Not):
            raise ValueError("it compares inside of what is computed")
    return call


def _names(node: ast.expr | ast.AST) -> set[str]:
    if isinstance(node, ast.Attribute):
        return {node.attr, f".{node.attr}"}
    return {node.id} if isinstance(node, ast.Name) else set()


def _closeness(test: ast.expr) -> tuple[ast.expr, object, float] | None:
    """`math.isclose(call, literal)` and `abs(call - literal) < literal`, or None."""
    if isinstance(test, ast.Call) and ast.unparse(test.func) in ("math.isclose", "isclose"):
        options = [_literal(option.value) for option in test.keywords]
        known = _literal(test.args[1]) if len(test.args) == 2 else None
        widest = [float(option[0]) for option in options if option] or [1e-9]
        return (_whole(test.args[0]), known[0], max(widest)) if known else None
    match test:
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(op=ast.Sub()) as gap]),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[ast.Constant(value=int() | float() as tolerance)],
        ) if known := _literal(gap.right):
            return _whole(gap.left), known[0], float(tolerance)
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
