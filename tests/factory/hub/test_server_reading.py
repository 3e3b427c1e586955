"""What our Hub tells Hugging Face's own client for Python of a dataset."""

import hashlib
import itertools
from pathlib import Path

import pytest
from hub import Hub
from hub_examples import BY_XET, CARD, DATASET, LARGE, ROWS, SHARD, first_version
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder


def test_info_has_the_card_and_the_files(api: HfApi):
    made = first_version(api)
    info = api.dataset_info(ROWS, files_metadata=True)
    assert (info.id, info.author, info.sha) == (ROWS, "alice", made)
    assert info.card_data
    assert (info.card_data.license, info.card_data.language) == ("mit", ["en"])
    assert info.tags
    assert {"license:mit", "language:en"} <= set(info.tags)
    assert info.siblings
    shard = {sibling.rfilename: sibling for sibling in info.siblings}[SHARD]
    assert shard.size == len(LARGE)
    assert shard.lfs
    assert shard.lfs.sha256 == hashlib.sha256(LARGE).hexdigest()
    only = api.dataset_info(ROWS, expand=["sha"])
    assert (only.sha, only.private, only.siblings) == (made, None, None)
    assert api.revision_exists(ROWS, made[:7], repo_type="dataset")
    assert not api.revision_exists(ROWS, "2.0.0", repo_type="dataset")


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_the_tree_comes_in_pages(local_hub: Hub, api: HfApi, page: int):
    made = first_version(api)
    local_hub.settings.page = page
    found = {e.path: e for e in api.list_repo_tree(**DATASET, recursive=True, expand=True)}
    assert list(found) == [".gitattributes", "README.md", "data", SHARD]
    assert isinstance(found["data"], RepoFolder)
    shard = found[SHARD]
    assert isinstance(shard, RepoFile)
    assert shard.lfs
    assert (shard.lfs.sha256, shard.size) == (hashlib.sha256(LARGE).hexdigest(), len(LARGE))
    assert shard.last_commit
    assert shard.last_commit.oid == made
    assert (shard.xet_hash is not None) == BY_XET
    assert [c.title for c in api.list_repo_commits(**DATASET)] == ["1.0.0", "initial commit"]


def test_a_folder_is_listed_alone(api: HfApi):
    first_version(api)
    assert [e.path for e in api.list_repo_tree(**DATASET)] == [
        ".gitattributes",
        "README.md",
        "data",
    ]
    assert [e.path for e in api.list_repo_tree(**DATASET, path_in_repo="data")] == [SHARD]
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(**DATASET, path_in_repo="dat"))


def test_paths_are_told_of_when_they_are_there(api: HfApi):
    made = first_version(api)
    paths = ["README.md", SHARD, "data", "nothing.txt"]
    found = api.get_paths_info(**DATASET, paths=paths, expand=True, revision="1.0.0")
    assert [entry.path for entry in found] == paths[:3]
    assert {e.last_commit.oid for e in found if e.last_commit} == {made}


def test_a_file_that_is_not_there_is_told_apart_from_a_revision(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    first_version(api)
    assert api.file_exists(ROWS, SHARD, repo_type="dataset", revision="1.0.0")
    assert not api.file_exists(ROWS, "nothing.txt", repo_type="dataset")
    place = {"endpoint": local_hub.endpoint, "token": local_hub.token, "cache_dir": tmp_path}
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(**DATASET, filename="nothing.txt", **place)
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(**DATASET, filename="README.md", revision="9", **place)


def test_a_file_is_read_in_parts(local_hub: Hub, api: HfApi):
    first_version(api)
    files = HfFileSystem(endpoint=local_hub.endpoint, token=local_hub.token)
    place = f"datasets/{ROWS}@1.0.0"
    assert files.glob(f"{place}/**/*.parquet") == [f"{place}/{SHARD}"]
    with files.open(f"{place}/{SHARD}", block_size=1000) as shard:
        for start, stop in itertools.pairwise([0, 10, 5_000, 300_000, 300_001]):
            shard.seek(start)
            assert shard.read(stop - start) == LARGE[start:stop]
        shard.seek(-5, 2)
        assert shard.read() == LARGE[-5:]
    assert files.info(f"{place}/README.md")["size"] == len(CARD)
