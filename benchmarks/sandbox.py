"""How many trivial programs a second the sandbox runs: `python benchmarks/sandbox.py`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from filters.verifiers import verify
from filters.verifiers.code import sandbox

SECONDS = 5.0
REFERENCE = {"tests": [{"input": "21\n", "output": "42\n"}]}
CALL = {"function": "double", "tests": [{"arguments": [21], "result": 42}]}


def true() -> bool:
    return sandbox.run(["true"], {}, b"", sandbox.Limits()).code == 0


def python() -> bool:
    return verify("```python\nprint(2 * int(input()))\n```", REFERENCE, "code").outcome == "correct"


def call() -> bool:
    program = "```python\ndef double(x):\n    return 2 * x\n```"
    return verify(program, CALL, "code").outcome == "correct"


def rate(task: Callable[[], bool], threads: int) -> float:
    """Runs a second while each of the threads runs one after another."""
    end = time.monotonic() + SECONDS

    def work(_: int) -> int:
        count = 0
        while time.monotonic() < end:
            assert task(), "a program that is right was not judged correct"
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, range(threads))) / SECONDS


def main() -> None:
    assert sandbox.missing() is None, sandbox.missing()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, {sandbox.python()}")
    for name, task in (("true", true), ("Python, stdin and stdout", python), ("a call", call)):
        one, all_ = rate(task, 1), rate(task, cores)
        print(f"{name:26} {one:6.0f}/s one at a time, {all_:6.0f}/s {cores} at a time")


if __name__ == "__main__":
    main()
