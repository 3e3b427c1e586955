"""How a process that another started ends: with it, and without waiting for threads."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone (Linux)."""
    parent_death_signal = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def end_at_once(code: int) -> NoReturn:
    """End this process without the interpreter's own ending: engines, pools and trainers leave
    threads that may hang there."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
