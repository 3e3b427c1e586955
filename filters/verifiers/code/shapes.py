"""The shapes in which datasets write tests of programs; `programs.py` lists them."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from filters.verifiers.code import asserts, suites
from filters.verifiers.code.outputs import ALLCLOSE, DECIMALS, EXACT, LEETCODE, USUAL, Tolerance
from filters.verifiers.code.tasks import Suite, Test
from filters.verifiers.code.wire import encode

DIGITS = 4_300
"""Digits of an integer beyond which Python's own reader refuses it."""


def row_of(reference: object) -> dict[str, Any]:
    """The object that a reference is, with what it holds as JSON beside the rest.

    Raises:
        ValueError: it is none, or needs what there is not.
    """
    whole = parsed(reference, "the reference")
    if isinstance(whole, list):
        whole = {"tests": whole}
    if not isinstance(whole, Mapping):
        raise ValueError(f"an object with tests was expected, not {type(whole).__name__}")
    row = dict(whole)
    if row.get("input_output"):
        inner = parsed(row["input_output"], "input_output")
        if not isinstance(inner, Mapping):
            raise ValueError("input_output: an object with inputs and outputs was expected")
        row |= inner
    if row.get("interactor"):
        raise ValueError("it is interactive: a program that talks with another is not supported")
    return row


def tests(row: dict[str, Any]) -> tuple[Test, ...]:
    """The tests of a row that are an input and an output, or a call and its value; perhaps none.

    Raises:
        ValueError: what is wrong with them.
    """
    for name, make in _SHAPES.items():
        if row.get(name):
            return tuple(make(row, name))
    return ()


def suite(row: dict[str, Any]) -> Suite | None:
    """The tests of a row that are a program, or None where there are none.

    Raises:
        ValueError: they are no program, or call nobody.
    """
    for name in ("asserts", "test_list"):
        if row.get(name):
            lines = _list(row[name], name)
            for number, line in enumerate(lines, 1):
                asserts.parsed(line, f"{name}, test {number}")
            entry = row.get("entry_point") or _function(row)
            return suites.read(tuple(lines), entry, public(row), solution(row))
    if not row.get("test"):
        return None
    if not isinstance(row["test"], str):
        raise ValueError(f"test: a program was expected, not {type(row['test']).__name__}")
    entry = row.get("entry_point") or _function(row)
    return suites.read((row["test"],), entry, public(row), solution(row))


def solution(row: Mapping[str, Any]) -> str | None:
    """A program that passes, where the row has one.

    Raises:
        ValueError: it is no text.
    """
    found = row.get("solution")
    if found is None and isinstance(row.get("canonical_solution"), str) and row.get("test"):
        before = row.get("code_prompt") or row.get("prompt") or ""
        found = f"{before}{row['canonical_solution']}"
    if found is not None and not isinstance(found, str):
        raise ValueError(f"solution: a program was expected, not {type(found).__name__}")
    return found


def public(row: Mapping[str, Any]) -> str:
    """The code that a program may count on: what its prompt shows, and MBPP's imports."""
    imports, text = row.get("test_imports") or [], row.get("code_prompt") or row.get("prompt")
    parts = [*(imports if isinstance(imports, list) else [imports]), row.get("test_setup_code")]
    if row.get("test") and isinstance(text, str):  # it may end in the head of a function
        whole = (text, f"{text.rstrip()}\n    pass\n")
        parts.append(next(filter(suites.is_python, whole), None))
    return "\n".join(part for part in parts if isinstance(part, str) and suites.is_python(part))


