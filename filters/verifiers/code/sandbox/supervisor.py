"""One program that runs: what it may use, what it writes, how it ends."""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from filters.verifiers.code.sandbox.usage import files, shared_memory, tree, usage

LOOK = 0.02
"""Seconds between two looks at what the program uses."""
KEPT = 64 * 2**10
"""Bytes of the error output that are kept; the rest counts and is dropped."""

FILES = 20_000
"""Files and folders a program may make; the size of /tmp does not limit empty ones."""

Stop = Literal["time_limit", "waited", "over", "memory_limit", "output_limit"]


class SandboxFailed(RuntimeError):
    """The sandbox itself failed, this once: nothing is known about the program."""


@dataclass(frozen=True)
class Limits:
    """What a program and all processes it starts may use."""

    cpu: float = 10.0
    """Seconds of CPU time."""
    memory: int = 512 * 2**20
    """Bytes of memory."""
    output: int = 16 * 2**20
    """Bytes of output, and as many of error output."""
    disk: int = 64 * 2**20
    """Bytes in /tmp; a single file may have a quarter."""
    processes: int = 64
    """Processes and threads at once."""
    lines: int = 1
    """How often the times start anew, each time with a line of output; 1: they are for all of it.
    For a program that does several things one after another, each of them in this time."""
    longest: float = float("inf")
    """Seconds from start to end, however many lines there are."""

    @property
    def wall(self) -> float:
        """Seconds from start to end: time to compute on a busy machine, or to wait a little."""
        return 3 * self.cpu + 2


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    """Exit code; 128 and the signal's number where a signal ended it."""
    stdout: bytes
    stderr: bytes
    """Its first `KEPT` bytes."""
    cpu: float
    """Seconds of CPU time, as last seen."""
    seconds: float
    """Seconds from start to end."""
    stopped: Stop | None = None
    """The limit at which it was stopped, or None where it ended by itself."""


