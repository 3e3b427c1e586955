"""A teacher raised in four stages by real trainers; killed amid each, it goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from factory.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MANIFESTS = Path(__file__).parents[3] / "manifests"
LAPTOP = MANIFESTS / "r1" / "laptop.yaml"
STAGES = "teacher-1-sft", "teacher-2-grpo", "teacher-3-sft", "teacher-4-grpo"
REJECTION = "teacher-3-rejection"


def smaller(home: Path) -> Path:
    """The laptop's recipe beside its data, of few rows and steps."""
    plan: dict[str, Any] = yaml.safe_load(LAPTOP.read_text())
    plan["prompts"][0] |= {"rows": 60, "held_out": 10}
    plan["teacher"]["base"]["rows"] = 2000
    for stage in plan["teacher"]["stages"]:
        if grpo := stage.get("grpo"):
            grpo |= {
                "steps": 4,
                "prompts_per_step": 4,
                "draws": 4,
                "save_steps": 2,
                "max_tokens": 24,
            }
        else:
            next(iter(stage.values()))["training"] |= {"epochs": 1, "save_steps": 1}
    # An hour of GRPO would be needed for right answers: any finished one will do.
    plan["filters"], plan["sampling"]["max_tokens"] = {"length": {"max_tokens": 96}}, 24
    plan["teacher"]["stages"][2]["rejection"]["sampling"]["max_tokens"] = 24
    plan["evaluate"]["draws"] = 1
    shutil.copytree(LAPTOP.parent / "examples", home / "examples")
    path = home / "recipe.yaml"
    path.write_text(yaml.safe_dump(plan))
    return path


def factory(*said: object, cwd: Path) -> subprocess.Popen[str]:
    """The program in a process group of its own."""
    command = [sys.executable, "-m", "factory.cli", *map(str, said)]
    into = (cwd / "printed").open("a")
    return subprocess.Popen(
        command, cwd=cwd, stdout=into, stderr=into, text=True, start_new_session=True
    )


def printed(cwd: Path) -> str:
    """What it has said."""
    return (cwd / "printed").read_text()


def kill_amid(stage: str, recipe: Path, run: RunFolder) -> None:
    """Start the run, and kill it when the stage has something that it can go on from."""
    begun = factory("run", recipe, "--into", run.path, cwd=run.path.parent)
    folder, files = run.checkpoints(stage), "checkpoint-*/trainer_state.json"
    if stage == REJECTION:
        folder, files = run.stage(stage) / "samples" / "draws", "journal-*"
    while not any(file.stat().st_size for file in folder.glob(files)):
        assert begun.poll() is None, printed(run.path.parent)
        time.sleep(0.02)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    assert not run.done(stage).exists()


def test_killed_amid_each_stage_it_goes_on(tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    recipe = smaller(tmp_path)
    finished: dict[Path, bytes] = {}
    for stage in (*STAGES[:2], REJECTION, *STAGES[2:]):
        kill_amid(stage, recipe, run)
        for before, content in finished.items():
            assert before.read_bytes() == content, f"{before} was made again"
        there = [run.done(name) for name in (*STAGES, REJECTION)]
        finished |= {file: file.read_bytes() for file in there if file.exists()}

    last = factory("run", recipe, "--into", run.path, cwd=tmp_path)
    assert last.wait() == 0, printed(tmp_path)
    assert all(file.read_bytes() == content for file, content in finished.items())
    assert all(run.has_model(name) for name in (*STAGES, "teacher"))
    rows = pl.read_parquet(run.stage(REJECTION) / "samples" / "draws" / "part-*.parquet")
    assert rows.unique(["prompt_id", "draw"]).height == rows.height == 4 * 50
    for stage in ("teacher-2-grpo", "teacher-4-grpo"):
        log = json.loads(run.training_log(stage).read_text())
        assert [row["step"] for row in log if "loss" in row] == [1, 2, 3, 4]
        drawn = pl.read_parquet(run.rollouts(stage) / "*.parquet")
        assert drawn.group_by("step").len().sort("step").rows() == [(n, 16) for n in (1, 2, 3, 4)]
        assert run.curves(stage).exists()
        assert run.curves_page(stage).exists()
        assert "4 steps of GRPO" in run.card(stage).read_text()
    assert f"pictures  {run.scores_picture}, {run.curves('teacher-2-grpo')}, " in printed(tmp_path)

    told = run.path.joinpath("raised.md").read_text()
    assert all(f"| `{name}` |" in told for name in STAGES), told
    assert f"`factory run {recipe} --into {run.path}`" in told
    for verb in ("status", "audit"):
        asked = factory(verb, run.path / "teacher-3-rejection", cwd=tmp_path)
        assert asked.wait() == 0, (tmp_path / "printed").read_text()
