"""`factory audit hf://…`: a version that was published, and a dataset of other people."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, done, publish, version
from tables import RIGHT, WRONG

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
ROWS = [
    {"question": "2+2?", "answer": "4", "generation": RIGHT},
    {"question": "2+2?", "answer": "4", "generation": WRONG},
]


def audited(hub: Hub, folder: Path, *arguments: str) -> dict:
    """What `factory audit --json` says, in a process of its own."""
    named = hub.environment(folder / "home", True) | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-m", "factory.cli", "audit", *arguments, "--json"],
        env=named, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout)


def test_a_dataset_of_other_people_is_measured(local_hub: Hub, api: HfApi, tmp_path: Path):
    api.create_repo("alice/traces", repo_type="dataset")
    lines = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    api.upload_file(
        path_or_fileobj=lines.encode(),
        path_in_repo="train.jsonl",
        repo_id="alice/traces",
        repo_type="dataset",
    )
    for place in ("hf://alice/traces@main", "hf://datasets/alice/traces", "alice/traces"):
        told = audited(local_hub, tmp_path, place, "--language", "en")
        assert told["kind"] == "data"
        assert told["samples"] == 2


def test_a_version_is_taken_for_what_it_is(local_hub: Hub, api: HfApi, tmp_path: Path):
    done(publish(local_hub, version(tmp_path / "versions")))
    told = audited(local_hub, tmp_path, f"hf://{REPO}@1.0.0")
    assert told["kind"] == "version"