def started(
    command: Sequence[str],
    stdin: int,
    kept: Sequence[int],
    environment: Mapping[str, str],
    stdout: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, with its output on pipes."""
    # The environment of bubblewrap itself can be read inside, in /proc/1/environ.
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=dict(environment),
        pass_fds=kept,
        start_new_session=True,
    )


def watched(
    process: subprocess.Popen[bytes], limits: Limits, status: int | None, other: int | None = None
) -> Ended:
    """Reads what the program writes until it ends, or stops it; then all its processes are gone.

    Args:
        process: what was started.
        limits: where it is stopped.
        status: where bubblewrap reports; None where there is none.
        other: pidfd of another process: with its end this one ends, too.
    """
    start = time.monotonic()
    try:
        watch = _Watch(process, limits, status, other)
    except BaseException:
        process.kill()
        raise
    try:
        stopped = watch.until_end_or_limit(start)
        code = watch.end(stopped)
        return Ended(
            code, bytes(watch.stdout), bytes(watch.stderr), watch.cpu, watch.ended - start,
            stopped or watch.overflow(),
        )  # fmt: skip
    finally:
        watch.close()


class _Watch:
    """One program that runs: its output so far, what it used when last looked at, how to end it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        status: int | None,
        other: int | None,
    ):
        self.process, self.limits, self.boxed = process, limits, status is not None
        self.stdout, self.stderr, self.report = bytearray(), bytearray(), bytearray()
        self.dropped = 0  # bytes of error output
        self.met = False  # whether bubblewrap came to start the sandbox's first process
        self.first: int | None = None  # pidfd of that process
        self.root = process.pid
        self.cpu, self.ended = 0.0, 0.0
        self.lines, self.counted = 0, 0  # lines of output so far, in so many bytes
        self.spent = 0.0  # CPU time until the last of them
        self.pipes = selectors.DefaultSelector()
        self.exit, self.other, self.let_go = os.pidfd_open(process.pid), other, False
        for descriptor, into in (
            (process.stdout, self.stdout),
            (process.stderr, self.stderr),
            (status, self.report),
            (self.exit, None),
            (other, None),
        ):
            if descriptor is not None:
                self.pipes.register(descriptor, selectors.EVENT_READ, into)

    def until_end_or_limit(self, start: float) -> Stop | None:
        looked = began = start
        while True:
            if self._read(LOOK):
                return None
            now = time.monotonic()
            if self._went_on():
                start = now
            if stop := self.overflow():
                return stop
            if now - looked >= LOOK:
                looked = now
                if stop := self._look():
                    return stop
            if now - start > self.limits.wall:
                return "waited"
            if now - began > self.limits.longest:
                return "over"

    def _went_on(self) -> bool:
        """Whether the next of several things has begun, with times of its own."""
        if self.limits.lines == 1:
            return False
        fresh = self.stdout.count(b"\n", self.counted)
        self.counted = len(self.stdout)
        went_on = fresh > 0 and self.lines < self.limits.lines
        self.lines += fresh
        if went_on:
            self.cpu = max(self.cpu, usage(self.root).cpu)
            self.spent = self.cpu
        return went_on

    def _look(self) -> Stop | None:
        used = usage(self.root)
        self.cpu = max(self.cpu, used.cpu)
        if used.memory > self.limits.memory:
            memory = shared_memory(self.root)
            if memory is None or memory > self.limits.memory:
                return "memory_limit"
        if self.boxed and files(self.root) > FILES:
            return "output_limit"
        return "time_limit" if self.cpu - self.spent > self.limits.cpu else None

    def overflow(self) -> Stop | None:
        """Whether it wrote more than it may."""
        most = max(len(self.stdout), len(self.stderr) + self.dropped)
        return "output_limit" if most > self.limits.output else None

    def _read(self, timeout: float) -> bool:
        """Takes what is there to be read; whether the process has ended."""
        ended = False
        for key, _ in self.pipes.select(timeout):
            if key.data is None:
                ended = True
                self.let_go |= key.fd == self.other
                continue
            piece = os.read(key.fd, 2**16)
            if not piece:
                self.pipes.unregister(key.fd)
            elif key.data is self.stderr:
                room = max(0, KEPT - len(self.stderr))
                self.stderr += piece[:room]
                self.dropped += len(piece) - len(piece[:room])
            else:
                key.data.extend(piece)
            if key.data is self.report and not self.met and b"\n" in self.report:
                self._meet()
        return ended

    def _meet(self) -> None:
        """Finds the first process of the sandbox: when it is gone, so are all the others."""
        self.root = json.loads(self.report.partition(b"\n")[0])["child-pid"]
        self.met = True
        with suppress(ProcessLookupError):  # it is gone already
            self.first = os.pidfd_open(self.root)

    def end(self, stopped: Stop | None) -> int:
        """Kills whatever is left, reads the rest and returns the exit code.

        Raises:
            SandboxFailed: bubblewrap never came to run the program, or its processes do not die.
        """
        code = self._kill()
        self.ended = time.monotonic()
        for descriptor in (self.exit, self.other):
            if descriptor is not None and self.pipes.get_map().get(descriptor):
                self.pipes.unregister(descriptor)
        deadline = time.monotonic() + 5
        while self.pipes.get_map() and time.monotonic() < deadline and not self.overflow():
            self._read(0.1)  # the dead close their pipes; only without a sandbox some may live
        if not self.boxed:
            return 128 - code if code < 0 else code
        if not self.met and not self.let_go:
            raise SandboxFailed(f"bubblewrap did not start: {self._last_words()}.")
        if self.first is not None and not _ends(self.first, seconds=5):
            raise SandboxFailed("processes of the sandbox are still there 5 seconds after SIGKILL.")
        if code > 0 and not (stopped or self.let_go) and b"exit-code" not in self.report:
            raise SandboxFailed(f"bubblewrap failed with {code}: {self._last_words()}.")
        return 128 - code if code < 0 else code

    def _kill(self) -> int:
        """Kills every process there is and returns the exit code of the first."""
        if self.first is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)
        else:  # bubblewrap still starts, when its child would not notice its death; or is not used
            for process in reversed(tree(self.process.pid)):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(int(process.name), signal.SIGKILL)
        self.process.kill()
        return self.process.wait()

    def _last_words(self) -> str:
        return self.stderr[-300:].decode(errors="replace").strip() or "it said nothing"

    def close(self) -> None:
        """Ends what still runs, whatever happened, and closes what was opened."""
        if self.process.poll() is None:
            self._kill()
        self.pipes.close()
        for descriptor in (self.exit, self.first):
            if descriptor is not None:
                os.close(descriptor)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def _ends(process: int, seconds: float) -> bool:
    """Whether the process of a pidfd is gone, after some time at most."""
    waiting = select.poll()  # select() itself knows no descriptor above 1,023
    waiting.register(process, select.POLLIN)
    return bool(waiting.poll(1000 * seconds))
