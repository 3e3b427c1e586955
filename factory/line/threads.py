"""Threads of stages: all of them for one that is alone, a part for each where two run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def slots() -> int:
    """How many stages run side by side.

    On a GPU one, which has the card to itself. On CPUs two: the student's base need not wait for
    the teacher.
    """
    return 1 if Path("/dev/nvidia0").exists() or cores() == 1 else 2


def cores() -> int:
    """How many threads this machine lets a process run at once."""
    return len(os.sched_getaffinity(0))


def environment(stages: int) -> dict[str, str]:
    """What a new stage's process needs to know, `stages` running with it.

    A thread that waits for another sleeps. GNU's OpenMP would have it spin, and beside other work,
    as that of verifiers, a training was then 14 times slower with two threads than with one.
    """
    wait = os.environ.get("OMP_WAIT_POLICY", "PASSIVE")
    return {"OMP_NUM_THREADS": str(cores() // stages), "OMP_WAIT_POLICY": wait}


def share_out(pipes: Sequence[int]) -> None:
    """Tell running stages how many threads each may have; one descriptor for each stage."""
    for pipe in pipes:
        with contextlib.suppress(BrokenPipeError):  # it has just ended
            os.write(pipe, b"%d\n" % (cores() // len(pipes)))


class Share:
    """The threads that a stage's own process may have."""

    def __init__(self, pipe: int):
        """`pipe`: the descriptor that numbers come over."""
        os.set_blocking(pipe, False)
        self._pipe, self._wanted = pipe, 0

    def look(self) -> None:
        """Take what was told last; from the thread that computes, since OpenMP counts by thread."""
        with contextlib.suppress(BlockingIOError):
            if told := os.read(self._pipe, 2**16):
                self._wanted = int(told.split()[-1])
        torch: Any = sys.modules.get("torch")
        if self._wanted and torch:
            # vLLM puts a function that does nothing in place of torch.set_num_threads, since its
            # worker processes are bound to cores. In this process nothing is.
            torch._C.set_num_threads(self._wanted)
            self._wanted = 0
