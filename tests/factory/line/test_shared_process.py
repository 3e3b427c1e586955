"""Processes of a line: one for all stages that load no model, and none left when it is killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from misbehaving import serving
from sums import AT_ONCE, ENDPOINT, PROMPTS, RECIPE, Adder, write

from factory.errors import StageError
from factory.line import run as scheduler
from factory.line.process import Worker
from factory.line.process import started as start
from factory.line.run_lock import held_by
from factory.line.table import wanted
from factory.progress import Progress
from factory.recipe import Recipe
from factory.run_folder import RunFolder

STUDENT = {"base": {"path": "student"}, "training": {"max_length": 64}}


@pytest.mark.parametrize(
    ("changes", "loading"),
    [
        ({}, set()),
        (
            {"student": STUDENT},
            {"student", "control"},
        ),
        ({"teacher": {"base": {"path": "teacher"}}}, {"samples"}),
        ({"teacher": {"base": ENDPOINT, "others": [{"path": "teacher"}]}}, {"samples"}),
        (
            {"teacher": {"base": {"tiny": "qwen2", "rows": 100}, "grpo": {"steps": 1}}},
            {"teacher-base", "teacher", "samples"},
        ),
    ],
)
def test_a_stage_that_loads_a_model_has_a_process_to_itself(
    changes: dict[str, Any], loading: set[str]
):
    recipe = Recipe.model_validate(RECIPE | changes)
    assert {stage.name for stage in wanted(recipe) if stage.loads(recipe)} == loading


def test_a_line_starts_without_what_only_its_stages_need():
    heavy = {"aiohttp", "filters.verifiers", "jinja2", "matplotlib", "numpy", "pyarrow", "rich"}
    heavy |= {"datasets", "sympy", "torch", "transformers", "vllm"}
    code = "import sys, factory.line.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(done.stdout.split())


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """Those that a line starts here."""
    there: list[Worker] = []

    def started(*told: Any) -> Worker:
        there.append(start(*told))
        return there[-1]

    monkeypatch.setattr(scheduler, "started", started)
    return there


@pytest.mark.slow  # a process
def test_stages_that_load_no_model_share_a_process_and_keep_their_logs(
    tmp_path: Path, processes: list[Worker]
):
    with serving(Adder()) as url:
        recipe = write(tmp_path, url)
        names = [stage.name for stage in wanted(recipe)]
        done = scheduler.run(recipe, tmp_path, tmp_path / "run", Progress(names))
    assert list(done) == names
    assert len(processes) == 1
    assert processes[0].process.poll() is not None
    for name in names:
        said = RunFolder(tmp_path / "run").log(name).read_text()
        assert re.findall(r"^--- \S+ \S+ (\S+)$", said, re.MULTILINE) == [name]


@pytest.mark.slow  # a process
def test_a_shared_process_that_is_killed_ends_the_stage_that_it_was_at(
    tmp_path: Path, processes: list[Worker]
):
    server = Adder()
    server.at, server.happens = 100, lambda: processes[0].process.kill()
    with serving(server) as url:
        recipe = write(tmp_path, url)
        names = [stage.name for stage in wanted(recipe)]
        with pytest.raises(StageError, match="stage samples: its process was ended by SIGKILL"):
            scheduler.run(recipe, tmp_path, tmp_path / "run", Progress(names))
        scheduler.run(recipe, tmp_path, tmp_path / "run", Progress(names))
    assert len(processes) == 2
    assert len(server.bodies) <= PROMPTS + AT_ONCE


@pytest.mark.slow  # two commands
def test_killed_at_half_only_what_was_in_flight_is_asked_for_twice(tmp_path: Path):
    server, run = Adder(), tmp_path / "run"
    command = [sys.executable, "-m", "factory.cli", "run", str(tmp_path / "sums.yaml")]
    with serving(server) as url:
        write(tmp_path, url)
        line = subprocess.Popen([*command, "--into", str(run)])

        def happens() -> None:
            server.answers.clear()  # its stages take a while to end, and ask on meanwhile
            os.kill(line.pid, signal.SIGKILL)

        server.at, server.happens = PROMPTS // 2, happens
        assert line.wait(60) == -signal.SIGKILL
        while held_by(RunFolder(run)):  # its stages end with it
            time.sleep(0.05)
        server.answers.set()
        assert len(server.bodies) <= PROMPTS // 2 + AT_ONCE
        assert subprocess.run([*command, "--into", str(run)], timeout=60).returncode == 0
    assert PROMPTS < len(server.bodies) <= PROMPTS + AT_ONCE
    seeds = [body["seed"] for body in server.bodies]
    assert len(set(seeds)) == PROMPTS
    assert RunFolder(run).current().height == PROMPTS
