"""What a program is tested against, whatever dataset it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from filters.verifiers.code.outputs import USUAL, Tolerance

TIME_LIMIT = 10.0
"""Seconds of CPU time for a test whose reference names none."""
MEMORY_LIMIT = 512 * 2**20
"""Bytes of memory for a test whose reference names none."""


@dataclass(frozen=True)
class Test:
    """One run of a program and what must come of it."""

    __test__ = False  # for pytest, which collects classes of this name

    expected: object
    """Text of the output, or the value of the call as `wire.encode` writes it."""
    stdin: str = ""
    call: tuple[Any, ...] | None = None
    """What the harness is to call, as it takes it; None for a test of the output."""
    strict: bool = False
    """Whether a tuple differs from a list: in asserts, not where values come from JSON."""
    wrapped: bool = False
    """Whether the expected value may be meant without the list around it."""
    tolerance: Tolerance = USUAL


@dataclass(frozen=True)
class Suite:
    """Tests that are programs themselves."""

    parts: tuple[str, ...]
    """Run one after another: a whole program, or asserts."""
    names: tuple[str, ...]
    """The functions of the program that they call."""
    entry: str | None = None
    """The function that `check(candidate)` is to be given, where it has to be called."""
    before: str = ""
    """What the tests count on, run before them."""
    reference: str = ""
    """A program that passes, for tests that compare with what it returns."""


@dataclass(frozen=True)
class Task:
    """All tests of a program, and how it is run."""

    tests: tuple[Test, ...] = ()
    suite: Suite | None = None
    """In place of `tests`, where the tests are a program."""
    prelude: str = ""
    """What a program may count on, run before it."""
    checker: str | None = None
    """A program in Python that says whether an output is right; None: only the expected one is."""
    cpu: float = TIME_LIMIT
    memory: int = MEMORY_LIMIT
    command: tuple[str, ...] | None = None
    """How another language is run; None for Python."""
    file: str = "program.py"
    run_all: bool = False
    solution: str | None = None

    @property
    def count(self) -> int:
        """How many tests there are."""
        return len(self.suite.parts) if self.suite else len(self.tests)
