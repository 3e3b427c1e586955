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
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import NamedTuple

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

__all__ = ["Ended", "Limits", "SandboxFailed", "SandboxMissing", "What", "allow",
           "allow_unsandboxed", "importable", "missing", "packages", "provide", "python", "run",
           "slow_machine", "talk"]  # fmt: skip

allow_unsandboxed = False
"""Whether programs may run with limits alone where there is no isolation. Whoever sets this lets
text that a model wrote act as this user: read files, use the network, leave processes behind."""
packages: Path | None = None
"""A folder of Python packages that programs may import; `provide` sets it."""

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


class What(NamedTuple):
    """A command for the sandbox; `{box}` in its words is the folder of the files."""

    command: Sequence[str]
    files: Mapping[str, bytes]
    """What stands there, read-only, by name."""
    limits: Limits
    """Where it is stopped."""


Running = tuple[subprocess.Popen[bytes], Limits, int | None]
"""A process in a sandbox, its limits, and where bubblewrap reports."""


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
    return _run(_start(), What(command, files, limits), stdin)


def talk(asks: What, answers: What) -> tuple[Ended, Ended]:
    """Runs two commands in sandboxes of their own, each reading what the other writes.

    With the end of the first the second ends, too; only their error output is told.

    Raises:
        SandboxMissing: there is no isolation here and `allow_unsandboxed` is off.
        SandboxFailed: a sandbox could not be set up this time.
    """
    start = _start()
    with ExitStack() as held, ThreadPoolExecutor(1) as beside:
        ends = [*os.pipe(), *os.pipe()]
        try:
            held.enter_context(_slots)  # one for both: they work in turn
            first = start(held, asks, ends[0], ends[3])
            other = os.pidfd_open(first[0].pid)
            held.callback(os.close, other)
            try:
                second = start(held, answers, ends[2], ends[1])
            except BaseException:
                first[0].kill()
                raise
        finally:
            for end in ends:  # so that each sees the other's end
                os.close(end)
        answered = beside.submit(watched, *second, other)
        return watched(*first), answered.result()


def _start() -> Callable[[ExitStack, What, int, int], Running]:
    """How commands are started on this machine.

    Raises:
        SandboxMissing: they may not be.
    """
    wrong = missing()
    if wrong and not allow_unsandboxed:
        raise SandboxMissing(wrong)
    return _start_bare if wrong else _start_boxed


def _run(start: Callable[[ExitStack, What, int, int], Running], what: What, stdin: bytes) -> Ended:
    with ExitStack() as held:
        lent = _lend(held, stdin)
        held.enter_context(_slots)
        return watched(*start(held, what, lent, subprocess.PIPE))


def allow(unsandboxed: bool) -> None:
    """Says for this process whether programs may run where there is no isolation.

    A recipe's `allow_unsandboxed` ends here; each process that judges has to be told. Where there
    is isolation it is used, whatever was allowed.
    """
    global allow_unsandboxed
    allow_unsandboxed = unsandboxed
    if unsandboxed and (wrong := missing()):
        warnings.warn(f"programs run without a sandbox, as was allowed: {wrong}", stacklevel=2)


def provide(folder: Path | str | None, home: Path | None = None) -> None:
    """Says for this process which folder of Python packages programs may import.

    A recipe's `sandbox_packages` ends here; each process that judges has to be told.

    Args:
        folder: as `pip install --target` makes it; None: there are no further packages.
        home: where a relative path starts.
    """
    global packages
    packages = ((home or Path()) / Path(folder).expanduser()).resolve() if folder else None
    importable.cache_clear()
    missing.cache_clear()


@cache
def importable(name: str) -> bool:
    """Whether a program in the sandbox finds a module or package of this name.

    Raises:
        SandboxMissing, SandboxFailed: nothing runs here.
    """
    look = "import importlib.util, sys\nsys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return run([python(), "-s", "-B", "-c", look, name], {}, b"", Limits()).code == 0


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
    if packages and not (packages.is_dir() and readable(packages)):
        return (
            f"sandbox_packages: {packages} is no folder that programs in the sandbox can read. "
            f"Make it with `{python()} -m pip install --target FOLDER numpy`, where all may read."
        )
    try:
        ended = _run(_start_boxed, What(["true"], {}, Limits()), b"")
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


def _start_boxed(held: ExitStack, what: What, stdin: int, stdout: int) -> Running:
    files, limits = what.files, what.limits
    filter, *lent = [_lend(held, data) for data in (seccomp.program() or b"", *files.values())]
    status, told = os.pipe()
    held.callback(os.close, status)
    box = walls(limits, packages)
    if seccomp.program():
        box += ["--seccomp", str(filter)]
    for name, descriptor in zip(files, lent, strict=True):
        box += ["--file", str(descriptor), f"/box/{name}"]
    box += ["--remount-ro", "/", "--json-status-fd", str(told), "--"]
    arguments = [argument.replace("{box}", "/box") for argument in what.command]
    whole = [*box, *limited(limits), f"--nproc={limits.processes}", "--", *arguments]
    try:
        return started(whole, stdin, (filter, *lent, told), ENVIRONMENT, stdout), limits, status
    finally:
        os.close(told)


def _start_bare(held: ExitStack, what: What, stdin: int, stdout: int) -> Running:
    box = held.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    for name, data in what.files.items():
        (Path(box) / name).parent.mkdir(exist_ok=True)
        (Path(box) / name).write_bytes(data)
    arguments = [argument.replace("{box}", box) for argument in what.command]
    there = ENVIRONMENT | ({"PYTHONPATH": str(packages)} if packages else {})
    whole = [*limited(what.limits), "--", *arguments]
    return started(whole, stdin, (), there, stdout), what.limits, None


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
