"""Our Hub as other processes meet it: one that sends by LFS, `datasets`, a person's shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hub import XET_TOKEN, Hub
from hub_examples import DATASET, SHARD, commit, first_version, head, read_back, version
from huggingface_hub import HfApi

HERE = Path(__file__).parent
SUPPORT = HERE.parents[1] / "support"

LOAD = """
import json, sys
from datasets import load_dataset
loaded = load_dataset("alice/rows", revision=sys.argv[1])
streamed = load_dataset("alice/rows", revision=sys.argv[1], split="train", streaming=True)
print(json.dumps([loaded["train"].to_list(), list(streamed)]))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_promise_holds_by_lfs_too():
    """Which way a client sends is read when it is imported: the same tests, in another process."""
    files = [str(HERE / f"test_server_{name}.py") for name in ("contract", "reading", "faults")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        command,
        cwd=HERE.parents[2],
        env=os.environ | {"HF_HUB_DISABLE_XET": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_datasets_loads_a_version_by_its_tag(local_hub: Hub, api: HfApi, tmp_path: Path, xet: bool):
    rows = pl.DataFrame({"id": ["a", "b"], "answer": ["4", "5"]})
    rows.write_parquet(tmp_path / "rows.parquet")
    first_version(api)
    made = commit(api, *version((tmp_path / "rows.parquet").read_bytes()))
    api.create_tag(**DATASET, tag="1.1.0", revision=made)
    api.update_repo_settings(**DATASET, private=True)
    commit(api, *version(b"of a later version"))
    for revision in ("1.1.0", made):
        done = subprocess.run(
            [sys.executable, "-c", LOAD, revision],
            env=local_hub.environment(tmp_path / revision, xet=xet),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert json.loads(done.stdout) == [rows.to_dicts(), rows.to_dicts()]
    assert bool(local_hub.asked("xet-read-token")) == xet


def test_a_token_for_xet_that_ends_soon_is_asked_for_again(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    local_hub.settings.xet_seconds = 10
    first_version(api)
    read_back(local_hub, tmp_path / "once")
    read_back(local_hub, tmp_path / "twice")
    assert len(local_hub.asked("xet-read-token")) > 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_without_a_token_for_xet_nothing_is_sent(local_hub: Hub, api: HfApi, status: int):
    """hf_xet's error is none of the client's own: it has no status, only words."""
    api.create_repo(**DATASET)
    local_hub.faults.answer(XET_TOKEN, status)
    with pytest.raises(ConnectionError, match=str(status)):
        commit(api, *version())
    assert not local_hub.asked("/commit/")


def test_a_person_can_try_it_by_hand_and_go_on_later(tmp_path: Path):
    """The folder keeps everything while no server runs."""
    command = [sys.executable, str(SUPPORT / "hub"), "0", str(tmp_path / "kept")]

    def serve() -> tuple[subprocess.Popen[str], HfApi]:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        endpoint = server.stdout.readline().split()[0]
        return server, HfApi(endpoint=endpoint, token=Hub.token)

    server, api = serve()
    try:
        made = first_version(api)
    finally:
        server.terminate()
        server.wait(60)
    server, api = serve()
    try:
        assert head(api) == made
        (tag,) = api.list_repo_refs(**DATASET).tags
        assert (tag.name, tag.target_commit) == ("1.0.0", made)
        path = api.hf_hub_download(**DATASET, filename=SHARD, cache_dir=tmp_path / "cache")
        assert Path(path).stat().st_size == 640_000
        assert commit(api, *version()) == made
    finally:
        server.terminate()
        server.wait(60)


def test_a_folder_of_repositories_is_never_half_written(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    saved = json.loads((tmp_path / "hub" / "repositories.json").read_text())
    assert [repository["name"] for repository in saved["repositories"]] == ["alice/rows"]
    assert not list((tmp_path / "hub").rglob("*.half"))
    assert (read_back(local_hub, tmp_path / "c") / SHARD).exists()
