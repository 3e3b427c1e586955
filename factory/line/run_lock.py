"""One process at a time in a run folder, and a word on who it is."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from factory.errors import RunInUse
from factory.run_folder import RunFolder


@contextmanager
def held(run: RunFolder) -> Iterator[int]:
    """Hold the run folder; yields the lock's file descriptor.

    Stages inherit the descriptor, so the folder stays held until the last of them is gone, even
    when the process that started them was killed.

    Raises:
        RunInUse: saying which process on which machine holds it, and since when.
    """
    run.path.mkdir(parents=True, exist_ok=True)
    handle = os.open(run.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 500).decode() or "another process"
            raise RunInUse(
                f"{run.path} is in use by {holder.strip()}; wait for it, or end it"
            ) from None
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        os.truncate(handle, 0)
        os.pwrite(
            handle, f"process {os.getpid()} on {socket.gethostname()} since {since}\n".encode(), 0
        )
        yield handle
    finally:
        os.close(handle)


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
