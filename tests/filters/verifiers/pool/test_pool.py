"""The pool: whatever happens to one call, the others get their answers."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import factorial

import psutil
import pytest

from filters.verifiers import pool
from filters.verifiers.pool.nursery import LIFE

HANG = (pow, 3, 10**9)
"""A call that does not return to Python before its end, which is far."""


def test_a_call_returns_what_the_function_returns():
    assert pool.call(factorial, 20) == factorial(20)


class Refuses(Exception):
    """One of the many exceptions that cannot be unpickled."""

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name}: {reason}")


def refuse() -> None:
    raise Refuses("the answer", "no")


@pytest.mark.parametrize(
    ("function", "arguments", "error", "told"),
    [
        (factorial, [-1], ValueError, "negative"),
        (refuse, [], RuntimeError, "Refuses: the answer: no"),
        (sys.exit, [0], RuntimeError, "SystemExit: 0"),  # it must not end the parent
        (threading.Lock, [], RuntimeError, "TypeError: cannot pickle"),
        (bytes, [2 * pool.MEMORY], MemoryError, None),
        (bytes, [10**8], ValueError, "100,000,0.. bytes, at most 67,108,864"),
        (os.abort, [], pool.WorkerCrash, "the worker died"),
        (os._exit, [0], pool.WorkerCrash, "the worker died"),
    ],
)
def test_what_a_function_does_to_its_call_alone(function, arguments, error, told):
    with pytest.raises(error, match=told):
        pool.call(function, *arguments)
    assert pool.call(factorial, 5) == 120


def test_a_deadline_holds_inside_c_code_and_the_next_call_works():
    pool.call(factorial, 5)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no answer after 0\.3 seconds"):
        pool.call(*HANG, seconds=0.3)
    assert 0.3 <= time.monotonic() - start < 0.8
    assert pool.call(factorial, 5) == 120


def test_waiting_for_a_worker_costs_no_call_its_deadline():
    """Three times as many hangs as workers: the last ones wait longer than they may work."""

    def task(number: int) -> int | str:
        try:
            if number % 4 == 0:
                return pool.call(*HANG, seconds=0.3)
            return pool.call(factorial, number, seconds=5.0)
        except TimeoutError:
            return "late"

    count = 12 * pool.WORKERS
    with ThreadPoolExecutor(count) as threads:
        results = list(threads.map(task, range(count)))
    assert results == ["late" if n % 4 == 0 else factorial(n) for n in range(count)]


def test_asyncio_is_not_held_up_by_a_hang():
    async def both() -> tuple[object, int, int]:
        late = asyncio.create_task(asyncio.to_thread(pool.call, *HANG, seconds=0.5))
        ticks = 0
        while not late.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return late.exception(), ticks, await asyncio.to_thread(pool.call, factorial, 5)

    error, ticks, value = asyncio.run(both())
    assert isinstance(error, TimeoutError)
    assert ticks > 10
    assert value == 120


def killed(process: int, *along: int) -> None:
    """Kill a process, and wait until it and those that die with it are dead: then their sockets are
    closed."""
    there = [psutil.Process(id) for id in (process, *along)]
    os.kill(process, signal.SIGKILL)
    for one in there:
        with suppress(psutil.NoSuchProcess):
            while one.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)


def test_a_worker_that_was_killed_is_replaced():
    first = pool.call(os.getpid)
    killed(first)
    assert pool.call(os.getpid) != first


def test_a_nursery_that_was_killed_is_replaced():
    nursery, worker = pool.call(os.getppid), pool.call(os.getpid)
    killed(nursery, worker)
    assert pool.call(os.getppid) != nursery


def test_a_worker_goes_when_its_life_is_over(monkeypatch):
    assert LIFE > 1
    first = pool.call(os.getpid)
    assert pool.call(os.getpid) == first  # it stays for the next task
    with pytest.raises(MemoryError):
        pool.call(bytes, 2 * pool.MEMORY)
    assert pool.call(os.getpid) != first


def test_after_closing_the_next_call_starts_anew():
    pool.close()
    assert pool.call(factorial, 5) == 120


def answers(into) -> None:
    into.send(pool.call(factorial, 5))


@pytest.mark.parametrize("daemon", [False, True])  # daemons may have no children by multiprocessing
def test_a_fork_has_workers_of_its_own(daemon):
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=answers, args=[there], daemon=daemon)
    process.start()
    assert here.poll(60)
    assert here.recv() == 120
    process.join()
    assert pool.call(factorial, 5) == 120


def test_workers_say_nothing_and_leave_with_their_parent():
    """A script without `if __name__ == "__main__":`, as scripts that train are; then it is killed
    in the middle of a call."""
    program = """
        import os, threading, time
        from filters.verifiers import pool
        pool.call(print, "a worker speaks")
        print(pool.call(os.getpid), flush=True)
        threading.Thread(target=pool.call, args=(pow, 3, 10**9), kwargs={"seconds": 99}).start()
        time.sleep(0.2)
        os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    worker = int(done.stdout)  # nothing else was printed
    for _ in range(600):  # a busy machine takes its time
        if not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie":
            return
        time.sleep(0.1)
    pytest.fail(f"worker {worker} outlived its parent by a minute")


def test_a_function_of_the_script_itself_is_refused():
    program = """
        from filters.verifiers import pool
        def own(): pass
        try: pool.call(own)
        except ValueError as error: print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "own must be in a module that a worker can import\n"
