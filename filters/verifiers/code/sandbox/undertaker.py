"""A process that waits for ours to die and then ends the sandboxes that were left.

Bubblewrap ties a sandbox to us only once it is built. Whoever kills us in those milliseconds would
leave a program behind that nobody watches. So each of our sandboxes carries a mark in its command
line, where the program cannot change it, and this process looks for the mark when we are gone.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

LOOKS = 50
"""How often it looks for sandboxes, ten times a second: one may be just about to start."""


def mark() -> str:
    """What the sandboxes of this process carry; the first call starts the undertaker."""
    return _started(os.getpid())[0]  # a fork has an undertaker of its own


@cache
def _started(process: int) -> tuple[str, subprocess.Popen[bytes]]:
    name = f"sandbox-{process}-{os.urandom(8).hex()}"
    undertaker = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(process), name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # what ends our session or group does not end it
    )
    return name, undertaker


def bury(process: int, name: str) -> None:
    """Waits until a process is gone, then kills all others whose command line has a name."""
    with suppress(ProcessLookupError):
        waiting = select.poll()
        waiting.register(os.pidfd_open(process), select.POLLIN)
        waiting.poll()
    for _ in range(LOOKS):
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if name.encode() in words and int(folder.name) != os.getpid():
                    os.kill(int(folder.name), signal.SIGKILL)
        time.sleep(0.1)


if __name__ == "__main__":
    bury(int(sys.argv[1]), sys.argv[2])
