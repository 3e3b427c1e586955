r"""Programs: the last code block of a response, run against tests in a sandbox.

What is tested against: `programs.py` has the shapes of references. The sandbox
gets the program and one input at a time; outputs and values come out and are compared here. Tests
that are programs run in a sandbox of their own. So whatever a program does to its process, its
interpreter or the harness, it passes only by writing or returning what was expected.
"""

from __future__ import annotations

import marshal
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers.code import checkers, packages, sandbox, suites
from filters.verifiers.code.blocks import extract
from filters.verifiers.code.outputs import read_value, same_text, same_value
from filters.verifiers.code.programs import read
from filters.verifiers.code.tasks import Task, Test

__all__ = ["Result", "extract", "judge", "key", "needs_nothing", "run_tests", "shape"]

TOTAL = 300.0
"""Seconds for all tests of a program together; when they are over, nobody knows about the rest."""
BLAMELESS = {
    "machine_slow", "timeout", "package_missing", "checker_failed", "tests_failed", "bad_reference",
}  # fmt: skip
"""Reasons for which no program is to blame."""

_ERROR = re.compile(r"[A-Za-z_][\w.]{0,60}")


@dataclass(frozen=True)
class Result:
    """What became of one test."""

    number: int
    """From 1, in the order of the reference."""
    reason: str | None
    """None where it passed; else `wrong_answer`, `runtime_error`, `time_limit`, `memory_limit` or
    `output_limit`, or one of `BLAMELESS`."""
    detail: str = ""
    """The name of a Python error, a package, or what failed."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    An object with tests, in any of the shapes below (`filters/verifiers/code/programs.py`).
    """
    try:
        task = read(reference)
    except ValueError as wrong:
        return str(wrong)
    if task.command and not shutil.which(task.command[0], path=sandbox.ENVIRONMENT["PATH"]):
        return f"command: there is no program {task.command[0]!r} in the system's folders"
    return None


def key(reference: object) -> str | None:
    """The reference's own solution, which must pass, or None where it has none.

    Raises:
        SandboxMissing: no program could be run on this machine, so nothing can be verified.
    """
    if (wrong := sandbox.missing()) and not sandbox.allow_unsandboxed:
        raise sandbox.SandboxMissing(wrong)
    return read(reference).solution


def judge(answer: str, reference: object) -> Verdict:
    """Runs a program against the tests of a reference; correct where all of them pass.

    The reason names the first test that failed, or all where the reference says `run_all`.
    """
    task = read(reference)
    try:
        results = list(run_tests(answer, task))
    except sandbox.SandboxMissing as missing:
        return unverifiable(f"sandbox_missing: {missing}", answer)
    except sandbox.SandboxFailed as failure:
        return unverifiable(f"sandbox_failed: {failure}", answer)
    failed = [result for result in results if result.reason]
    if not failed:
        return correct(answer)
    # What the program is to blame for decides, whatever else the machine did.
    blamed = [result for result in failed if result.reason not in BLAMELESS]
    first = (blamed or failed)[0]
    numbers = [str(result.number) for result in failed if result.reason == first.reason]
    told = f"{first.reason}: test{'s' * (len(numbers) > 1)} {', '.join(numbers[:20])}"
    told += f" and {len(numbers) - 20} more" * (len(numbers) > 20) + f" of {task.count}"
    told += f", {first.detail}" if first.detail else ""
    return incorrect(told, answer) if blamed else unverifiable(told, answer)


def needs_nothing(reference: object) -> bool:
    """Whether a program that does nothing passes: then its tests test nothing.

    Only where outputs are compared: whoever lacks the function that is called passes nothing.
    """
    task = read(reference)
    return task.suite is None and all(
        test.call is None and same_text("", str(test.expected), test.tolerance)
        for test in task.tests
    )


def run_tests(program: str, task: Task) -> Iterator[Result]:
    """Runs a program against one test after another; stops at a failure unless `task.run_all`.

    Raises:
        SandboxMissing, SandboxFailed: nothing is known about the program.
    """
    deadline = time.monotonic() + TOTAL
    if task.suite:
        yield from _by_suite(program, task)
        return
    number = 0
    while number < task.count:
        if time.monotonic() > deadline:
            yield Result(number + 1, "timeout")
            return
        if task.tests[number].call is None:
            results = [_written(program, task, task.tests[number], number + 1)]
        else:
            results = _called(program, task, number, deadline)
        for result in results:
            number = result.number
            yield result
            if result.reason and not task.run_all:
                return


def _written(program: str, task: Task, test: Test, number: int) -> Result:
    """One run, and what it wrote."""
    command = task.command or (sandbox.python(), "-s", "-B", "{file}")
    ended = sandbox.run(
        [word.replace("{file}", "{box}/" + task.file) for word in command],
        {task.file: program.encode(errors="replace")},
        test.stdin.replace("\r\n", "\n").encode(errors="replace"),
        sandbox.Limits(cpu=task.cpu, memory=task.memory),
    )
    if fault := _fault(program, task, ended):
        return replace(fault, number=number)
    output = ended.stdout.decode(errors="replace")
    if same_text(output, str(test.expected), test.tolerance):
        return Result(number, None)
    if task.checker is None:
        return Result(number, "wrong_answer")
    try:
        right = checkers.accepts(task.checker, test.stdin, str(test.expected), output)
    except checkers.CheckerFailed as failure:
        return Result(number, failure.reason, str(failure))
    return Result(number, None if right else "wrong_answer")


