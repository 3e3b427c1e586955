"""A build killed at any instant and run again: the same digest; readers see whole versions only."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of

from factory.line.context import Context
from factory.run_folder import RunFolder
from factory.versions.folder import UNFINISHED, manifest_of, provenance_of
from factory.versions.manifest import read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
INSTANTS = 20
DRAWS = {f"p{n}": [(RIGHT + f" {n}", YES), (WRONG, NO), (RIGHT, YES)] for n in range(20)}
BUILDS = """
import os, signal, sys
from pathlib import Path
import datasets, pyarrow.parquet as pq
from runs import made
from factory.line.context import Context
from factory.run_folder import RunFolder
from factory.versions import layout

layout.GROUP_BYTES, layout.SHARD_ROWS = 2000, 7
SEEN = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"}

def build(folder, last):
    happened = 0

    def event():
        nonlocal happened
        happened += 1
        if happened == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(what, arguments):
        if what in SEEN and isinstance(arguments[0], str) and arguments[0].startswith(folder):
            event()

    class Told(pq.ParquetWriter):
        def write_table(self, *rows, **how):
            event()
            super().write_table(*rows, **how)
            event()

        def close(self):
            event()
            super().close()

    pq.ParquetWriter = Told
    run = RunFolder(Path(folder))
    recipe, home = run.recipe()
    sys.addaudithook(heard)
    made(Context(recipe, home, run, "samples", lambda *told, **figures: event()))
    return happened

for line in sys.stdin:
    folder, last = line.split()
    if os.fork() == 0:
        Path(folder, "events").write_text(str(build(folder, int(last))))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""
"""Builds, each in a fork: libraries are loaded once. One kills itself at its `last` event: a file
opened, renamed or removed, a folder made, a row group written, or progress told."""


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A run with draws, and one version of half of them."""
    context = run_of(tmp_path_factory.mktemp("killed") / "run", DRAWS, shard_rows=9)
    half = context.recipe.model_copy(update={"seed": 1})
    made(Context(half, context.home, context.run, "samples", context.report))
    return context


@pytest.fixture
def builds() -> Iterator[Callable[[Path, int], int]]:
    """Builds in a folder until that event; returns how the process ended."""
    support = Path(__file__).parents[2] / "support"
    env = os.environ | {"PYTHONPATH": f"{support}:{os.environ.get('PYTHONPATH', '')}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", BUILDS], env=env, text=True, **pipes) as process:
        asked, told = process.stdin, process.stdout
        assert asked
        assert told

        def build(folder: Path, last: int) -> int:
            print(folder, last, file=asked, flush=True)
            return int(told.readline())

        yield build


@contextmanager
def read_all_the_time(home: Path) -> Iterator[list[str]]:
    """Reads every version that it can see, over and over; what it finds wrong is told."""
    faults: list[str] = []
    over = threading.Event()

    def look() -> None:
        for folder in sorted(home.glob("v*")):
            if not manifest_of(folder).exists() or not provenance_of(folder).exists():
                faults.append(f"{folder.name} has no manifest or statement")
                continue
            for name, told in read(folder).files.items():
                content = (folder / name).read_bytes()
                if (len(content), hashlib.sha256(content).hexdigest()) != (told.bytes, told.sha256):
                    faults.append(f"{folder.name}/{name}")

    def watch() -> None:
        while not over.wait(0.01):
            look()

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        yield faults
    finally:
        over.set()
        reader.join()
    look()


def test_killed_at_any_instant_and_run_again_it_is_the_same_version(
    sampled: Context, builds: Callable[[Path, int], int], tmp_path: Path
):
    whole = Path(shutil.copytree(sampled.run.path, tmp_path / "whole"))
    changed(whole)
    assert builds(whole, 0) == 0
    events, wanted = int((whole / "events").read_text()), read(RunFolder(whole).version(2))
    assert events > 60
    instants = sorted(random.Random(18).sample(range(1, events), INSTANTS))
    for last in instants:
        folder = Path(shutil.copytree(sampled.run.path, tmp_path / str(last)))
        changed(folder)
        run = RunFolder(folder)
        with read_all_the_time(run.stage("dataset")) as faults:
            assert builds(folder, last) == -signal.SIGKILL
            recipe, home = run.recipe()
            made(Context(recipe, home, run, "samples", sampled.report))
        assert not faults, f"killed at {last} of {events}: {faults[:3]}"
        assert read(run.version(2)).digest == wanted.digest, last
        assert run.current_version() == run.version(2)
        assert not list(run.stage("dataset").glob(f"{UNFINISHED}*")), last
        shutil.rmtree(folder)


def changed(folder: Path) -> None:
    """Another rule, so that there is a version to build."""
    run = RunFolder(folder)
    recipe, home = run.recipe()
    selecting = recipe.dataset.select.model_copy(update={"per_prompt": 2})
    dataset = recipe.dataset.model_copy(update={"select": selecting})
    run.note(recipe.model_copy(update={"dataset": dataset}), home)
