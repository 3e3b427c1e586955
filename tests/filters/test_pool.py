"""The pool: whatever happens to one call, the others get their answers."""

import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from math import factorial

import pytest

from filters.verifiers import pool


def test_a_call_returns_what_the_function_returns():
    assert pool.call(factorial, 20) == factorial(20)


def test_the_function_s_own_exception_arrives():
    with pytest.raises(ValueError, match="negative"):
        pool.call(factorial, -1)


def test_a_deadline_holds_inside_c_code_and_the_next_call_works():
    start = time.perf_counter()
    with pytest.raises(TimeoutError):
        pool.call(pow, 3, 10**9, seconds=0.3)  # does not return to Python before its end
    assert time.perf_counter() - start < 3.0
    assert pool.call(factorial, 5) == 120


def test_a_worker_that_dies_is_an_error_of_its_call_alone():
    with pytest.raises(pool.WorkerCrash, match="died with exit code"):
        pool.call(os.abort)
    assert pool.call(factorial, 5) == 120


def test_memory_is_limited():
    with pytest.raises(MemoryError):
        pool.call(bytes, 2 * pool.MEMORY)


def test_many_threads_with_a_hang_among_them():
    def task(number: int) -> int | str:
        try:
            if number == 7:
                return pool.call(pow, 3, 10**9, seconds=0.3)
            return pool.call(factorial, number)
        except TimeoutError:
            return "late"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(task, range(40)))
    assert results == ["late" if number == 7 else factorial(number) for number in range(40)]


def test_after_closing_the_next_call_starts_anew():
    pool.close()
    assert pool.call(factorial, 5) == 120


def test_workers_say_nothing_and_leave_with_their_parent():
    program = textwrap.dedent("""
        import os
        from filters.verifiers import pool
        if __name__ == "__main__":
            pool.call(print, "a worker speaks")
            print(pool.call(os.getpid), flush=True)
            os.kill(os.getpid(), 9)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    worker = int(done.stdout)  # nothing else was printed
    for _ in range(50):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail(f"worker {worker} outlived its parent by five seconds")
