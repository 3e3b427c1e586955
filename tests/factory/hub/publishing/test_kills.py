"""Killed at any instant and run again: the same commit, and never half a version for a reader."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, commits, done, head, publish, tags, version

from factory.hub import publish as publishing

pytestmark = pytest.mark.slow
_COMMAND = """
from factory.cli import main
from factory.hub import publish
publish.loaded_back = lambda *_: None
main()
"""
INSTANTS = [
    "POST /api/repos/create",
    "GET /api/datasets/alice/sums/refs",
    "POST /api/validate-yaml",
    "POST .*/preupload/",
    "(xet-write-token|objects/batch)",
    "POST .*/commit/",
    "POST .*/tag/",
    "GET /api/datasets/alice/sums/tree/1.0.0",
    "resolve/1.0.0/(README.md|data)",
]


def begun(hub: Hub, v1: Path, home: Path, xet: bool) -> subprocess.Popen[str]:
    """Run the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "publish", str(v1), "--repo", REPO],
        env=hub.environment(home, xet) | {"PYTHONPATH": str(Path(__file__).parents[4])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def killed_at(hub: Hub, where: str, when: str, number: int) -> Iterator[list[int]]:
    """Kill the process whose id is put into the list, when the request so many of these arrives,
    before or after the server does what it asks for."""
    victims: list[int] = []
    faults: Any = hub.faults
    take, arrived = faults.take, itertools.count(1)

    def watch(asked: str) -> Any:
        fault = take(asked)
        if victims and re.search(where, asked) and next(arrived) == number:
            if when == "before":
                hub.faults.close(re.escape(asked))
                fault = take(asked)
            os.kill(victims.pop(), signal.SIGKILL)
        return fault

    faults.take = watch
    try:
        yield victims
    finally:
        faults.take = take


def looked_at(api: HfApi) -> set[str]:
    """What a reader sees on main."""
    if not api.repo_exists(REPO, repo_type="dataset"):
        return set()
    return set(api.list_repo_files(REPO, repo_type="dataset"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("xet", "where"), zip(itertools.cycle([True, False]), INSTANTS))
def test_killed_and_run_again(
    local_hub: Hub,
    api: HfApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    when: str,
    xet: bool,
):
    monkeypatch.setattr(publishing, "loaded_back", lambda *_: None)
    v1 = version(tmp_path / "versions")
    whole = {str(f.relative_to(v1)) for f in v1.rglob("*") if f.is_file()} | {".gitattributes"}
    with killed_at(local_hub, where, when, 1) as victims:
        first = begun(local_hub, v1, tmp_path / "home", xet)
        victims.append(first.pid)
        assert first.wait(120) == -signal.SIGKILL, first.communicate()
    assert looked_at(api) in (set(), {".gitattributes"}, whole)
    assert not (tmp_path / "versions" / "published.json").exists()
    done(publish(local_hub, v1))
    assert looked_at(api) == whole
    assert commits(api) == ["trial 1.0.0", "initial commit"]
    assert tags(api) == {"1.0.0": head(api)}
    assert not list((tmp_path / "versions").glob("publishing*"))
