"""Tests of programs, as datasets write them, in the shapes that the verifier `code` takes."""

from __future__ import annotations

import ast
import base64
import json
import pickletools
import zlib
from typing import Any

from factory.prompts.rows import BadRow, literal, short

MOST_TESTS = 2**20
"""Bytes of packed tests that a prompt takes along; some problems have hundreds of megabytes."""
MOST_PACKED = 2**28
"""Bytes that packed tests may grow to; a text made to fill the memory is larger."""
A_TEXT = {
    "PROTO", "FRAME", "STOP", "MEMOIZE", "BINPUT", "LONG_BINPUT",
    "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
}  # fmt: skip
"""Everything that the pickle of a text is made of; none of it calls anything."""


def asserts(found: dict[str, Any]) -> dict[str, Any] | None:
    """A column with a list of asserts; behind it, if one is named, a program that passes.

    >>> asserts({"test_list": ["assert f(1) == 2"], "code": "def f(x): return x + 1"})
    {'asserts': ['assert f(1) == 2'], 'solution': 'def f(x): return x + 1'}
    """
    lines, *programs = (literal(value) for value in found.values())
    if isinstance(lines, str):
        lines = [line for line in lines.splitlines() if line.strip()]
    if lines is None or lines == []:
        return None
    return {"asserts": lines} | ({"solution": programs[0]} if programs and programs[0] else {})


def humaneval(found: dict[str, Any]) -> dict[str, Any]:
    """openai_humaneval: test, entry_point, prompt and canonical_solution, in this order.

    Raises:
        BadRow: its `check` does more than assert: such tests would have to run beside the program.
    """
    test, name, prompt, solution = found.values()
    try:
        body = next(
            node.body
            for node in ast.parse(str(test)).body
            if isinstance(node, ast.FunctionDef) and node.name == "check"
        )
    except (SyntaxError, ValueError, StopIteration):
        raise BadRow("bad_reference", "test has no function check(candidate)") from None
    tests = [line for line in body if not _says_nothing(line)]
    if other := next((line for line in tests if not isinstance(line, ast.Assert)), None):
        kind = type(other).__name__.lower()
        raise BadRow("bad_reference", f"check(candidate) has a statement of kind {kind}: only "
                                      "asserts are judged outside the program")  # fmt: skip
    lines = [ast.unparse(_Renamed(str(name)).visit(line)) for line in tests]
    return {"asserts": lines, "solution": f"{prompt}{solution}"}


def codeforces(found: dict[str, Any]) -> dict[str, Any] | None:
    """open-r1/codeforces: the columns official_tests, generated_checker and interaction_format.

    Raises:
        BadRow: several outputs are right, or the program talks with another.
    """
    tests, checker, talks = found.values()
    if checker:
        raise BadRow("needs_checker", "several outputs are right; it comes with a checker program")
    if talks:
        raise BadRow("needs_checker", "it is interactive: a program of its own answers")
    tests = literal(tests)
    return {"tests": tests} if tests else None


def livecodebench(found: dict[str, Any]) -> dict[str, Any] | None:
    """LiveCodeBench: the columns public_test_cases, private_test_cases and metadata, in this order.

    Private tests are a compressed pickle of one text. It is taken apart here, never loaded, and
    anything but a text is refused. They are taken in their order, up to a megabyte in all.

    Raises:
        BadRow: they are packed in another way.
    """
    public, private, metadata = found.values()
    tests = _cases(public, "public_test_cases") if public else []
    room = MOST_TESTS
    for case in _cases(_unpacked(private), "private_test_cases") if private else []:
        room -= len(json.dumps(case))
        if room < 0:
            break
        tests.append(case)
    return {"tests": tests, "metadata": metadata or {}} if tests else None


def _cases(value: Any, name: str) -> list[Any]:
    tests = literal(value)
    if not isinstance(tests, list):
        raise BadRow("bad_reference", f"{name} is {short(value)}, expected a list of tests")
    return list(tests)


def _unpacked(packed: Any) -> Any:
    """Tests out of base64, zlib and the pickle of a text; what is not packed stays as it is."""
    if not isinstance(packed, str) or packed.lstrip()[:1] in ("[", ""):
        return packed
    try:
        unzip = zlib.decompressobj()
        content = unzip.decompress(base64.b64decode(packed, validate=True), MOST_PACKED)
        if unzip.unconsumed_tail:
            raise BadRow("bad_reference", "private_test_cases grow to more than 256 MB")
        found = list(pickletools.genops(content))
    except (ValueError, zlib.error) as error:
        raise BadRow("bad_reference", f"private_test_cases cannot be unpacked: {error}") from None
    texts = [value for operation, value, _ in found if "UNICODE" in operation.name]
    if {operation.name for operation, _, _ in found} - A_TEXT or len(texts) != 1:
        raise BadRow("bad_reference", "private_test_cases are a pickle of more than a text, which "
                                      "may be a program: it is not loaded")  # fmt: skip
    return texts[0]


def _says_nothing(line: ast.stmt) -> bool:
    """A docstring, `pass`, or an assert of a constant."""
    if isinstance(line, ast.Assert | ast.Expr):
        return isinstance(line.test if isinstance(line, ast.Assert) else line.value, ast.Constant)
    return isinstance(line, ast.Pass)


class _Renamed(ast.NodeTransformer):
    """Calls of `candidate` as calls of the function that is asked for; without the messages."""

    def __init__(self, name: str):
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.name, node.ctx) if node.id == "candidate" else node

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        return ast.Assert(self.visit(node.test), None)
