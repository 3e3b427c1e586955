r"""Programs: the last code block of a response, run against tests in a sandbox.

What is tested against: `programs.py` has the shapes of references. The sandbox
gets the program and one input at a time; outputs and values come out and are compared here. So
whatever a program does to its process, its interpreter or the harness, it passes only by writing
or returning what was expected.
"""

from __future__ import annotations

import ast
import builtins
import marshal
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers.code import sandbox
from filters.verifiers.code.outputs import read_value, same_text, same_value
from filters.verifiers.code.prelude import prelude
from filters.verifiers.code.programs import Task, Test, read

TOTAL = 300.0
"""Seconds for all tests of a program together; when they are over, nobody knows about the rest."""
NO_PROGRAM = {
    "text", "txt", "plaintext", "output", "input", "console", "json", "yaml", "csv", "diff",
    "markdown", "md", "math", "latex", "tex",
}  # fmt: skip
"""Labels of code blocks that show something else than a program."""

_FENCE = re.compile(r"(?P<indent> {0,8})(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^\s`]{0,40})[^`]*")
_ERROR = re.compile(r"[A-Za-z_][\w.]{0,60}")


@dataclass(frozen=True)
class Result:
    """What became of one test."""

    number: int
    """From 1, in the order of the reference."""
    reason: str | None
    """None where it passed; else `wrong_answer`, `runtime_error`, `time_limit`, `memory_limit` or
    `output_limit`, and for what is not the program's fault `machine_slow` or `timeout`."""
    detail: str = ""
    """The name of a Python error."""
    cpu: float = 0.0
    """Seconds of CPU time."""


def extract(response: str) -> str | None:
    r"""The last fenced code block of a response that holds a program, or None.

    A fence that is never closed goes on to the end, as in CommonMark. Blocks with a label of
    `NO_PROGRAM` are passed over: many answers end with an example of the output.

    >>> extract("So:\n```python\nprint(1)\n```\nIt prints\n```text\n1\n```")
    'print(1)'
    """
    last: str | None = None
    opened: re.Match[str] | None = None
    inside: list[str] = []
    for line in response.replace("\r\n", "\n").split("\n"):
        match = _FENCE.fullmatch(line)
        if opened is None:
            opened, inside = match, []
        elif match and match["fence"].startswith(opened["fence"]) and not match["label"]:
            last, opened = _program(inside, opened) or last, None
        else:
            inside.append(line)
    return (_program(inside, opened) if opened else None) or last


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
    blamed = [result for result in failed if result.reason not in ("machine_slow", "timeout")]
    first = (blamed or failed)[0]
    numbers = [str(result.number) for result in failed if result.reason == first.reason]
    told = f"{first.reason}: test{'s' * (len(numbers) > 1)} {', '.join(numbers[:20])}"
    told += f" and {len(numbers) - 20} more" * (len(numbers) > 20) + f" of {len(task.tests)}"
    told += f", {first.detail}" if first.detail else ""
    return incorrect(told, answer) if blamed else unverifiable(told, answer)


def needs_nothing(reference: object) -> bool:
    """Whether a program that does nothing passes: then its tests test nothing.

    A sandbox is started only where a test calls no function of the program's.
    """
    task = read(reference)
    if not all(_met_by_nothing(test) for test in task.tests):
        return False
    written = all(test.call is None for test in task.tests)
    return written or judge("pass", reference).outcome == "correct"


def _met_by_nothing(test: Test) -> bool:
    """Whether a test may pass where nothing is written, nor defined."""
    if test.call is None:
        return _as_expected(b"", test)
    expression = test.call.get("expression")
    if not isinstance(expression, str):
        return False
    names = [node for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]
    bound = {name.id for name in names if not isinstance(name.ctx, ast.Load)} | set(dir(builtins))
    return bool(prelude(expression)) or {name.id for name in names} <= bound


def run_tests(program: str, task: Task) -> Iterator[Result]:
    """Runs a program against one test after another; stops at a failure unless `task.run_all`.

    Raises:
        SandboxMissing, SandboxFailed: nothing is known about the program.
    """
    deadline = time.monotonic() + TOTAL
    for number, test in enumerate(task.tests, 1):
        if time.monotonic() > deadline:
            yield Result(number, "timeout")
            return
        result = _tested(program, task, test, number)
        yield result
        if result.reason and not task.run_all:
            return


def _tested(program: str, task: Task, test: Test, number: int) -> Result:
    files = {task.file: program.encode(errors="replace")}
    if test.call is not None:
        imports = prelude(f"{program}\n{test.call.get('expression', '')}")
        # The format that every Python 3 reads and writes.
        call = marshal.dumps({"prelude": imports, **test.call}, 2)
        files |= {"harness.py": _harness(), "call": call}
        command = [*_python(), "{box}/harness.py", "{box}/" + task.file, "{box}/call"]
    else:
        template = task.command or (*_python(), "{file}")
        command = [word.replace("{file}", "{box}/" + task.file) for word in template]
    limits = sandbox.Limits(cpu=task.cpu, memory=task.memory)
    ended = sandbox.run(command, files, test.stdin.encode(), limits)
    reason, detail = _fault(ended)
    if reason is None and not _as_expected(ended.stdout, test):
        reason = "wrong_answer"
    if reason == "time_limit" and ended.stopped and sandbox.slow_machine(ended.stopped):
        reason = "machine_slow"
    return Result(number, reason, detail, ended.cpu)


def _python() -> list[str]:
    return [sandbox.python(), "-s", "-B"]


@cache
def _harness() -> bytes:
    return Path(__file__).with_name("harness.py").read_bytes()


def _fault(ended: sandbox.Ended) -> tuple[str | None, str]:
    """Why a program failed before anything is compared, and the name of its error."""
    if ended.stopped:
        return ("time_limit" if ended.stopped == "waited" else ended.stopped), ""
    if ended.code == 0:
        return None, ""
    if ended.code == 128 + 24:  # SIGXCPU, where nobody looked in time
        return "time_limit", ""
    last = ended.stderr.decode(errors="replace").rstrip().rpartition("\n")[2]
    name = last.partition(":")[0].strip()
    if name == "MemoryError" or "std::bad_alloc" in last:
        return "memory_limit", ""
    return "runtime_error", name if _ERROR.fullmatch(name) else f"exit code {ended.code}"


def _as_expected(output: bytes, test: Test) -> bool:
    if test.call is None:
        return same_text(output.decode(errors="replace"), str(test.expected), test.tolerance)
    try:
        found = read_value(output)
        wanted = [test.expected]
        if test.wrapped and isinstance(test.expected, list):
            wanted += test.expected
        return any(same_value(found, value, test.strict, test.tolerance) for value in wanted)
    except (ValueError, RecursionError):
        return False


def _program(lines: list[str], opened: re.Match[str]) -> str | None:
    """The text of a block, less the indentation of its fence; None where it is no program."""
    indent = len(opened["indent"])
    text = "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines)
    return text if opened["label"].lower() not in NO_PROGRAM and text.strip() else None
