"""Publishing a version: a commit, a tag, and all of it read back."""

import json
from pathlib import Path

import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, commits, done, head, publish, refused, rows_of, tags, version, written

from factory.hub.plan import local_files
from factory.hub.read_back import files_read_back
from factory.hub.remote import Remote
from factory.hub.sending import committed, created, planned, tagged


def test_a_version_is_one_commit_and_a_tag(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    before = written(v1)
    told = done(publish(local_hub, v1))
    assert f'load_dataset("{REPO}", revision="1.0.0")' in told
    assert head(api) in told
    assert tags(api) == {"1.0.0": head(api)}
    assert commits(api) == ["trial 1.0.0", "initial commit"]
    assert written(v1) == before
    record = json.loads((tmp_path / "published.json").read_bytes())
    assert [(each["version"], each["commit"]) for each in record] == [("1.0.0", head(api))]
    assert not (tmp_path / "publishing").exists()


def test_what_is_published_says_its_name_and_place(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    done(publish(local_hub, v1, "--as", "1.2.0"))
    file = api.hf_hub_download(REPO, "manifest.json", repo_type="dataset", cache_dir=tmp_path / "c")
    there, here = (json.loads(Path(f).read_bytes()) for f in (file, v1 / "manifest.json"))
    assert (there["version"], there["repo"]) == ("1.2.0", REPO)
    assert here["version"] is None
    assert there["digest"] == here["digest"]
    assert there["software"] == here["software"]


def test_the_same_command_again_changes_nothing(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    done(publish(local_hub, v1))
    record = (tmp_path / "published.json").read_bytes()
    asked = len(local_hub.asked("POST /api/datasets/alice/sums"))
    done(publish(local_hub, v1))
    assert len(local_hub.asked("POST /api/datasets/alice/sums")) == asked
    assert (tmp_path / "published.json").read_bytes() == record


def test_the_next_version_takes_the_place_of_the_first(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path, files=["old.txt"])
    v2 = version(tmp_path, rows_of(range(5, 25)))
    done(publish(local_hub, v1))
    done(publish(local_hub, v2))
    done(publish(local_hub, v1))  # the first stands under its tag, whatever main is at
    assert commits(api) == ["trial 2.0.0", "trial 1.0.0", "initial commit"]
    at = {t: set(api.list_repo_files(REPO, repo_type="dataset", revision=t)) for t in tags(api)}
    assert at["1.0.0"] - at["2.0.0"] == {"old.txt"}


def test_a_name_is_never_used_for_other_rows(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1, v2 = version(tmp_path), version(tmp_path, rows_of(range(5)))
    done(publish(local_hub, v1))
    assert "was published with other rows" in refused(publish(local_hub, v2, "--as", "1.0.0"))
    (tmp_path / "published.json").unlink()
    told = refused(publish(local_hub, v2, "--as", "1.0.0"))
    assert "the tag 1.0.0 stands on" in told
    assert "data/train-00000-of-00001.parquet" in told
    assert commits(api) == ["trial 1.0.0", "initial commit"]


def test_a_run_s_version_can_be_named_by_its_number(tmp_path: Path, local_hub: Hub):
    version(tmp_path / "run" / "dataset")
    assert "published 1.0.0" in done(publish(local_hub, f"{tmp_path}/run@1"))
    assert "has no version 3; it has 1" in refused(publish(local_hub, f"{tmp_path}/run@3"))
    assert "no dataset version" in refused(publish(local_hub, tmp_path / "run"))


def test_a_private_repository_is_made_so(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    done(publish(local_hub, v1, "--private"))
    assert api.dataset_info(REPO).private
    api.update_repo_settings(REPO, repo_type="dataset", private=False)
    assert "everybody can read" in refused(publish(local_hub, v1, "--private"))


def test_a_checkpoint_goes_the_same_way(
    local_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A model's repository: the same commit, tag and reading back; no card is written here."""
    monkeypatch.setenv("HF_ENDPOINT", local_hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", local_hub.token)
    checkpoint = tmp_path / "model"
    checkpoint.mkdir()
    (checkpoint / "model.safetensors").write_bytes(bytes(range(256)) * 100)
    (checkpoint / "config.json").write_text("{}")
    files, remote = local_files(checkpoint), Remote("lab/student", "model")
    created(remote, private=False, say=print)
    plan = planned(remote, files, there=True)
    commit = committed(remote, plan, "student 1.0.0", "", print)
    tagged(remote, "1.0.0", commit, print)
    folder = files_read_back(remote, files, "1.0.0", commit, tmp_path / "cache")
    assert written(checkpoint).items() <= written(folder).items()
    assert remote.address("1.0.0") == f"{local_hub.endpoint}/lab/student/tree/1.0.0"


@pytest.mark.slow
def test_it_is_loaded_by_datasets(local_hub: Hub, tmp_path: Path):
    """And is called published only then: nobody but `datasets` asks for this file."""
    told = done(publish(local_hub, version(tmp_path)))
    assert 'load_dataset("alice/sums", revision="1.0.0")' in told
    assert local_hub.asked("/dataset_infos.json")
