"""Tests of programs, as datasets write them, in the shapes that the verifier `code` takes."""

from __future__ import annotations

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
    """A column with a list of asserts; behind it, if one is named, a program that passes, and
    imports that the asserts count on.

    >>> asserts({"test_list": ["assert f(1) == 2"], "code": "def f(x): return x + 1"})
    {'asserts': ['assert f(1) == 2'], 'solution': 'def f(x): return x + 1'}
    """
    lines, *others = (literal(value) for value in found.values())
    if isinstance(lines, str):
        lines = [line for line in lines.splitlines() if line.strip()]
    if lines is None or lines == []:
        return None
    imports = {"test_imports": others[1]} if others[1:] and others[1] else {}
    return {"asserts": lines} | imports | _solution(others)


def _solution(programs: list[Any]) -> dict[str, Any]:
    return {"solution": programs[0]} if programs and programs[0] else {}


def humaneval(found: dict[str, Any]) -> dict[str, Any] | None:
    """HumanEval and its kin: test, entry_point, prompt and canonical_solution, in this order.

    >>> humaneval({"test": "def check(c): ...", "entry_point": "f", "prompt": "a", "solution": "b"})
    {'test': 'def check(c): ...', 'entry_point': 'f', 'prompt': 'a', 'solution': 'ab'}
    """
    test, name, prompt, solution = found.values()
    if not test:
        return None
    told = {"test": test, "entry_point": name, "prompt": prompt}
    return told | ({"solution": f"{prompt}{solution}"} if solution else {})


def program_of_tests(found: dict[str, Any]) -> dict[str, Any] | None:
    """A column with a program that tests; behind it, if one is named, a program that passes.

    >>> program_of_tests({"test": "assert f(1) == 2", "code": "def f(x): return x + 1"})
    {'test': 'assert f(1) == 2', 'solution': 'def f(x): return x + 1'}
    """
    test, *programs = found.values()
    return {"test": test} | _solution(programs) if test else None


def codeforces(found: dict[str, Any]) -> dict[str, Any] | None:
    """open-r1/codeforces: the columns official_tests, generated_checker and interaction_format.

    Raises:
        BadRow: the program talks with another.
    """
    tests, checker, talks = found.values()
    if talks:
        raise BadRow("needs_checker", "it is interactive: a program of its own answers")
    tests = literal(tests)
    return {"tests": tests} | ({"checker": checker} if checker else {}) if tests else None


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
