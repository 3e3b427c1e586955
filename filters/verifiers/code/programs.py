"""What a program is tested against: the references of several datasets, read into one form.

A reference is an object (or its JSON text) with tests in one of these shapes:

==================  ================================================================================
stdin and stdout    `{"tests": [{"input": "1 2\\n", "output": "3\\n"}]}`; also `official_tests` and
                    `examples` of open-r1/codeforces, `public_test_cases` and
                    `private_test_cases` of LiveCodeBench (lists or their JSON text)
a function          `{"function": "add", "tests": [{"arguments": [1, 2], "result": 3}]}`; also
                    LiveCodeBench's `testtype: functional` with `metadata: {"func_name": ...}`
APPS, TACO          `{"inputs": [...], "outputs": [...], "fn_name": ...}`, or all of it as the
                    field `input_output`
asserts             `{"asserts": ["assert add(1, 2) == 3"]}`, or `test_list` as MBPP calls it; one
                    side of `==` or `is` must be a literal; or a truth value, as in
                    `assert not odd(2)`; or `math.isclose(call, literal, abs_tol=...)`, or
                    `abs(call - literal) < 1e-6`
==================  ================================================================================

Beside them may stand `time_limit` (seconds of CPU time), `memory_limit` (MB), `tolerance` (of
numbers with a point, relative or absolute, whichever is wider), `run_all` (true: do not stop at the
first failure), `solution` (a program that passes), `command` and `file` (another language, for
instance `["bash", "{file}"]`). What would need a checker of its own is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from filters.verifiers.code import asserts
from filters.verifiers.code.harness import encode

TIME_LIMIT = 10.0
"""Seconds of CPU time for a test whose reference names none."""
MEMORY_LIMIT = 512 * 2**20
"""Bytes of memory for a test whose reference names none."""
LEAST_MEMORY = 64 * 2**20
"""Bytes; less would only test whether an interpreter starts."""
LONGEST = 600.0
"""Seconds of CPU time; no reference may ask for more."""
MOST_MEMORY = 16 * 2**30
"""Bytes of memory; no reference may ask for more."""

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?) ?(?:s|seconds?|MB|megabytes?)?")


@dataclass(frozen=True)
class Test:
    """One run of a program and what must come of it."""

    __test__ = False  # for pytest, which collects classes of this name

    expected: object
    """Text of the output, or the value of the call as `harness.encode` writes it."""
    stdin: str = ""
    call: Mapping[str, object] | None = None
    """What the harness is to call; None for a test of the output."""
    strict: bool = False
    """Whether a tuple differs from a list: in asserts, not where values come from JSON."""
    wrapped: bool = False
    """Whether the expected value may be meant without the list around it."""
    tolerance: float = 0.0


@dataclass(frozen=True)
class Task:
    """All tests of a program, and how it is run."""

    tests: tuple[Test, ...]
    cpu: float = TIME_LIMIT
    memory: int = MEMORY_LIMIT
    command: tuple[str, ...] | None = None
    """How another language is run; None for Python."""
    file: str = "program.py"
    run_all: bool = False
    solution: str | None = None


def read(reference: object) -> Task:
    """A reference as a task.

    Raises:
        ValueError: what is wrong with it.

    >>> read({"asserts": ["assert add(1, 2) == 3"]}).tests[0].call
    {'expression': 'add(1, 2)'}
    """
    row = _object(reference)
    tests = tuple(_tests(row))
    if not tests:
        raise ValueError("it has no tests; `tests`, `inputs` and `outputs`, or `asserts` expected")
    command = row.get("command")
    if command is not None:
        _check_command(command)
        if tests[0].call is not None:
            raise ValueError("calls of functions are tested in Python only: take out `command`")
    file = row.get("file", "program" if command else "program.py")
    if not isinstance(file, str) or not re.fullmatch(r"\w[\w.-]{0,60}", file):
        raise ValueError(f"file: a plain name like Main.java was expected, not {file!r}")
    solution = row.get("solution")
    if solution is not None and not isinstance(solution, str):
        raise ValueError(f"solution: a program was expected, not {type(solution).__name__}")
    cpu = _quantity(row, "time_limit", TIME_LIMIT, LONGEST)
    memory = _quantity(row, "memory_limit", MEMORY_LIMIT / 2**20, MOST_MEMORY / 2**20) * 2**20
    return Task(
        tests=tests,
        cpu=cpu,
        memory=max(int(memory), LEAST_MEMORY),
        command=None if command is None else tuple(command),
        file=file,
        run_all=bool(row.get("run_all", False)),
        solution=solution,
    )


def _object(reference: object) -> dict[str, Any]:
    whole = _parsed(reference, "the reference")
    if isinstance(whole, list):
        whole = {"tests": whole}
    if not isinstance(whole, Mapping):
        raise ValueError(f"an object with tests was expected, not {type(whole).__name__}")
    row = dict(whole)
    if row.get("input_output"):
        inner = _parsed(row["input_output"], "input_output")
        if not isinstance(inner, Mapping):
            raise ValueError("input_output: an object with inputs and outputs was expected")
        row |= inner
    if any(row.get(name) for name in ("checker", "generated_checker", "interactor")):
        raise ValueError("it needs a checker of its own, which is not supported")
    return row


def _parsed(value: object, name: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: JSON was expected ({error})") from None


def _tests(row: dict[str, Any]) -> Iterator[Test]:
    for name, make in _SHAPES.items():
        if row.get(name):
            yield from make(row, name)
            return


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
    tolerance = _tolerance(row)
    function = _function(row)
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
            arguments = [_parsed(line, where) for line in case["input"].split("\n") if line.strip()]
            result = _parsed(case["output"], where)
            yield _call(function, arguments, result, tolerance, where)
        else:
            yield Test(case["output"], stdin=case["input"], tolerance=tolerance)


def _columns(row: dict[str, Any], name: str) -> Iterator[Test]:
    """APPS and TACO: inputs and outputs side by side."""
    inputs, outputs = _list(row[name], name), _list(row.get("outputs"), "outputs")
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs: as many were expected")
    tolerance, function = _tolerance(row), _function(row)
    # Some rows put each value into a list, others do not, and nothing tells which.
    wrapped = all(isinstance(value, list) and len(value) == 1 for value in outputs)
    for number, (given, wanted) in enumerate(zip(inputs, outputs, strict=True), 1):
        where = f"{name}, test {number}"
        if function:
            yield _call(function, given, wanted, tolerance, where, wrapped)
        else:
            yield Test(_text(wanted, where), stdin=_text(given, where), tolerance=tolerance)


def _asserts(row: dict[str, Any], name: str) -> Iterator[Test]:
    for number, line in enumerate(_list(row[name], name), 1):
        try:
            wanted = asserts.read(line)
        except ValueError as wrong:
            raise ValueError(f"{name}, test {number}: {wrong}") from None
        yield Test(
            json.loads(encode(wanted.value)),
            call={"expression": wanted.expression},
            strict=True,
            tolerance=wanted.tolerance or _tolerance(row),
        )


def _call(
    function: str,
    arguments: object,
    result: object,
    tolerance: float,
    where: str,
    wrapped: bool = False,
) -> Test:
    if not isinstance(arguments, list):
        raise ValueError(f"{where}: a list of arguments was expected")
    call = {"function": function, "arguments": arguments}
    return Test(json.loads(encode(result)), call=call, wrapped=wrapped, tolerance=tolerance)


def _function(row: dict[str, Any]) -> str | None:
    metadata = _parsed(row.get("metadata") or {}, "metadata")
    told = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    name = row.get("function") or row.get("fn_name") or told
    if name is not None and (not isinstance(name, str) or not name.isidentifier()):
        raise ValueError(f"function: a name was expected, not {name!r}")
    return name


def _list(value: object, name: str) -> list[Any]:
    found = _parsed(value, name)
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


def _quantity(row: dict[str, Any], name: str, default: float, most: float) -> float:
    value = row.get(name)
    if value is None:
        return default
    match = _QUANTITY.fullmatch(str(value).strip())
    if isinstance(value, bool) or match is None or not 0 < float(match[1]) <= most:
        raise ValueError(f"{name}: a number up to {most:g} was expected, not {str(value)[:50]!r}")
    return float(match[1])


def _tolerance(row: dict[str, Any]) -> float:
    value = row.get("tolerance") or 0.0
    if not isinstance(value, int | float) or not 0 <= value < 1 or math.isnan(value):
        raise ValueError(f"tolerance: a number from 0 to 1 was expected, not {value!r}")
    return float(value)


def _check_command(command: object) -> None:
    words = command if isinstance(command, list | tuple) else []
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError('command: a list like ["bash", "{file}"] was expected')
    if not any("{file}" in word for word in words):
        raise ValueError("command: `{file}` was expected in it, where the program's path belongs")


_SHAPES: dict[str, Callable[[dict[str, Any], str], Iterator[Test]]] = {
    "tests": _cases,
    "public_test_cases": _cases,
    "official_tests": _cases,
    "examples": _cases,
    "inputs": _columns,
    "asserts": _asserts,
    "test_list": _asserts,
}
"""The fields that hold tests; the first that is not empty counts."""