def parsed(value: object, name: str) -> object:
    """A value, or what it says where it is a text in JSON.

    Raises:
        ValueError: it is no JSON.

    >>> parsed("[1, 2]", "x"), len(hex(parsed("1" * 5000, "x")))
    ([1, 2], 4154)
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: JSON was expected ({error})") from None


def _integer(digits: str) -> int:
    """An integer of any length; halves are read apart, so that long ones take no square time."""
    sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits)
    if len(digits) <= DIGITS:
        return sign * int(digits)
    low = len(digits) // 2
    return sign * (_integer(digits[:-low]) * 10**low + _integer(digits[-low:]))


def _cases(row: dict[str, Any], name: str) -> Iterator[Test]:
    cases = list(_list(row[name], name))
    if name == "public_test_cases" and row.get("private_test_cases"):
        packed = row["private_test_cases"]
        if isinstance(packed, str) and not packed.lstrip().startswith("["):
            raise ValueError(
                "private_test_cases are packed (base64 of a compressed pickle, which nobody should "
                "load from a stranger): a list was expected; unpack them when you make the file"
            )
        cases += _list(packed, "private_test_cases")
    function = _function(row)
    livecodebench = name == "public_test_cases" or bool(row.get("metadata"))
    tolerance = _tolerance(row, LEETCODE if function else DECIMALS if livecodebench else USUAL)
    for number, case in enumerate(cases, 1):
        where = f"{name}, test {number}"
        if not isinstance(case, Mapping):
            raise ValueError(f"{where}: an object was expected, not {type(case).__name__}")
        if function and "arguments" in case and "result" in case:
            yield _call(function, case["arguments"], case["result"], tolerance, where)
        elif not isinstance(case.get("input"), str) or not isinstance(case.get("output"), str):
            raise ValueError(f"{where}: input and output as texts were expected")
        elif case.get("testtype") == "functional":
            if not function:
                raise ValueError(f"{where}: the name of the function was expected in metadata")
            arguments = _lines(case["input"], where)
            yield _call(function, arguments, _value(case["output"], where), tolerance, where)
        else:
            yield Test(case["output"], stdin=case["input"], tolerance=tolerance)


def _columns(row: dict[str, Any], name: str) -> Iterator[Test]:
    """APPS, TACO and verl: inputs and outputs side by side."""
    inputs, outputs = _list(row[name], name), _list(row.get("outputs"), "outputs")
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs: as many were expected")
    tolerance, function = _tolerance(row, ALLCLOSE), _function(row)
    # Some rows put each value into a list, others do not, and nothing tells which.
    wrapped = all(isinstance(value, list) and len(value) == 1 for value in outputs)
    for number, (given, wanted) in enumerate(zip(inputs, outputs, strict=True), 1):
        where = f"{name}, test {number}"
        if not function:
            yield Test(_text(wanted, where), stdin=_text(given, where), tolerance=tolerance)
        elif isinstance(given, str) and isinstance(wanted, str):  # as verl and LiveCodeBench do
            value = _value(wanted, where)
            yield _call(function, _lines(given, where), value, tolerance, where)
        else:
            yield _call(function, given, wanted, tolerance, where, wrapped)


def _check(row: dict[str, Any], name: str) -> Iterator[Test]:
    """A test program that only asserts."""
    test, entry = row[name], row.get("entry_point")
    texts = isinstance(test, str) and isinstance(entry, str) and entry.isidentifier()
    if lines := asserts.of_check(test, entry) if texts else None:
        yield from _asserts(row | {"asserts": lines}, "asserts")


def _asserts(row: dict[str, Any], name: str) -> Iterator[Test]:
    """Asserts whose expected value stays outside; none where one cannot be taken apart."""
    tolerance, found = _tolerance(row, EXACT), []
    own = asserts.defined(solution(row) or "") | {str(row.get("entry_point") or _function(row))}
    for line in _list(row[name], name):
        try:
            wanted = asserts.read(line, own)
        except ValueError:
            return
        near = Tolerance(wanted.tolerance, wanted.tolerance, told=True, whole=True)
        found.append(
            Test(
                json.loads(encode(wanted.value)),
                call=(wanted.expression, None, wanted.function),
                strict=True,
                tolerance=near if wanted.tolerance else tolerance,
            )
        )
    yield from found


def _call(
    function: str,
    arguments: object,
    result: object,
    tolerance: Tolerance,
    where: str,
    wrapped: bool = False,
) -> Test:
    if not isinstance(arguments, list):
        raise ValueError(f"{where}: a list of arguments was expected")
    expected = json.loads(encode(result))
    return Test(expected, call=(function, arguments), wrapped=wrapped, tolerance=tolerance)


def _lines(text: str, where: str) -> list[Any]:
    """Arguments as a text, one a line."""
    try:
        return [_value(line, where) for line in text.split("\n") if line.strip()]
    except ValueError:
        return [_value(text, where)]  # one that is written over several lines


def _value(text: str, where: str) -> object:
    """A value as JSON writes it, or as Python does."""
    try:
        return parsed(text, where)
    except ValueError as wrong:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise wrong from None


def _function(row: Mapping[str, Any]) -> str | None:
    metadata = parsed(row.get("metadata") or {}, "metadata")
    told = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    name = row.get("function") or row.get("fn_name") or told
    if name is not None and (not isinstance(name, str) or not name.isidentifier()):
        raise ValueError(f"function: a name was expected, not {name!r}")
    return name


def _list(value: object, name: str) -> list[Any]:
    found = parsed(value, name)
    if not isinstance(found, list):
        raise ValueError(f"{name}: a list was expected, not {type(found).__name__}")
    return found


def _text(value: object, where: str) -> str:
    """An input or output; some rows have it as a list of lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise ValueError(f"{where}: a text was expected, not {type(value).__name__}")
    return value


def _tolerance(row: Mapping[str, Any], usual: Tolerance) -> Tolerance:
    value = row.get("tolerance")
    if value is None:
        return usual
    if not isinstance(value, int | float) or not 0 <= value < 1 or math.isnan(value):
        raise ValueError(f"tolerance: a number from 0 to 1 was expected, not {value!r}")
    return Tolerance(float(value), float(value), told=True, whole=True) if value else EXACT


_SHAPES: dict[str, Callable[[dict[str, Any], str], Iterator[Test]]] = {
    "tests": _cases,
    "public_test_cases": _cases,
    "official_tests": _cases,
    "examples": _cases,
    "inputs": _columns,
    "asserts": _asserts,
    "test_list": _asserts,
    "test": _check,
}
"""The fields that hold tests; the first that is not empty counts."""
