"""A teacher raised in four stages by real trainers; killed amid the second, it goes on."""

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

import pytest
import yaml

from factory.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MANIFESTS = Path(__file__).parents[3] / "manifests"
LAPTOP = MANIFESTS / "r1" / "laptop.yaml"
STAGES = "teacher-1-sft", "teacher-2-grpo", "teacher-3-sft", "teacher-4-grpo"


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
            next(iter(stage.values()))["training"]["epochs"] = 1
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


def test_killed_amid_a_stage_it_goes_on(tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    recipe = smaller(tmp_path)
    first = factory("run", recipe, "--into", run.path, cwd=tmp_path)
    saved = run.checkpoints("teacher-2-grpo")
    while not list(saved.glob("checkpoint-*/trainer_state.json")):
        assert first.poll() is None, (tmp_path / "printed").read_text()
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not run.done("teacher-2-grpo").exists()
    before = run.done("teacher-1-sft").read_bytes()

    second = factory("run", recipe, "--into", run.path, cwd=tmp_path)
    assert second.wait() == 0, (tmp_path / "printed").read_text()
    assert run.done("teacher-1-sft").read_bytes() == before
    assert all(run.has_model(name) for name in (*STAGES, "teacher"))
    steps = [
        row["step"]
        for row in json.loads(run.training_log("teacher-2-grpo").read_text())
        if "loss" in row
    ]
    assert steps == [1, 2, 3, 4]

    told = run.path.joinpath("raised.md").read_text()
    assert all(f"| `{name}` |" in told for name in STAGES), told
    assert f"`factory run {recipe} --into {run.path}`" in told
    for verb in ("status", "audit"):
        asked = factory(verb, run.path / "teacher-3-rejection", cwd=tmp_path)
        assert asked.wait() == 0, (tmp_path / "printed").read_text()
