"""What a program is tested against: the references of several datasets, read into one form.

A reference is an object (or its JSON text) with tests in one of these shapes:

==================  ================================================================================
stdin and stdout    `{"tests": [{"input": "1 2\\n", "output": "3\\n"}]}`; also `official_tests` and
                    `examples` of open-r1/codeforces, `public_test_cases` and
                    `private_test_cases` of LiveCodeBench (lists or their JSON text)
a function          `{"function": "add", "tests": [{"arguments": [1, 2], "result": 3}]}`; also
                    LiveCodeBench's `testtype: functional` with `metadata: {"func_name": ...}`
APPS, TACO, verl    `{"inputs": [...], "outputs": [...], "fn_name": ...}`, or all of it as the
                    field `input_output`; arguments as a list, or as a text of one JSON value a line
asserts             `{"asserts": ["assert add(1, 2) == 3"]}`, or `test_list` as MBPP calls it
a test program      `{"test": "def check(candidate): ...", "entry_point": "add"}` as HumanEval and
                    its kin have it: asserts, `check`, functions `test_...`, classes of unittest.
                    Beside it may stand `prompt` or `code_prompt`, which the program may count on,
                    and `canonical_solution`
==================  ================================================================================

Beside them may stand `time_limit` (seconds of CPU time, for each test or the whole test program),
`memory_limit` (MB), `tolerance` (of numbers with a point, relative or absolute, whichever is
wider), `run_all` (true: do not stop at the first failure), `solution` (a program that passes),
`command` and `file` (another language, for instance `["bash", "{file}"]`), and `checker`: a program
in Python that says whether an output is right where several are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from filters.verifiers.code import shapes
from filters.verifiers.code.tasks import MEMORY_LIMIT, TIME_LIMIT, Task

LEAST_MEMORY = 64 * 2**20
"""Bytes; less would only test whether an interpreter starts."""
LONGEST = 600.0
"""Seconds of CPU time; no reference may ask for more."""
MOST_MEMORY = 16 * 2**30
"""Bytes of memory; no reference may ask for more."""

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?) ?(?:s|seconds?|MB|megabytes?)?")


def read(reference: object) -> Task:
    """A reference as a task.

    Raises:
        ValueError: what is wrong with it.

    >>> read({"asserts": ["assert add(1, 2) == 3"]}).tests[0].call
    ('add(1, 2)', None, 'add')
    """
    row = shapes.row_of(reference)
    tests = shapes.tests(row)
    suite = None if tests else shapes.suite(row)
    if not tests and suite is None:
        raise ValueError(
            "it has no tests; `tests`, `inputs` and `outputs`, `asserts` or `test` expected"
        )
    command, file = row.get("command"), _file(row)
    called = suite is not None or tests[0].call is not None
    if command is not None:
        _check_command(command)
        if called:
            raise ValueError("calls of functions are tested in Python only: take out `command`")
    checker = row.get("checker") or row.get("generated_checker")
    if checker is not None:
        _check_program("checker", checker)
        if called:
            raise ValueError(
                "checker: it says whether an output is right, and these tests call functions; "
                "write a `test` program that compares as it should"
            )
    solution = shapes.solution(row)
    memory = _quantity(row, "memory_limit", MEMORY_LIMIT / 2**20, MOST_MEMORY / 2**20) * 2**20
    return Task(
        tests=tests,
        suite=suite,
        prelude=shapes.public(row),
        checker=checker,
        cpu=_quantity(row, "time_limit", TIME_LIMIT, LONGEST),
        memory=max(int(memory), LEAST_MEMORY),
        command=None if command is None else tuple(command),
        file=file,
        run_all=bool(row.get("run_all", False)),
        solution=solution,
    )


def _file(row: Mapping[str, Any]) -> str:
    file = row.get("file", "program" if row.get("command") else "program.py")
    if not isinstance(file, str) or not re.fullmatch(r"\w[\w.-]{0,60}", file):
        raise ValueError(f"file: a plain name like Main.java was expected, not {file!r}")
    return file


def _quantity(row: Mapping[str, Any], name: str, default: float, most: float) -> float:
    value = row.get(name)
    if value is None:
        return default
    match = _QUANTITY.fullmatch(str(value).strip())
    if isinstance(value, bool) or match is None or not 0 < float(match[1]) <= most:
        raise ValueError(f"{name}: a number up to {most:g} was expected, not {str(value)[:50]!r}")
    return float(match[1])


def _check_program(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{name}: a program was expected, not {type(text).__name__}")
    try:
        compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{name}: a program in Python was expected ({error})") from None


def _check_command(command: object) -> None:
    words = command if isinstance(command, list | tuple) else []
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError('command: a list like ["bash", "{file}"] was expected')
    if not any("{file}" in word for word in words):
        raise ValueError("command: `{file}` was expected in it, where the program's path belongs")
