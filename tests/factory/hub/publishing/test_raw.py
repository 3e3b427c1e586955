"""Raw samples go to a bucket or any other place, never into the dataset's repository."""

import subprocess
from pathlib import Path

import fsspec
import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, done, publish, refused
from runs import NO, RIGHT, WRONG, YES, made, run_of

from factory.line.context import Context

BUCKET = "hf://buckets/alice/sums-raw/draws"
ANYHOW = ("--allow", "license", "--allow", "verify", "--allow", "student")


@pytest.fixture
def run(tmp_path: Path) -> Context:
    """Six draws of three prompts in three shards, and a version of them."""
    draws = {id: [(RIGHT, YES), (WRONG, NO)] for id in "abc"}
    context = run_of(tmp_path / "run", draws)
    made(context)
    return context


def shards(run: Context) -> dict[str, bytes]:
    folder = Path(str(run.draws().place))
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


def test_a_folder_gets_every_shard_and_their_digests(
    local_hub: Hub, api: HfApi, run: Context, tmp_path: Path
):
    told = done(publish(local_hub, run.run.path, *ANYHOW, "--raw", tmp_path / "raw"))
    assert "raw samples: 3 of 3 files sent" in told
    there = {file.name: file.read_bytes() for file in (tmp_path / "raw").iterdir()}
    assert there.pop("SHA256SUMS")
    assert there == shards(run)
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path / "raw", check=True)
    files = api.list_repo_files(REPO, repo_type="dataset")
    assert not [file for file in files if file.startswith("part-")]


def test_only_what_is_missing_is_sent_again(local_hub: Hub, run: Context, tmp_path: Path):
    raw = tmp_path / "raw"
    done(publish(local_hub, run.run.path, *ANYHOW, "--raw", raw))
    (raw / "part-00001.parquet").write_bytes(b"cut")
    told = done(publish(local_hub, run.run.path, *ANYHOW, "--raw", raw))
    assert "raw samples: 1 of 3 files sent" in told
    assert (raw / "part-00001.parquet").read_bytes() == shards(run)["part-00001.parquet"]


def test_a_bucket_is_made_and_seen_by_its_owners(
    local_hub: Hub, api: HfApi, run: Context, tmp_path: Path
):
    done(publish(local_hub, run.run.path, *ANYHOW, "--raw", BUCKET))
    assert api.bucket_info("alice/sums-raw").private
    files: list = [(f"draws/{name}", tmp_path / "got" / name) for name in shards(run)]
    (tmp_path / "got").mkdir()
    api.download_bucket_files("alice/sums-raw", files)
    assert {name: (tmp_path / "got" / name).read_bytes() for name in shards(run)} == shards(run)
    told = done(publish(local_hub, run.run.path, *ANYHOW, "--raw", BUCKET))
    assert "raw samples: 0 of 3 files sent" in told


def test_a_bucket_that_fails_is_tried_again(local_hub: Hub, run: Context):
    local_hub.faults.answer("POST /api/buckets/.*/batch", 503)
    done(publish(local_hub, run.run.path, *ANYHOW, "--raw", BUCKET))
    assert [one.status for one in local_hub.asked("/batch")][:2] == [503, 200]
    again = done(publish(local_hub, run.run.path, *ANYHOW, "--raw", BUCKET))
    assert "raw samples: 0 of 3 files sent" in again


def test_any_place_that_fsspec_knows(local_hub: Hub, run: Context):
    done(publish(local_hub, run.run.path, *ANYHOW, "--raw", "memory://raw/draws"))
    files = fsspec.filesystem("memory")
    assert files.cat_file("/raw/draws/part-00000.parquet") == shards(run)["part-00000.parquet"]
    files.rm("/raw", recursive=True)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://datasets/alice/sums", "never put into a repository"),
        ("hf://alice/sums", "never put into a repository"),
        ("hf://buckets/alice", "name a bucket"),
        ("nowhere://x", "no place that is known here"),
    ],
)
def test_addresses_are_looked_at_first(local_hub: Hub, run: Context, address: str, words: str):
    assert words in refused(publish(local_hub, run.run.path, *ANYHOW, "--raw", address))
    assert not local_hub.log


def test_a_version_without_a_run_has_none(local_hub: Hub, run: Context, tmp_path: Path):
    version = (run.run.path / "dataset").rename(tmp_path / "moved") / "v1"
    assert "lies in no run" in refused(publish(local_hub, version, "--raw", tmp_path / "raw"))
