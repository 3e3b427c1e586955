"""The walls of the sandbox: command lines for bubblewrap and for the limits of one process."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from filters.verifiers.code.sandbox.supervisor import Limits
from filters.verifiers.code.sandbox.undertaker import mark

USER = 64738
"""The user that programs run as where this process is root: root has no limit on processes."""
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the same verdict twice
    "PYTHONINTMAXSTRDIGITS": "0",  # long integers may be written and read
    "OMP_NUM_THREADS": "1",  # numpy starts a thread for each core, and threads are limited
    "OPENBLAS_NUM_THREADS": "1",
}


def walls(limits: Limits, packages: Path | None = None) -> list[str]:
    """`bwrap` and its options, but for files, filter and command; as root, a lesser user first.

    Args:
        limits: what the program may use.
        packages: a folder of Python packages that it finds there, read-only.
    """
    step_down = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    parts = [*(step_down if os.geteuid() == 0 else []), "bwrap", "--unshare-user", "--unshare-all"]
    parts += ["--disable-userns", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    parts += ["--clearenv", "--unsetenv", mark()]  # there is none, and so the mark does no more
    for name, value in ENVIRONMENT.items():
        parts += ["--setenv", name, value]
    # Constant paths only: bubblewrap follows symlinks while it builds the new root.
    parts += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        if Path("/", name).is_symlink():
            parts += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif Path("/", name).is_dir():
            parts += ["--ro-bind", f"/{name}", f"/{name}"]
    for path in ("/etc/alternatives", "/etc/ld.so.cache", sys.base_prefix):
        if not path.startswith("/usr/") and path != "/usr" and readable(Path(path)):
            parts += ["--ro-bind", path, path]
    if packages:
        parts += ["--ro-bind", str(packages), "/packages", "--setenv", "PYTHONPATH", "/packages"]
    parts += ["--proc", "/proc", "--dev", "/dev"]
    # The first process belongs to the same user, and neither filter nor limits hold for it: who
    # could write to its memory would be free of them.
    parts += ["--size", "4096", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1"]
    parts += ["--size", str(limits.disk), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    parts += ["--size", str(limits.disk), "--tmpfs", "/tmp", "--dir", "/box", "--chdir", "/tmp"]
    return parts


def limited(limits: Limits) -> list[str]:
    """`prlimit` for a single process: what stands where a look at the tree comes too late."""
    stack = 64 * 2**20
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    per_process = {
        "cpu": int(min(limits.cpu * limits.lines, 10**6)) + 2,
        "data": limits.memory,  # memory it can write to, not address space it reserves
        "as": limits.memory + 8 * 2**30,
        "fsize": max(limits.disk // 4, 1),
        "nofile": 256,
        "core": 0,
        "stack": stack if hard == resource.RLIM_INFINITY else min(stack, hard),
    }
    return ["prlimit", *(f"--{name}={value}:{value}" for name, value in per_process.items())]


def readable(path: Path) -> bool:
    """Whether the user that programs run as can read a program or folder."""
    if os.geteuid() != 0:
        return os.access(path, os.R_OK)
    if not path.exists() or not path.stat().st_mode & 0o004:
        return False
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)
