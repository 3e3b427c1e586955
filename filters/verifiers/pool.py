"""The worker pool: hard deadlines and memory limits for code that may hang or explode."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

DEADLINE = 5.0
"""Seconds of work a call may take; waiting for a free worker does not count."""
PATIENCE = 60.0
"""Seconds a call may wait for a worker beside that, in case the pool itself is stuck."""
MEMORY = 4 * 2**30
"""Bytes of address space a worker may have."""
WORKERS = max(1, min(8, (os.cpu_count() or 2) // 2))
"""Number of workers: half the cores, since the engine or the trainer wants the rest."""

_lock = threading.Lock()
_pool: Any = None
_owner: int | None = None


class WorkerCrash(RuntimeError):
    """A worker died over a task: of a segmentation fault or a signal from outside."""


def call(function: Callable[..., T], *args: Any, seconds: float | None = None) -> T:
    """Runs a function of a module in a worker and returns what it returns.

    The pool starts with the first call, one for each process, and ends with the process. As always
    with processes that are not forked, a script that gets here needs `if __name__ == "__main__":`.

    Args:
        function: must be importable; it, its arguments and its result are pickled.
        args: its arguments.
        seconds: hard deadline, `DEADLINE` if not given; the worker is killed then, wherever its
            code is.

    Raises:
        TimeoutError: the deadline passed, or no worker came free in time.
        WorkerCrash: the worker died.
        Exception: whatever the function itself raised, MemoryError at the memory limit.
    """
    from pebble import ProcessExpired

    limit = DEADLINE if seconds is None else seconds
    future = _running().schedule(function, args=list(args), timeout=limit)
    try:
        return future.result(timeout=limit + PATIENCE)
    except ProcessExpired as death:
        raise WorkerCrash(f"the worker died with exit code {death.exitcode}") from death


def close() -> None:
    """Ends the workers; the next call would start new ones."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
        if pool is not None and _owner == os.getpid():
            pool.stop()
            pool.join()


atexit.register(close)


def _running() -> Any:
    global _pool, _owner
    with _lock:
        if _pool is None or _owner != os.getpid():  # a fork has no use for its parent's workers
            from pebble import ProcessPool
            from pebble.common import CONSTS

            # While one dying worker ignores SIGTERM, pebble's manager lets all others wait.
            CONSTS.term_timeout = 0.1
            # Forking a process with threads of torch or vLLM deadlocks; the server has none,
            # and has the slow import behind it.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["math_verify", "filters.verifiers.math"])
            _pool = ProcessPool(WORKERS, initializer=_limit, context=context)
            _owner = os.getpid()
        return _pool


def _limit() -> None:
    """Makes a process a worker: a session of its own, no output, little memory, one thread."""
    os.setsid()  # Ctrl-C in the terminal is for the parent, which then ends its workers
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
