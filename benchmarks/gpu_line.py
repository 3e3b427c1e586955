"""Whole runs for `benchmarks/gpu.py`: `factory run` on a small recipe, from prompts to scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.gpu_models import OUT, TINY, full_folder

Note = Callable[..., None]
"""`note(**figures)`: writes a line of figures."""
QUICKSTART = Path(__file__).parents[1] / "manifests" / "quickstart.yaml"
SMALLER: dict[str, dict[str, Any]] = {
    "prompts": {"rows": 700, "held_out": 100},
    "teacher base": {"rows": 12_000},
    "teacher grpo": {"steps": 12, "held_out": 64, "evaluate_every": 12},
    "student base": {"rows": 8_000},
    "student training": {"epochs": 2},
}
"""Numbers of the quickstart that are less here."""
TINIER: dict[str, dict[str, Any]] = {
    "prompts": {"rows": 60, "held_out": 10},
    "teacher base": {"rows": 200},
    "teacher grpo": {"steps": 2, "held_out": 4, "prompts_per_step": 2, "draws": 2},
    "student base": {"rows": 200},
    "student training": {"epochs": 1},
}


def run(shape: str, note: Note) -> None:
    """Run it, and note what each stage left, and how long it took, whether or not all ended.

    Args:
        shape: of the model of random weights that is teacher and student; empty: the quickstart.

    Raises:
        RuntimeError: when a stage did not end.
    """
    from ruamel.yaml import YAML

    name = f"line{shape}"
    recipe = _random_weights(shape) if shape else _quickstart()
    place = OUT / f"{name}.yaml"
    YAML(typ="safe").dump(recipe, place)
    into = OUT / "runs" / name
    began = time.monotonic()
    command = [sys.executable, "-m", "factory.cli", "run", str(place), "--into", str(into)]
    env = {**os.environ, "COLUMNS": "150"}
    env.pop("VLLM_WORKER_MULTIPROC_METHOD", None)  # the project's engine sees to it
    ended = subprocess.run(command, env=env)
    for marker in sorted(into.glob("*/stage.json"), key=lambda file: file.stat().st_mtime):
        done = json.loads(marker.read_text())
        note(what=marker.parent.name, seconds=done["seconds"], note=done["note"])
    note(what="all stages", seconds=time.monotonic() - began, code=ended.returncode)
    if ended.returncode:
        logs = sorted(into.glob("**/*.log"), key=lambda file: file.stat().st_mtime)
        print(*(f"{log}:\n{log.read_text()[-6000:]}" for log in logs[-1:]), flush=True)
        raise RuntimeError(f"factory run ended with {ended.returncode}")


def _quickstart() -> dict[str, Any]:
    """The quickstart's recipe, but for the numbers above and the filter by language, which needs a
    package with 26 MB of data."""
    from ruamel.yaml import YAML

    recipe: dict[str, Any] = YAML(typ="safe").load(QUICKSTART)
    for place, numbers in (TINIER if TINY else SMALLER).items():
        part = recipe
        for key in place.split():
            part = part[key]
        (part[0] if isinstance(part, list) else part).update(numbers)
    del recipe["filters"]["language"]
    if TINY:  # too little training for any draw to pass
        recipe["filters"] = {}
    return recipe


def _random_weights(shape: str) -> dict[str, Any]:
    """Draws of random weights, all of which become rows of the same model's training."""
    base = {"path": str(full_folder(shape))}
    task = {"min_terms": 2, "max_terms": 6, "min_digits": 1, "max_digits": 1}
    return {
        "name": "random-weights",
        "seed": 1,
        "prompts": [
            {"source": "reasoning_gym", "task": "chain_sum", "options": task}
            | ({"rows": 20, "held_out": 4} if TINY else {"rows": 272, "held_out": 16})
        ],
        "teacher": {"base": base},
        "sampling": {
            "policy": {"fixed": {"draws": 2}},
            "temperature": 1.0,
            "top_p": 1.0,
            "max_tokens": 16 if TINY else 512,
        },
        "filters": {},
        "dataset": {},
        "student": {
            "base": base,
            "control": False,
            "training": {"epochs": 1, "batch_size": 16, "device_batch_size": 8},
        },
        "evaluate": {"draws": 1},
    }
