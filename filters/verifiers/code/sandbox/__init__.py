"""The sandbox: runs a program that nobody trusts, and says how it ended.

Bubblewrap gives it namespaces of its own: no network, no environment, a read-only system, a private
/tmp of limited size, no sight of other processes. A filter refuses system calls that no test needs.
Around that stand limits, watched from outside for the whole tree of processes. CPU time and waiting
are limited apart, since a program that waits is not one that computes.

Not covered: faults of the kernel itself; side channels; and a limit on memory that holds at every
instant, which takes a cgroup: the tree is looked at every few milliseconds, and until then each
process is held by limits of its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from filters.verifiers.code.sandbox import seccomp
from filters.verifiers.code.sandbox.supervisor import (
    Ended,
    Limits,
    SandboxFailed,
    Stop,
    started,
    watched,
)
from filters.verifiers.code.sandbox.walls import ENVIRONMENT, USER, limited, readable, walls

__all__ = ["Ended", "Limits", "SandboxFailed", "SandboxMissing", "allow", "allow_unsandboxed",
           "missing", "python", "run", "slow_machine"]  # fmt: skip

allow_unsandboxed = False
"""Whether programs may run with limits alone where there is no isolation. Whoever sets this lets
text that a model wrote act as this user: read files, use the network, leave processes behind."""

HOW = (
    "Programs written by models run only inside bubblewrap 0.8 or newer: "
    "`apt-get install bubblewrap` (or dnf, pacman, apk), in a container with user namespaces "
    "(docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined)."
)
"""How to get isolation, for a person who has none."""

# As many at once as there are cores, so that programs do not wait for each other.
_slots = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))
_best_canary = float("inf")


class SandboxMissing(RuntimeError):
    """There is no isolation on this machine; the text says how to get it."""


def run(command: Sequence[str], files: Mapping[str, bytes], stdin: bytes, limits: Limits) -> Ended:
    """Runs a command in the sandbox and waits until every process of it is gone.

    Args:
        command: program and arguments; `{box}` in them is the folder of the files.
        files: what stands there, read-only, by name.
        stdin: what the program reads.
        limits: where it is stopped.

    Raises:
        SandboxMissing: there is no isolation here and `allow_unsandboxed` is off.
        SandboxFailed: the sandbox could not be set up this time.
    """
    if wrong := missing():
        if not allow_unsandboxed:
            raise SandboxMissing(wrong)
        return _run_bare(command, files, stdin, limits)
    return _run_boxed(command, files, stdin, limits)


def allow(unsandboxed: bool) -> None:
    """Says for this process whether programs may run where there is no isolation.

    A recipe's `allow_unsandboxed` ends here; each process that judges has to be told. Where there
    is isolation it is used, whatever was allowed.
    """
    global allow_unsandboxed
    allow_unsandboxed = unsandboxed
    if unsandboxed and (wrong := missing()):
        warnings.warn(f"programs run without a sandbox, as was allowed: {wrong}", stacklevel=2)


def slow_machine(stopped: Stop) -> bool:
    """Whether a known piece of work is slow here, too: then no program is to blame for its time.

    Args:
        stopped: `time_limit` asks whether the work needs three times the CPU time it once did;
            `waited` asks whether it waits longer than it computes.
    """
    global _best_canary
    work = "import time\nfor _ in range(1_500_000): pass\nprint(time.process_time())"
    box = Limits(cpu=30, memory=256 * 2**20)
    ended = run([python(), "-I", "-S", "-c", work], {}, b"", box)
    if ended.code != 0 or ended.stopped:
        return True
    cpu = float(ended.stdout)
    _best_canary = min(_best_canary, cpu)
    return ended.seconds > 2 * cpu + 0.2 if stopped == "waited" else cpu > 3 * _best_canary


@cache
def missing() -> str | None:
    """Why nothing can be isolated on this machine and what to do, or None; tried once."""
    for program in ("bwrap", "prlimit", *(["setpriv"] * (os.geteuid() == 0))):
        if not shutil.which(program, path=ENVIRONMENT["PATH"]):
            return f"{program} is not installed. {HOW}"
    try:
        ended = _run_boxed(["true"], {}, b"", Limits())
    except SandboxFailed as failure:
        return f"{failure} {HOW}"
    return None if ended.code == 0 else f"`true` ended with {ended.code} in the sandbox. {HOW}"


@cache
def python() -> str:
    """The Python for programs: this one if the sandbox can read it, else the system's.

    Raises:
        SandboxMissing: there is neither.
    """
    own = Path(sys.base_prefix).resolve() / "bin" / f"python3.{sys.version_info.minor}"
    if readable(own):
        return str(own)
    found = shutil.which("python3", path=ENVIRONMENT["PATH"])
    if found is None:
        raise SandboxMissing(
            f"user {USER} cannot read {own}, and there is no Python in /usr: "
            "`apt-get install python3-minimal`"
        )
    return found


def _run_boxed(
    command: Sequence[str], files: Mapping[str, bytes], stdin: bytes, limits: Limits
) -> Ended:
    with ExitStack() as held:
        lent = [_lend(held, data) for data in (stdin, seccomp.program() or b"", *files.values())]
        status, told = os.pipe()
        held.callback(os.close, status)
        box = walls(limits)
        if seccomp.program():
            box += ["--seccomp", str(lent[1])]
        for name, descriptor in zip(files, lent[2:], strict=True):
            box += ["--file", str(descriptor), f"/box/{name}"]
        box += ["--remount-ro", "/", "--json-status-fd", str(told), "--"]
        arguments = [argument.replace("{box}", "/box") for argument in command]
        whole = [*box, *limited(limits), f"--nproc={limits.processes}", "--", *arguments]
        held.enter_context(_slots)
        try:
            process = started(whole, lent[0], (*lent[1:], told), ENVIRONMENT)
        finally:
            os.close(told)
        return watched(process, limits, status)


def _run_bare(
    command: Sequence[str], files: Mapping[str, bytes], stdin: bytes, limits: Limits
) -> Ended:
    with ExitStack() as held:
        box = held.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        for name, data in files.items():
            (Path(box) / name).write_bytes(data)
        arguments = [argument.replace("{box}", box) for argument in command]
        descriptor = _lend(held, stdin)
        held.enter_context(_slots)
        process = started([*limited(limits), "--", *arguments], descriptor, (), ENVIRONMENT)
        return watched(process, limits, None)


def _lend(held: ExitStack, data: bytes) -> int:
    """A descriptor of a file in memory that nobody can write to any more."""
    descriptor = os.memfd_create("lent", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    held.callback(os.close, descriptor)
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
