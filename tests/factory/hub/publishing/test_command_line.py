"""The whole command in processes of its own, by Xet and by LFS, with `datasets` reading it back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, commits, head, rows_of, tags, version

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]


def factory(hub: Hub, home: Path, xet: bool, *arguments: str | Path) -> str:
    """Run the command; what it printed."""
    named = hub.environment(home, xet) | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "factory.cli", *map(str, arguments)],
        env=named, capture_output=True, text=True, cwd=home.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert hub.token not in done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_a_version_and_the_next(local_hub: Hub, api: HfApi, tmp_path: Path, xet: bool):
    home, versions = tmp_path / "home", tmp_path / "versions"
    v1, v2 = version(versions), version(versions, rows_of(range(5, 25)))
    told = factory(local_hub, home, xet, "publish", v1, "--repo", REPO)
    assert "published 1.0.0" in told
    assert bool(local_hub.asked("xet-write-token")) == xet
    assert "published 1.1.0" in factory(
        local_hub, home, xet, "publish", v2, "--repo", REPO, "--as", "1.1.0"
    )
    assert commits(api) == ["trial 1.1.0", "trial 1.0.0", "initial commit"]
    assert tags(api)["1.1.0"] == head(api)
    told = factory(local_hub, home, xet, "verify", f"hf://{REPO}@1.0.0")
    assert "good: " in told
    secrets = (local_hub.token, str(tmp_path), os.uname().nodename)
    for file in api.list_repo_files(REPO, repo_type="dataset", revision="1.1.0"):
        got = api.hf_hub_download(
            REPO, file, repo_type="dataset", revision="1.1.0", cache_dir=tmp_path / "cache"
        )
        content = Path(got).read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], file
