"""Our Hub as Hugging Face's own client for Python meets it through HTTP."""

from pathlib import Path

import pytest
from hub import Hub
from hub_examples import (
    BY_XET,
    CARD,
    DATASET,
    LARGE,
    OTHER,
    ROWS,
    SHARD,
    commit,
    first_version,
    head,
    read_back,
    status_of,
    version,
)
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
)
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

MODEL = "lab/student"


def test_a_version_is_one_commit_with_a_tag_and_is_read_back_whole(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    made = first_version(api)
    folder = read_back(local_hub, tmp_path / "cache")
    assert folder.name == made
    assert (folder / "README.md").read_bytes() == CARD
    assert (folder / SHARD).read_bytes() == LARGE
    assert len(local_hub.asked("POST /api/datasets/alice/rows/commit/")) == 1
    assert bool(local_hub.asked("xet-write-token")) == BY_XET
    assert bool(local_hub.asked("PUT /_lfs/")) != BY_XET


def test_what_a_commit_or_a_tag_names_stays(local_hub: Hub, api: HfApi, tmp_path: Path):
    old = first_version(api)
    new = commit(api, *version(OTHER, CARD + b"more"), CommitOperationDelete(".gitattributes"))
    api.super_squash_history(**DATASET)
    for revision in ("1.0.0", old):
        folder = read_back(local_hub, tmp_path / revision, revision)
        assert (folder / SHARD).read_bytes() == LARGE
    assert (read_back(local_hub, tmp_path / "new", new) / SHARD).read_bytes() == OTHER
    assert [c.title for c in api.list_repo_commits(**DATASET, revision="1.0.0")] == [
        "1.0.0",
        "initial commit",
    ]
    assert len(api.list_repo_commits(**DATASET)) == 1


# --- who asks, repositories -----------------------------------------------------------------------


def test_a_token_is_somebody_s(local_hub: Hub, api: HfApi):
    who = api.whoami()
    assert (who["name"], who["auth"]["accessToken"]["role"]) == ("alice", "write")
    with pytest.raises(HfHubHTTPError, match="Invalid") as wrong:
        HfApi(endpoint=local_hub.endpoint, token="hf_wrong").whoami()
    assert status_of(wrong) == 401


def test_a_repository_that_is_there_is_made_again_only_when_that_is_allowed(api: HfApi):
    url = api.create_repo(**DATASET)
    assert (url.repo_id, url.repo_type) == (ROWS, "dataset")
    with pytest.raises(HfHubHTTPError) as there:
        api.create_repo(**DATASET)
    assert status_of(there) == 409
    assert api.create_repo(**DATASET, exist_ok=True) == url
    assert api.repo_exists(ROWS, repo_type="dataset")
    assert not api.repo_exists(ROWS)  # a model would be another
    assert not api.repo_exists("alice/other", repo_type="dataset")


@pytest.mark.parametrize("token", ["reader_token", "stranger_token"])
def test_who_may_not_write_is_told_so(local_hub: Hub, api: HfApi, token: str):
    first_version(api)
    other = HfApi(endpoint=local_hub.endpoint, token=getattr(local_hub, token))
    with pytest.raises(HfHubHTTPError, match="rights") as refused:
        other.create_repo("lab/rows", repo_type="dataset")
    assert status_of(refused) == 403
    with pytest.raises(HfHubHTTPError, match="rights") as refused:
        commit(other, *version(OTHER))
    assert status_of(refused) == 403
    assert other.dataset_info(ROWS).sha == head(api)


def test_what_is_private_is_not_there_for_others(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    bob = HfApi(endpoint=local_hub.endpoint, token=local_hub.stranger_token)
    nobody = HfApi(endpoint=local_hub.endpoint, token=False)
    assert nobody.dataset_info(ROWS).private is False
    api.update_repo_settings(**DATASET, private=True)
    assert api.dataset_info(ROWS).private
    for other, status in ((bob, 404), (nobody, 401)):
        with pytest.raises(RepositoryNotFoundError) as refused:
            other.dataset_info(ROWS)
        assert status_of(refused) == status
        with pytest.raises(RepositoryNotFoundError):
            hf_hub_download(
                **DATASET,
                filename="README.md",
                endpoint=local_hub.endpoint,
                token=other.token,
                cache_dir=tmp_path,
            )
    reader = local_hub.reader_token
    assert (read_back(local_hub, tmp_path / "r", token=reader) / SHARD).read_bytes() == LARGE


def test_a_repository_can_be_deleted(api: HfApi):
    first_version(api)
    api.delete_repo(**DATASET)
    assert not api.repo_exists(**DATASET)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(**DATASET)


# --- commits --------------------------------------------------------------------------------------


def test_a_commit_on_an_old_head_is_refused(api: HfApi):
    api.create_repo(**DATASET)
    old = head(api)
    new = commit(api, *version(), parent=old)
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as stale:
        commit(api, *version(OTHER), parent=old)
    assert status_of(stale) == 412
    assert head(api) == new


def test_what_is_there_already_is_neither_sent_nor_committed(local_hub: Hub, api: HfApi):
    made = first_version(api)
    before = len(local_hub.log)
    assert commit(api, *version(), parent=made) == made
    assert not [asked for asked in local_hub.log[before:] if "/commit/" in asked.path]


def test_files_are_copied_and_deleted_in_one_commit(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    made = commit(
        api,
        CommitOperationCopy(SHARD, "kept/shard.parquet"),
        CommitOperationCopy("README.md", "kept/README.md"),
        CommitOperationDelete("data/", is_folder=True),
    )
    folder = read_back(local_hub, tmp_path, made)
    assert (folder / "kept/shard.parquet").read_bytes() == LARGE
    assert (folder / "kept/README.md").read_bytes() == CARD
    assert not (folder / "data").exists()
    with pytest.raises(EntryNotFoundError):
        commit(api, CommitOperationDelete("nothing.txt"))


def test_a_bad_card_is_refused_before_anything_is_sent(local_hub: Hub, api: HfApi):
    api.create_repo(**DATASET)
    bad = version(card=b"---\nlicense: my-own\nconfigs: 3\n---\n")
    with pytest.raises(ValueError, match='"license" must be one of'):
        commit(api, *bad)
    assert not local_hub.asked("preupload")
    with pytest.raises(ValueError, match="YAML"):
        commit(api, *version(card=b"---\na: [\n---\n"))


def test_a_large_file_of_any_name_is_noted_in_the_attributes(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    api.create_repo(**DATASET)
    made = commit(api, CommitOperationAdd("rows.txt", b"x" * 10_500_000))
    folder = read_back(local_hub, tmp_path, made)
    assert "rows.txt filter=lfs" in (folder / ".gitattributes").read_text()
    assert (folder / "rows.txt").stat().st_size == 10_500_000


@pytest.mark.parametrize("path", ["data/.git/config", "a//b.txt"])
def test_a_path_that_is_none_is_refused(api: HfApi, path: str):
    api.create_repo(**DATASET)
    with pytest.raises((BadRequestError, ValueError), match="path"):
        commit(api, CommitOperationAdd(path, b"1"))


def test_a_branch_that_is_not_there_takes_no_commit(api: HfApi):
    api.create_repo(**DATASET)
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(**DATASET, operations=version(), commit_message="1", revision="other")


# --- tags, branches -------------------------------------------------------------------------------


def test_a_tag_is_never_moved(api: HfApi):
    old = first_version(api)
    commit(api, *version(OTHER))
    with pytest.raises(HfHubHTTPError, match="already exists") as there:
        api.create_tag(**DATASET, tag="1.0.0")
    assert status_of(there) == 409
    refs = api.list_repo_refs(**DATASET, include_pull_requests=True)
    assert [(tag.ref, tag.target_commit) for tag in refs.tags] == [("refs/tags/1.0.0", old)]
    assert refs.pull_requests == []
    api.delete_tag(**DATASET, tag="1.0.0")
    assert not api.list_repo_refs(**DATASET).tags
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(ROWS, revision="1.0.0")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(**DATASET, tag="1.0.0")


def test_a_branch_goes_its_own_way(api: HfApi):
    old = first_version(api)
    api.create_branch(**DATASET, branch="more/rows", revision="1.0.0")
    made = api.create_commit(
        **DATASET, operations=version(OTHER), commit_message="2", revision="more/rows"
    )
    assert head(api) == old
    assert api.dataset_info(ROWS, revision="more/rows").sha == made.oid
    with pytest.raises(HfHubHTTPError) as there:
        api.create_branch(**DATASET, branch="more/rows")
    assert status_of(there) == 409
    api.delete_branch(**DATASET, branch="more/rows")
    assert [branch.name for branch in api.list_repo_refs(**DATASET).branches] == ["main"]
    assert api.dataset_info(ROWS, revision=made.oid).sha == made.oid


# --- models ---------------------------------------------------------------------------------------


def test_a_model_of_an_organization_is_published_the_same_way(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    api.create_repo(MODEL, private=True)
    card = b"---\nlicense: apache-2.0\nbase_model: org/base\ndatasets:\n- alice/rows\n---\n"
    operations = [
        CommitOperationAdd("README.md", card),
        CommitOperationAdd("config.json", b"{}"),
        CommitOperationAdd("model.safetensors", LARGE),
    ]
    parent = api.model_info(MODEL).sha
    made = api.create_commit(MODEL, operations, commit_message="step 10", parent_commit=parent)
    api.create_tag(MODEL, tag="step-10", revision=made.oid)
    info = api.model_info(MODEL, revision="step-10", files_metadata=True)
    assert info.card_data
    assert (info.card_data.base_model, info.private) == ("org/base", True)
    weights = hf_hub_download(
        MODEL,
        "model.safetensors",
        revision="step-10",
        endpoint=local_hub.endpoint,
        token=local_hub.token,
        cache_dir=tmp_path,
    )
    assert Path(weights).read_bytes() == LARGE
    assert made.commit_url.endswith(f"/lab/student/commit/{made.oid}")
    assert [model.id for model in api.list_models(author="lab")] == [MODEL]