def _called(program: str, task: Task, done: int, deadline: float) -> Iterator[Result]:
    """Calls one after another, in one process, as long as they come."""
    tests = task.tests[done:]
    expressions = "".join(str(test.call[0]) for test in tests if test.call and test.call[1] is None)
    limits = sandbox.Limits(
        cpu=task.cpu,
        memory=task.memory,
        lines=len(tests) + 1,
        longest=max(1.0, deadline - time.monotonic()),
    )
    scripts = [f"{{box}}/{name}.py" for name in ("harness", "program", "prelude")]
    ended = sandbox.run(
        [sandbox.python(), "-s", "-B", *scripts],
        suites.called_files(program, task.prelude, expressions),
        b"".join(marshal.dumps(test.call, 2) for test in tests),  # every Python 3 reads this form
        limits,
    )
    loaded, *lines = [*ended.stdout.split(b"\n")[:-1], *([b""] * (len(tests) + 1))]
    if loaded[:1] == b"!":
        yield Result(done + 1, *_raised(program, loaded))
        return
    for number, (test, line) in enumerate(zip(tests, lines, strict=False), done + 1):
        if not line:
            fault = _fault(program, task, ended)
            yield replace(fault, number=number) if fault else Result(number, "wrong_answer")
            return
        if line[:1] == b"!":
            yield Result(number, *_raised(program, line))
        else:
            yield Result(number, None if _as_expected(line, test) else "wrong_answer")


def _by_suite(program: str, task: Task) -> Iterator[Result]:
    """Tests that are a program."""
    try:
        told, ended = suites.run(program, task)
    except suites.TestsFailed as failure:
        yield Result(1, "tests_failed", str(failure))
        return
    if told.get("passed"):
        return
    for failure in told.get("failed", []):
        number, kind = failure["test"], failure["raised"]
        if kind:
            yield Result(number, *_blamed(program, kind, failure.get("package", "")))
        else:
            where = f"{failure['error']} in line {failure['line']} of the test"
            yield Result(number, "wrong_answer", where if task.count == 1 else "")
    if "failed" in told:
        return
    if told.get("waited"):
        yield Result(1, "machine_slow" if sandbox.slow_machine("waited") else "time_limit")
    elif told.get("long"):
        yield Result(1, "output_limit")
    elif "raised" in told:
        yield Result(1, "wrong_answer", told["raised"])
    elif "package" in told:
        yield Result(1, "package_missing", f"{told['package']}, which the tests need")
    elif "unfit" in told:
        yield Result(1, "bad_reference", f"the tests cannot be run: {told['unfit']}")
    else:
        fault = _fault(program, task, ended)
        yield fault or Result(1, "runtime_error", "it ended before it was asked all")


def _fault(program: str, task: Task, ended: sandbox.Ended) -> Result | None:
    """Why a program failed before anything is compared, or None."""
    reason, detail = _ended(ended)
    if reason == "time_limit" and ended.stopped and sandbox.slow_machine(ended.stopped):
        reason = "machine_slow"
    if detail == "ModuleNotFoundError" and not task.command:
        reason, detail = _blamed(program, detail, packages.named(ended.stderr))
    return Result(1, reason, detail) if reason else None


def _ended(ended: sandbox.Ended) -> tuple[str | None, str]:
    """How a program failed, and the name of its error."""
    if ended.stopped:
        reasons = {"waited": "time_limit", "over": "timeout"}
        return reasons.get(ended.stopped, ended.stopped), ""
    if ended.code == 0:
        return None, ""
    if ended.code == 128 + 24:  # SIGXCPU, where nobody looked in time
        return "time_limit", ""
    last = ended.stderr.decode(errors="replace").rstrip().rpartition("\n")[2]
    name = last.partition(":")[0].strip()
    if name == "MemoryError" or "std::bad_alloc" in last:
        return "memory_limit", ""
    return "runtime_error", name if _ERROR.fullmatch(name) else f"exit code {ended.code}"


def _raised(program: str, line: bytes) -> tuple[str, str]:
    """The reason and detail of an error that the harness told."""
    try:
        kind, arguments = read_value(line[1:])
    except (ValueError, TypeError):
        return "wrong_answer", ""
    named = packages.named(str(arguments[:1]).encode()) if isinstance(arguments, list) else ""
    return _blamed(program, str(kind), named)


def _blamed(program: str, kind: str, package: str) -> tuple[str, str]:
    if kind == "MemoryError":
        return "memory_limit", ""
    if kind == "ModuleNotFoundError" and packages.is_missing(program, package):
        return "package_missing", package
    return "runtime_error", kind if _ERROR.fullmatch(kind) else ""


def _as_expected(line: bytes, test: Test) -> bool:
    try:
        found = read_value(line[1:]) if line[:1] == b"=" else None
        wanted = [test.expected]
        if test.wrapped and isinstance(test.expected, list):
            wanted += test.expected
        return line[:1] == b"=" and any(
            same_value(found, value, test.strict, test.tolerance) for value in wanted
        )
    except (ValueError, RecursionError):
        return False
