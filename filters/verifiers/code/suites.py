"""Tests that are programs: run in one sandbox, while the program they test runs in another."""

from __future__ import annotations

import ast
import json
import marshal
from functools import cache
from pathlib import Path
from typing import Any

from filters.verifiers.code import asserts, sandbox
from filters.verifiers.code.prelude import CONTENTS, exports, prelude
from filters.verifiers.code.tasks import Suite, Task

TESTS_CPU = 30.0
"""Seconds of CPU time that the tests may take for themselves."""
TESTS_MEMORY = 2**30
"""Bytes of memory that the tests may take."""
HERE = Path(__file__).parent


class TestsFailed(Exception):
    """The tests are to blame, or the machine: nothing is known about the program."""


def read(parts: tuple[str, ...], entry: object, public: str, solution: str | None) -> Suite:
    """Tests as a suite.

    Args:
        parts: a program, or several to be run one after another.
        entry: the function that is tested, where it is known.
        public: code that tests and program may count on.
        solution: a program that passes, where there is one.

    Raises:
        ValueError: they are no program in Python, or they call no function of the program's.
    """
    if entry is not None and (not isinstance(entry, str) or not entry.isidentifier()):
        raise ValueError(f"entry_point: a name was expected, not {entry!r}")
    tree = _parsed("\n".join(parts))
    top = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    calls = {_called(node) for node in ast.walk(tree)}
    checks = "check" in top and "check" not in calls
    if checks and entry is None:
        raise ValueError("entry_point: the function that `check(candidate)` tests was expected")
    reference = solution if solution and is_python(solution) else ""
    own = asserts.defined(reference) | ({entry} if entry else set())
    free, modules = asserts.free_names(tree, own), asserts.modules_in(tree)
    given = modules | _given(public)  # what a prompt shows is no program's to change
    names = [name for name in free if name in own - given]
    if entry is not None:
        names = [entry, *(name for name in names if name != entry)]
    names = names or [name for name in free if name not in given | _brought()]
    names = names or [name for name in free if name not in given]  # `add` is one of operator's, too
    if not names:
        raise ValueError("test: it calls no function that it does not define; name `entry_point`")
    imports = "\n".join(f"import {name}" for name in free if name in modules and name not in names)
    before = "\n".join([prelude("\n".join(parts)), imports, public])
    return Suite(parts, tuple(names), entry if checks else None, before, reference)


def is_python(text: str) -> bool:
    """Whether a text is a program in Python."""
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def run(program: str, task: Task) -> tuple[dict[str, Any], sandbox.Ended]:
    """Runs a program against the tests of a suite.

    Returns:
        What `examiner.examine` says of it, and how the program ended.

    Raises:
        SandboxMissing, SandboxFailed, TestsFailed: nothing is known about the program.
    """
    assert task.suite is not None
    wanted = {
        "before": task.suite.before,
        "reference": task.suite.reference,
        "names": list(task.suite.names),
        "parts": list(task.suite.parts),
        "entry": task.suite.entry,
        "run_all": task.run_all,
        "patience": 3 * task.cpu + 2,
    }
    python = [sandbox.python(), "-s", "-B"]
    asks = sandbox.What(
        [*python, "{box}/examiner.py", "{box}/wanted"],
        _files("examiner.py") | {"wanted": marshal.dumps(wanted, 2)},
        sandbox.Limits(cpu=TESTS_CPU + task.cpu, memory=TESTS_MEMORY),
    )
    answers = sandbox.What(
        [*python, "{box}/harness.py", "{box}/program.py", "{box}/prelude.py"],
        called_files(program, task.prelude),
        sandbox.Limits(cpu=task.cpu, memory=task.memory, longest=float("inf")),
    )
    tests, ended = sandbox.talk(asks, answers)
    if ended.stopped in ("time_limit", "memory_limit", "output_limit"):
        return {}, ended
    try:
        return json.loads(tests.stderr), ended
    except ValueError:
        why = tests.stopped or f"exit code {tests.code}"
        raise TestsFailed(f"the tests themselves did not end well, {why}") from None


def called_files(program: str, public: str, expressions: str = "") -> dict[str, bytes]:
    """What the harness needs beside it to call functions of a program."""
    before = f"{prelude(program + expressions)}\n{public}"
    return _files("harness.py") | {
        "program.py": program.encode(errors="replace"),
        "prelude.py": before.encode(errors="replace"),
    }


@cache
def _files(name: str) -> dict[str, bytes]:
    names = [name, "wire.py"]
    if name == "examiner.py":
        names += ["stand_ins/numpy.py", "stand_ins/pytest.py"]
    return {name: (HERE / name).read_bytes() for name in names}


def _parsed(text: str) -> ast.Module:
    """A program as a tree; long integers are shortened, which Python's reader refuses."""
    try:
        return ast.parse(asserts.LONG.sub("1", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"test: a program in Python was expected ({error})") from None


def _given(public: str) -> set[str]:
    """Names that tests have without the program: in public code."""
    tree = ast.parse(public)
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return imported | asserts.defined(public)


def _brought() -> set[str]:
    return {name for module in CONTENTS for name in exports(module)}


def _called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
