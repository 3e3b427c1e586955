"""One process at a time in a run folder, and a word on who it is."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.errors import RunInUse
from factory.run_folder import RunFolder

ENDING = 10.0
"""Seconds that the stages of a process get that was killed."""


@contextmanager
def held(run: RunFolder) -> Iterator[int]:
    """Hold the run folder; yields the lock's file descriptor.

    Stages inherit the descriptor, so the folder stays held until the last of them is gone, even
    when the process that started them was killed; they take a moment to end then, and get `ENDING`
    seconds.

    Raises:
        RunInUse: saying which process on which machine holds it, and since when.
    """
    run.path.mkdir(parents=True, exist_ok=True)
    handle, until = os.open(run.lock, os.O_RDWR | os.O_CREAT, 0o644), time.monotonic() + ENDING
    try:
        while not _taken(handle):
            holder = os.pread(handle, 500, 0).decode() or "another process"
            if time.monotonic() > until or not _is_gone(holder):
                raise RunInUse(f"{run.path} is in use by {holder.strip()}; wait for it, or end it")
            time.sleep(0.1)
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        os.truncate(handle, 0)
        os.pwrite(
            handle, f"process {os.getpid()} on {socket.gethostname()} since {since}\n".encode(), 0
        )
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_gone(holder: str) -> bool:
    """Whether a holder, as it is noted, was a process of this machine and is no more."""
    noted = re.match(r"process (\d+) on (\S+) since ", holder)
    if noted is None or noted[2] != socket.gethostname():
        return False
    return not Path(f"/proc/{noted[1]}").exists()


def held_by(run: RunFolder) -> str | None:
    """Who holds the run folder now, or None."""
    if not run.lock.exists():
        return None
    with run.lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return handle.read().strip() or "another process"
    return None
