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
ASSERTS = {"asserts": [f"assert double({n}) == {2 * n}" for n in range(8)]}
"""As many as HumanEval and MBPP+ have on average, at least."""
CHECK = {
    "test": "def check(candidate):\n    for n in range(8):\n        assert candidate(n) == 2 * n",
    "entry_point": "double",
}
DOUBLE = "```python\ndef double(x):\n    return 2 * x\n```"


def true() -> bool:
    return sandbox.run(["true"], {}, b"", sandbox.Limits()).code == 0


def python() -> bool:
    return verify("```python\nprint(2 * int(input()))\n```", REFERENCE, "code").outcome == "correct"


def call() -> bool:
    return verify(DOUBLE, CALL, "code").outcome == "correct"


def asserts() -> bool:
    return verify(DOUBLE, ASSERTS, "code").outcome == "correct"


def check() -> bool:
    return verify(DOUBLE, CHECK, "code").outcome == "correct"


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
    tasks = {
        "true": true,
        "Python, stdin and stdout": python,
        "a call": call,
        "eight asserts": asserts,
        "a program of tests": check,
    }
    for name, task in tasks.items():
        one, all_ = rate(task, 1), rate(task, cores)
        print(f"{name:26} {one:6.0f}/s one at a time, {all_:6.0f}/s {cores} at a time")


if __name__ == "__main__":
    main()
