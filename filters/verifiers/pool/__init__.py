"""The worker pool: hard deadlines and memory limits for code that may hang or explode.

The thread that calls is the one that watches: it sends its task to a worker of its own, waits for
the answer as long as the deadline says, and kills the worker otherwise. No manager stands between,
so nothing that happens to one call can stop another.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from filters.verifiers.pool import nursery

T = TypeVar("T")

DEADLINE = 5.0
"""Seconds of work a call may take; waiting for a free worker does not count."""
WORKERS = max(1, min(8, (os.cpu_count() or 2) // 2))
"""Number of workers: half the cores, since the engine or the trainer wants the rest."""
MEMORY = nursery.MEMORY
"""Bytes of address space a worker may have."""
STARTUP = 120.0
"""Seconds until the first worker must be there; it imports SymPy before."""


class WorkerCrash(RuntimeError):
    """A worker died over a task: of a segmentation fault or a signal from outside."""


class WouldWait(BaseException):
    """A worker is needed, and the caller must not wait; no error of whoever judges."""


_may_wait: ContextVar[bool] = ContextVar("may_wait", default=True)


@contextmanager
def no_waiting() -> Iterator[None]:
    """In here `call` raises `WouldWait` at once."""
    token = _may_wait.set(False)
    try:
        yield
    finally:
        _may_wait.reset(token)


def call(function: Callable[..., T], *args: Any, seconds: float | None = None) -> T:
    """Runs a function of a module in a worker and returns what it returns.

    May be called from any thread, and from asyncio by `asyncio.to_thread`. The pool starts with
    the first call, one for each process, and ends with the process.

    Args:
        function: must be importable; it, its arguments and its result are pickled.
        args: its arguments.
        seconds: hard deadline, counted from when a worker has the task, `DEADLINE` if not given;
            the worker is killed then, wherever its code is.

    Raises:
        TimeoutError: the deadline passed.
        WorkerCrash: the worker died.
        Exception: whatever the function itself raised, MemoryError at the memory limit.
        ValueError: the function is of the script that was started, which no worker can import.
        WouldWait: inside `no_waiting`.
    """
    if not _may_wait.get():
        raise WouldWait
    if function.__module__ == "__main__":
        raise ValueError(f"{function.__qualname__} must be in a module that a worker can import")
    task = pickle.dumps((function, args))
    answer = _running().ask(task, DEADLINE if seconds is None else seconds)
    if answer.raised:
        raise answer.value
    return answer.value


def prepare(function: Callable[[], None]) -> None:
    """Have `function` run once before workers start: what it imports and fills, all of them share.

    It must be importable, and is to be named when its module is imported.
    """
    _preparations.append(function)


def close() -> None:
    """Ends the workers; the next call would start new ones."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.end()


class _Pool:
    """Workers, as many as there may be, and the nursery they come from."""

    def __init__(self, size: int):
        self.slots = threading.Semaphore(size)
        self.idle: list[_Worker] = []  # append and pop of a list are atomic
        self.birth = threading.Lock()
        self.nursery: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  (as long as the pool is there)

    def ask(self, task: bytes, seconds: float) -> nursery.Answer:
        """Waits for a worker, and then as many seconds for its answer."""
        with self.slots:
            chosen = self._worker()
            try:
                answer = chosen.ask(task, seconds)
            except BaseException:  # Ctrl-C, too: the worker is in the middle of something
                chosen.kill()
                raise
            if answer.leaves:
                chosen.kill()
            else:
                self.idle.append(chosen)
            return answer

    def _worker(self) -> _Worker:
        while True:
            try:
                chosen = self.idle.pop()
            except IndexError:
                return self._born()
            if chosen.waits():
                return chosen
            chosen.kill()  # it died with nothing to do

    def _born(self) -> _Worker:
        with self.birth:
            for _ in range(2):
                if self.nursery is None or self.nursery.poll() is not None:
                    self._start()
                with suppress(OSError, EOFError):  # the nursery was killed: once more
                    return self._forked()
                self._stop()
        raise RuntimeError(f"no worker could be started, as their nursery died: {self._words()}")

    def _forked(self) -> _Worker:
        assert self.control is not None
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [b"w"], [theirs.fileno()])
        try:
            ours.settimeout(STARTUP)
            message, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
            if not message:
                raise EOFError
            return _Worker(ours, descriptors[0])
        except BaseException:
            ours.close()
            raise

    def _start(self) -> None:
        self.control, theirs = socket.socketpair()
        program = (
            f"import sys; sys.path[:] = {sys.path!r}\n"
            "from filters.verifiers.pool.nursery import nursery\n"
            f"nursery({theirs.fileno()}, {os.getpid()}, {pickle.dumps(_preparations)!r})"
        )
        with theirs:
            self.nursery = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.said,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is for the parent
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def _words(self) -> str:
        self.said.seek(max(0, self.said.seek(0, os.SEEK_END) - 300))
        return self.said.read().decode(errors="replace").strip() or "it said nothing"

    def _stop(self) -> None:
        if self.control is not None:
            self.control.close()
        if self.nursery is not None:
            self.nursery.kill()
            self.nursery.wait()
        self.control = self.nursery = None

    def end(self) -> None:
        """Ends the nursery, and with it every worker."""
        with self.birth:
            self._stop()
        self.forget()

    def forget(self) -> None:
        """Closes what a fork has inherited and has no use for."""
        if self.control is not None:
            self.control.close()
        while self.idle:
            self.idle.pop().close()


class _Worker:
    """A worker as its parent sees it."""

    def __init__(self, connection: socket.socket, process: int):
        self.connection, self.process = connection, process

    def ask(self, task: bytes, seconds: float) -> nursery.Answer:
        """Has a task done.

        Raises:
            TimeoutError, WorkerCrash: see `call`; the worker is of no use any more.
        """
        try:
            self.connection.settimeout(seconds)
            nursery.send(self.connection, task)
            return pickle.loads(nursery.receive(self.connection, seconds))
        except TimeoutError:
            raise TimeoutError(f"no answer after {seconds:g} seconds") from None
        except (EOFError, ConnectionError):
            raise WorkerCrash("the worker died: of a fault in native code, or killed") from None

    def waits(self) -> bool:
        """Whether it is there and has nothing to say."""
        polled = select.poll()
        polled.register(self.connection, select.POLLIN)
        return not polled.poll(0)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.process, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        self.connection.close()
        os.close(self.process)


_preparations: list[Callable[[], None]] = []
_lock = threading.Lock()
_pool: _Pool | None = None


def _running() -> _Pool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = _Pool(WORKERS)
        return _pool


def _forked() -> None:
    """A fork starts workers of its own: those of its parent answer to its parent."""
    global _lock, _pool
    _lock = threading.Lock()  # another thread may have held it
    if _pool is not None:
        _pool.forget()
        _pool = None


atexit.register(close)
os.register_at_fork(after_in_child=_forked)
