"""What a tree of processes uses: memory, CPU time and files, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """Sums over a process and all that descend from it."""

    memory: int
    """Bytes of memory that is not a file's; pages that a fork still shares count for each one."""
    cpu: float
    """Seconds of CPU time, with that of children which have ended and been waited for."""


def usage(root: int) -> Usage:
    """What a process and its descendants use; what ends meanwhile counts nothing.

    >>> usage(os.getpid()).memory > 0
    True
    """
    memory, cpu = 0, 0.0
    for process in tree(root):
        try:
            # The name in parentheses may hold anything, blanks and parentheses too.
            fields = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
            status = (process / "status").read_text(errors="replace")
        except OSError:
            continue
        cpu += sum(int(ticks) for ticks in fields[11:15]) / _TICK
        memory += sum(
            int(line.split()[1]) * 1024
            for line in status.splitlines()
            if line.startswith(("RssAnon:", "RssShmem:"))
        )
    return Usage(memory, cpu)


def shared_memory(root: int) -> int | None:
    """Bytes as in `Usage.memory`, but with shared pages counted once; slower. None: not told.

    >>> 0 < (shared_memory(os.getpid()) or 1)
    True
    """
    kilobytes = 0
    for process in tree(root):
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            return None
        kilobytes += sum(
            int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))
        )
    return 1024 * kilobytes


def files(root: int) -> int:
    """Files and folders in what a sandbox can write to; 0 where that cannot be seen."""
    walls = f"/proc/{root}/root"
    try:
        if os.stat(walls).st_dev == os.stat("/").st_dev:  # bubblewrap is still building them
            return 0
        disks = [os.statvfs(walls + folder) for folder in ("/tmp", "/dev/shm")]
    except OSError:  # it ends, or we may not look into it
        return 0
    return sum(disk.f_files - disk.f_ffree for disk in disks)


def tree(root: int) -> list[Path]:
    """The folders in /proc of a process and its descendants, ancestors first."""
    found = [Path(f"/proc/{root}")]
    for process in found:  # grows while it is walked
        try:
            threads = list((process / "task").iterdir())
            found += [
                Path(f"/proc/{child}")
                for thread in threads
                for child in (thread / "children").read_text().split()
            ]
        except OSError:
            continue
    return found
