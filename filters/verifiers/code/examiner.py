"""What runs the tests of a program, in a sandbox of its own: the program is in another.

The tests call stand-ins, each call goes out as data and its answer comes back as data. So a program
has no way to the tests but its answers: it cannot patch, read or end what examines it.
"""

from __future__ import annotations

import builtins
import json
import marshal
import os
import select
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

if __name__ == "__main__":
    from wire import Foreign, Unfit, decode, plain  # pyrefly: ignore  (it lies beside this file there)

    # For packages that are not there.
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_ins"))
else:
    from filters.verifiers.code.wire import Foreign, Unfit, decode, plain

LONGEST = 8 * 2**20
"""Bytes of one answer; no value of a call is longer, or the program failed."""
NEVER_RAISED = {"StopIteration", "StopAsyncIteration"}
"""Errors of the program's that would end a loop of the tests early, as if it had passed."""


class OfTheProgram(Exception):
    """An error of a class of the program's own."""


class Over(BaseException):
    """Nothing more is to be learnt; no `except Exception` of the tests stops it."""

    def __init__(self, told: dict[str, Any]):
        self.told = told


class Program:
    """The program at the other end of two pipes."""

    def __init__(self, calls: int, answers: int, patience: float):
        self.out, self.answers, self.patience = calls, answers, patience
        self.buffer = bytearray()
        self.called = 0
        self.ran = False
        self.over: dict[str, Any] | None = None
        """Why nothing more is to be learnt, which tests that catch everything cannot undo."""

    def call(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What a function of the program returns, as data; raises what it raises."""
        try:
            call = marshal.dumps((name, plain(list(arguments)), plain(named)), 2)
            self.called += 1
            if not self.ran:
                self._loaded()
            while call:
                call = call[os.write(self.out, call) :]
            return self._answer()
        except BrokenPipeError:
            self.over = {"ended": True}
        except Foreign as foreign:
            self.over = {"raised": str(foreign)}
        except Unfit as unfit:
            self.over = {"unfit": str(unfit)}
        except Over as over:
            self.over = over.told
        raise Over(self.over)

    def _loaded(self) -> None:
        """Waits until the program has run; whoever fails there passes no test for an error."""
        try:
            self._answer()
        except Exception as error:
            kind = type(error).__name__
            told = {"test": 1, "line": 0, "raised": _raised(error) or kind, "error": kind}
            raise Over({"failed": [told]}) from None
        self.ran = True

    def _answer(self) -> Any:
        line = self._line()
        kind, arguments = "", []
        try:
            value = decode(json.loads(line[1:]))
            sign = line[:1]
            if sign == b"!":
                kind, arguments = value
        except (ValueError, TypeError, RecursionError, OverflowError, ArithmeticError):
            raise Over({"raised": "an answer that is no value"}) from None
        if sign == b"=":
            return value
        raise _error(str(kind), arguments)

    def _line(self) -> bytes:
        """The next line, or the end of the tests where none comes in time."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > LONGEST:
                raise Over({"long": True})
            start = time.monotonic()
            ready = select.select([self.answers], [], [], max(0.0, self.patience))[0]
            self.patience -= time.monotonic() - start
            if not ready:
                raise Over({"waited": True})
            piece = os.read(self.answers, 2**16)
            if not piece:
                raise Over({"ended": True})
            self.buffer += piece
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        return line


def _error(kind: str, arguments: Any) -> Exception:
    """The error that a program raised, as one of Python's own where it has that name."""
    found = getattr(builtins, kind, None)
    usable = isinstance(found, type) and issubclass(found, Exception) and kind not in NEVER_RAISED
    try:
        error: Exception = found(*arguments) if usable and found else OfTheProgram(kind)
    except Exception:  # a class that takes other arguments
        error = OfTheProgram(kind)
    error.raised_by_the_program = kind  # pyrefly: ignore  (a mark of ours)
    return error


def examine(wanted: dict[str, Any], program: Program) -> dict[str, Any]:
    """Runs tests to their end and says what came of them.

    Args:
        wanted: `before` and `reference`, run first: what the tests count on, and a program that
            passes; `names` of the program's functions; `parts` of the tests, run one after another;
            `entry`, the function that `check(candidate)` is given, or none; `run_all`.
        program: what is examined.
    """
    module = sys.modules["tests"] = types.ModuleType("tests")
    space = module.__dict__
    proxies = {name: _proxy(program, name) for name in wanted["names"]}
    for name in ("solution", "program"):  # as datasets call the program's module
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(proxies)
    own: dict[str, Any] = {}
    for text in (wanted["before"], wanted["reference"]):
        before = dict(space)
        _prepare(text, space)
        own = {name: space[name] for name in space if space[name] is not before.get(name)}
    space.update(proxies)
    failures: list[dict[str, Any]] = []

    def tests() -> Iterator[tuple[int, Callable[[], object]]]:
        for number, part in enumerate(wanted["parts"], 1):
            yield number, lambda part=part: _run(part, space)
        if wanted["entry"]:
            # Tests that call the function by its name compare with what is right.
            space[wanted["entry"]] = own.get(wanted["entry"], proxies[wanted["entry"]])
            yield 1, lambda: space["check"](proxies[wanted["entry"]])
        for test in _collected(space):
            yield 1, test

    for number, test in tests():
        failures += _failure(test, number)
        if failures and (not program.called or not wanted["run_all"]):
            break
    if failures and not program.called:
        return {"unfit": f"{failures[0]['error']} in line {failures[0]['line']}, before any call"}
    if failures:
        return {"failed": failures}
    return {"passed": True} if program.called else {"unfit": "they never call the program"}


def _run(text: str, space: dict[str, Any]) -> None:
    exec(compile(text, "tests", "exec", dont_inherit=True), space)


def _prepare(text: str, space: dict[str, Any]) -> None:
    """Runs what tests count on.

    Raises:
        Over: it fails.
    """
    failures = _failure(lambda: _run(text, space), 0)
    if failures:
        told = "{error} in line {line} of what the tests count on".format(**failures[0])
        raise Over({"unfit": told})


def _failure(test: Callable[[], object], number: int) -> list[dict[str, Any]]:
    """How a test failed, in a list; an empty one where it passed.

    Raises:
        Over: nothing is known about the program, or nothing more.
    """
    try:
        test()
    except Exception as error:
        if isinstance(error, Unfit):
            raise Over({"unfit": str(error)}) from None
        if isinstance(error, ModuleNotFoundError) and not _raised(error):
            raise Over({"package": (error.name or "").partition(".")[0]}) from None
        lines, trace = [0], error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == "tests":
                lines.append(trace.tb_lineno)
            trace = trace.tb_next
        told = {"line": lines[-1], "raised": _raised(error), "error": type(error).__name__}
        return [{"test": number, **told}]
    return []


def _raised(error: BaseException) -> str | None:
    return getattr(error, "raised_by_the_program", None)


def _proxy(program: Program, name: str) -> Callable[..., Any]:
    def stand_in(*arguments: Any, **named: Any) -> Any:
        return program.call(name, arguments, named)

    stand_in.__name__ = stand_in.__qualname__ = name
    return stand_in


def _collected(space: dict[str, Any]) -> Iterator[Callable[[], object]]:
    """The tests that a runner would find: functions `test_…`, and classes."""
    for name, found in list(space.items()):
        if getattr(found, "__module__", "") != "tests":
            continue
        if isinstance(found, types.FunctionType) and name.startswith("test_"):
            yield from _rows(found, lambda found=found: found)
        elif isinstance(found, type) and hasattr(found, "addTypeEqualityFunc"):
            yield lambda found=found: _run_class(found)
        elif isinstance(found, type) and name.startswith("Test"):
            for word, method in vars(found).items():
                if isinstance(method, types.FunctionType) and word.startswith("test_"):
                    yield from _rows(method, lambda found=found, word=word: getattr(found(), word))


def _rows(test: types.FunctionType, bound: Callable[[], Any]) -> Iterator[Callable[[], object]]:
    """A test, once for each row of arguments that it has."""
    for arguments in getattr(test, "parametrized", [{}]):
        yield lambda arguments=arguments: bound()(**arguments)


def _run_class(tests: Any) -> None:
    """Runs the tests of a class of unittest; raises the first error of one."""
    import unittest

    class Result(unittest.TestResult):
        first: Any = None

        def addError(self, test: Any, err: Any) -> None:
            self.first = self.first or err[1]
            self.stop()

        addFailure = addError

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            if err:
                self.addError(subtest, err)

    result = Result()
    unittest.defaultTestLoader.loadTestsFromTestCase(tests).run(result)
    if result.first is not None:
        raise result.first


def main(wanted: str) -> None:
    """Examines the program at the other end of standard input and output.

    Writes one JSON object to standard error: `passed`; `failed`, a list; or why it stopped.
    """
    told_to, calls, answers = os.dup(2), os.dup(1), os.dup(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    with open(wanted, "rb") as file:
        asked = marshal.load(file)
    sys.setrecursionlimit(10_000)
    program = Program(calls, answers, asked["patience"])
    try:
        told = examine(asked, program)
    except Over as over:
        told = over.told
    except BaseException as error:
        told = {"unfit": f"{type(error).__name__}: {str(error)[:200]}"}
    os.write(told_to, json.dumps(program.over or told).encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
