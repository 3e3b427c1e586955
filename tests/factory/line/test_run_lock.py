"""One process at a time in a run folder: refused with a name, free again whatever happened."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.errors import RunInUse
from factory.line import run_lock
from factory.line.run_lock import held, held_by
from factory.run_folder import RunFolder

HOLD = """
import sys, time
from pathlib import Path
from factory.line.run_lock import held, held_by
from factory.run_folder import RunFolder
with held(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""

HOLD_WITH_A_CHILD = """
import subprocess, sys
from pathlib import Path
from factory.line.run_lock import held, held_by
from factory.run_folder import RunFolder
with held(RunFolder(Path(sys.argv[1]))) as lock:
    child = subprocess.Popen(["sleep", "60"], pass_fds=[lock], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder."""
    process = start(HOLD, folder)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_the_second_is_told_who_is_there(folder: Path, holder: subprocess.Popen[str]):
    who = rf"{folder} is in use by process {holder.pid} on \S+ since \d{{4}}-\d\d-\d\d [\d:]+; wait"
    with pytest.raises(RunInUse, match=who), held(RunFolder(folder)):
        pytest.fail("two processes held one folder")


def test_a_holder_killed_leaves_the_folder_free(folder: Path, holder: subprocess.Popen[str]):
    holder.kill()
    holder.wait()
    with held(RunFolder(folder)):
        assert re.match(r"process \d+ on ", (folder / "held-by").read_text())


def test_folders_are_held_each_by_itself(folder: Path, holder: subprocess.Popen[str]):
    assert holder.poll() is None
    with held(RunFolder(folder.parent / "other")), held(RunFolder(folder.parent / "third")):
        pass


def test_an_error_inside_leaves_the_folder_free(folder: Path):
    with pytest.raises(ZeroDivisionError), held(RunFolder(folder)):
        raise ZeroDivisionError
    with held(RunFolder(folder)):
        pass


def test_a_child_that_has_the_lock_keeps_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A stage lives on for a moment when the process that started it was killed: it is waited for,
    though not for ever."""
    parent = start(HOLD_WITH_A_CHILD, folder)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    sleep = time.sleep

    def ends(seconds: float) -> None:
        subprocess.run(["kill", "-9", str(child)], check=False, stderr=subprocess.DEVNULL)
        sleep(seconds)

    with monkeypatch.context() as impatient:
        impatient.setattr(run_lock, "ENDING", 0.0)
        with pytest.raises(RunInUse, match=f"process {parent.pid}"), held(RunFolder(folder)):
            pass
    monkeypatch.setattr(run_lock.time, "sleep", ends)  # while somebody waits, it ends
    with held(RunFolder(folder)):
        assert f"process {os.getpid()} on" in (held_by(RunFolder(folder)) or "")


def test_who_holds_a_folder_can_be_asked(tmp_path: Path):
    assert held_by(RunFolder(tmp_path)) is None
    with held(RunFolder(tmp_path)):
        assert f"process {os.getpid()} on" in (held_by(RunFolder(tmp_path)) or "")
    assert held_by(RunFolder(tmp_path)) is None
