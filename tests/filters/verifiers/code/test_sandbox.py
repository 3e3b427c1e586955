"""The sandbox: its limits, what a program finds in it, and machines that have none."""

import os
import platform
import subprocess
import sys
import textwrap
import time

import pytest
from boxed import OURS, SECRET, program, programs_alive
from needs import a_sandbox

from filters.verifiers import check_reference, verify
from filters.verifiers.code import sandbox
from filters.verifiers.code.sandbox import seccomp
from filters.verifiers.code.sandbox.usage import tree

pytestmark = [pytest.mark.xdist_group("sandbox"), a_sandbox]


@pytest.fixture
def without_bubblewrap(tmp_path, monkeypatch):
    """A machine on whose path there is no bubblewrap."""
    for name in ("prlimit", "setpriv", "python3", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setitem(sandbox.ENVIRONMENT, "PATH", str(tmp_path))
    sandbox.missing.cache_clear()
    yield
    sandbox.missing.cache_clear()


READS_A_FILE = {"tests": [{"input": "", "output": SECRET}]}


def test_without_isolation_nothing_runs_and_the_remedy_is_told(without_bubblewrap, outside):
    verdict = verify(program("print(1)"), READS_A_FILE, "code")
    assert verdict.outcome == "unverifiable"
    assert (verdict.reason or "").startswith("sandbox_missing: bwrap is not installed.")
    assert "apt-get install bubblewrap" in (verdict.reason or "")
    with pytest.raises(sandbox.SandboxMissing):
        sandbox.run(["true"], {}, b"", sandbox.Limits())
    # Said when prompts are read, before a token is spent, even where no key is tried.
    assert "apt-get install bubblewrap" in (check_reference(READS_A_FILE, "code") or "")


def test_whoever_allows_it_runs_without_walls_but_with_limits(
    without_bubblewrap, outside, monkeypatch
):
    before = set(tree(os.getpid()))
    monkeypatch.setattr(sandbox, "allow_unsandboxed", False)  # as it is, and will be again
    with pytest.warns(UserWarning, match="without a sandbox, as was allowed: bwrap is not"):
        sandbox.allow(unsandboxed=True)
    steals = program(f"print(open({outside['FILE']!r}).read())")
    assert verify(steals, READS_A_FILE, "code").outcome == "correct"  # the walls matter
    waits = {**READS_A_FILE, "time_limit": 0.2}
    forks = program("import os\nif os.fork() == 0:\n    while True: pass\nos.wait()")
    word = (verify(forks, waits, "code").reason or "").partition(":")[0]
    assert word in ("time_limit", "machine_slow")
    assert set(tree(os.getpid())) <= before


def test_a_program_that_is_right_passes_whatever_it_leaves_behind():
    text = """
        import os, time
        print(6 * int(input()), flush=True)
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
    """
    reference = {"tests": [{"input": "7\n", "output": "42"}], "file": OURS}
    assert verify(program(text), reference, "code").outcome == "correct"
    assert programs_alive() == []


def test_when_we_are_killed_our_programs_die_with_us():
    text = """
        import sys
        from filters.verifiers.code import sandbox
        command, name = [sandbox.python(), "{box}/" + sys.argv[1]], sys.argv[1]
        sandbox.run(command, {name: b"import time; time.sleep(60)"}, b"", sandbox.Limits())
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text), OURS])
    assert within(30, lambda: programs_alive() != [])  # bubblewrap only begins to build
    process.kill()
    process.wait()
    assert within(15, lambda: programs_alive() == [])


def within(seconds: float, true) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.slow
def test_a_slow_machine_is_not_a_slow_program():
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})  # one core, shared with 16 that never rest
    work = [sys.executable, "-c", "while True: pass"]
    # Each in a session of its own, since the kernel shares a core out by sessions.
    busy = [subprocess.Popen(work, start_new_session=True) for _ in range(16)]
    try:
        reference = {"tests": [{"input": "", "output": ""}], "time_limit": 0.3}
        verdict = verify(program("while True: pass"), reference, "code")
    finally:
        for process in busy:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, everywhere)
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "machine_slow: test 1 of 1")


def test_the_end_is_told_as_it_was():
    limits = sandbox.Limits(cpu=5)
    ended = sandbox.run(["sh", "-c", "cat; echo no >&2; exit 3"], {}, b"yes", limits)
    assert (ended.code, ended.stdout, ended.stderr, ended.stopped) == (3, b"yes", b"no\n", None)
    assert sandbox.run(["sh", "-c", "kill -9 $$"], {}, b"", limits).code == 128 + 9


def test_there_are_no_more_processes_than_allowed():
    text = """
        import os, time
        for number in range(100):
            try:
                if os.fork() == 0: time.sleep(9)
            except OSError: break
        print(number)
    """
    command = [sandbox.python(), "-c", textwrap.dedent(text)]
    ended = sandbox.run(command, {}, b"", sandbox.Limits(processes=10))
    assert 0 < int(ended.stdout) < 10


def test_computing_and_waiting_are_told_apart():
    limits = sandbox.Limits(cpu=0.2)
    computes = sandbox.run([sandbox.python(), "-c", "while True: pass"], {}, b"", limits)
    waits = sandbox.run(["sleep", "100"], {}, b"", limits)
    if computes.stopped == "waited":  # it hardly got a core, and so does everybody
        assert sandbox.slow_machine("waited")
    else:
        assert computes.stopped == "time_limit"
        assert 0.2 < computes.cpu < 0.2 + 0.2
    assert waits.stopped == "waited"
    assert waits.cpu < 0.1
    assert waits.seconds < limits.wall + 2


def test_the_environment_is_ours_alone(monkeypatch):
    monkeypatch.setenv("TOKEN", SECRET)
    ended = sandbox.run(["sh", "-c", "cat /proc/*/environ; env"], {}, b"", sandbox.Limits())
    assert b"PATH=" in ended.stdout
    assert SECRET.encode() not in ended.stdout


def test_files_are_there_and_cannot_be_changed():
    files = {"a.txt": b"one", "b": bytes(range(256)) * 1000}
    ended = sandbox.run(["sh", "-c", "cat {box}/a.txt; cat {box}/b"], files, b"", sandbox.Limits())
    assert ended.stdout == b"one" + files["b"]
    assert sandbox.run(["sh", "-c", "echo > {box}/a.txt"], files, b"", sandbox.Limits()).code != 0


def test_a_large_input_arrives_whole():
    data = os.urandom(5_000_000)
    assert sandbox.run(["cat"], {}, data, sandbox.Limits()).stdout == data


def test_a_refused_call_is_refused_and_others_are_not():
    ask = "import ctypes, sys\nl = ctypes.CDLL(None)\nprint(l.syscall(int(sys.argv[1]), 0, 0, 0))"
    column = 0 if platform.machine() == "x86_64" else 1
    for name, numbers in seccomp.REFUSED.items():
        command = [sandbox.python(), "-c", ask, str(numbers[column])]
        assert sandbox.run(command, {}, b"", sandbox.Limits()).stdout == b"-1\n", name
    getpid = [sandbox.python(), "-c", ask, ("39", "172")[column]]
    assert int(sandbox.run(getpid, {}, b"", sandbox.Limits()).stdout) > 0
