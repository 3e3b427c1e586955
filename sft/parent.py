"""How a process that another started ends: with it, and without waiting for threads."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import NoReturn

GUARD = """
import contextlib, os, select, signal, sys
leader = int(sys.argv[1])
with contextlib.suppress(ProcessLookupError):  # it is gone already
    select.select([os.pidfd_open(leader)], [], [])
with contextlib.suppress(ProcessLookupError):  # and so is all that it started
    os.killpg(leader, signal.SIGKILL)
"""
"""Waits for the end of a process, and ends what is left of its group."""


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone (Linux)."""
    parent_death_signal = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def take_group_along() -> None:
    """Have the processes of this one's group killed when it is gone, however it ends (Linux).

    vLLM's engines do not notice that whoever started them was killed, and would hold a GPU's memory
    for ever. For the first process of a group.
    """
    if sys.platform == "linux" and os.getpgrp() == os.getpid():
        subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", GUARD, str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )


def end_at_once(code: int) -> NoReturn:
    """End this process without the interpreter's own ending: engines, pools and trainers leave
    threads that may hang there."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
