"""A process that ends when the one that started it does."""

from __future__ import annotations

import ctypes
import signal
import sys


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone (Linux)."""
    parent_death_signal = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
