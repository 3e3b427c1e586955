"""The other side of the pool: a nursery that forks workers, and what a worker does.

The nursery is a process of its own that has the slow imports behind it, so that a worker is there
in milliseconds. It is no fork of the program that uses the pool, which may have threads, gigabytes
and a GPU, and it does not run that program's script again, as `multiprocessing` would.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import select
import signal
import socket
import time
from contextlib import suppress
from typing import Any, NamedTuple

MEMORY = 2 * 2**30
"""Bytes of address space that a worker may have."""
BLOATED = 512 * 2**20
"""Bytes of memory at which a worker goes once it has answered; what it took, Python keeps."""
LIFE = 5_000
"""Tasks after which a worker goes, whatever its memory."""
LARGEST = 64 * 2**20
"""Bytes of a pickled task or answer; none is read that is larger."""


_SIZE = 8


class Answer(NamedTuple):
    """What a worker has to say of a task."""

    value: Any
    """What the function returned or raised."""
    raised: bool
    leaves: bool
    """Whether the worker has gone with this answer."""


def nursery(descriptor: int, parent: int, preparations: bytes) -> None:
    """Forks a worker for each socket that comes in, until whoever started this is gone.

    Args:
        descriptor: of a socket to the parent; every message brings the socket of a new worker.
        parent: process id; when it ends, so does the nursery, and with it all workers.
        preparations: pickled list of functions to run first, see `pool.prepare`.
    """
    control = socket.socket(fileno=descriptor)
    alive = os.pidfd_open(parent)
    if os.getppid() != parent:  # it died before it could be watched
        return
    with suppress(Exception):  # a module that is not installed
        for prepare in pickle.loads(preparations):
            with suppress(Exception):  # whoever has no math-verify may have other verifiers
                prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects the workers
    own = os.getpid()
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(alive, select.POLLIN)
    while True:
        if alive in (ready for ready, _ in waiting.poll()):
            return
        message, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            os.close(alive)
            control.close()
            try:
                _work(socket.socket(fileno=sockets[0]), own)
            finally:
                os._exit(1)
        os.close(sockets[0])


def send(connection: socket.socket, data: bytes) -> None:
    """Sends bytes with their number before them."""
    connection.sendall(len(data).to_bytes(_SIZE, "big") + data)


def receive(connection: socket.socket, seconds: float | None = None) -> bytes:
    """Receives what `send` sent.

    Raises:
        TimeoutError: it was not all there in time.
        EOFError: the other side is gone.
        ValueError: it is longer than `LARGEST`.
    """
    end = None if seconds is None else time.monotonic() + seconds
    size = int.from_bytes(_exactly(connection, _SIZE, end), "big")
    if size > LARGEST:
        raise ValueError(f"an answer of {size:,} bytes, at most {LARGEST:,} are read")
    return _exactly(connection, size, end)


def _exactly(connection: socket.socket, size: int, end: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        if end is not None:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        try:
            piece = connection.recv(min(size - len(data), 2**20))
        except ConnectionError:
            piece = b""
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _work(connection: socket.socket, nursery: int) -> None:
    """Does one task after another until the parent hangs up."""
    _settle(nursery)
    # The parent kills by this descriptor: a process id may by then be somebody else's.
    socket.send_fds(connection, [b"r"], [os.pidfd_open(os.getpid())])
    for done in range(1, LIFE + 1):
        try:
            function, arguments = pickle.loads(receive(connection))
        except EOFError:
            return
        except Exception as error:  # the module of the function cannot be imported
            value, raised = error, True
        else:
            value, raised = _done(function, arguments)
        memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        leaves = done == LIFE or memory > BLOATED or isinstance(value, MemoryError)
        send(connection, _pickled(Answer(value, raised, leaves)))
        if leaves:
            return


def _settle(nursery: int) -> None:
    """Makes a process a worker: silent, with little memory, gone with its nursery."""
    death_signal = 1  # PR_SET_PDEATHSIG; the nursery has one thread, which never ends before it
    ctypes.CDLL(None).prctl(death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != nursery:
        os._exit(1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("900")  # the first to go when the machine has no memory left


def _done(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, bool]:
    try:
        return function(*arguments), False
    except Exception as error:
        return error, True
    except BaseException as error:  # SystemExit would end the parent, too
        return RuntimeError(f"{type(error).__name__}: {str(error)[:200]}"), True


def _pickled(answer: Answer) -> bytes:
    """An answer that can be read on the other side: not all exceptions survive pickling."""
    try:
        data = pickle.dumps(answer)
        if answer.raised:
            pickle.loads(data)
        return data
    except Exception as error:
        culprit = answer.value if answer.raised else error
        told = RuntimeError(f"{type(culprit).__name__}: {str(culprit)[:200]}")
        return pickle.dumps(Answer(told, True, answer.leaves))
