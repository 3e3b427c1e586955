"""What goes wrong on purpose goes wrong as it does on the Hub, and only then."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hub import COMMIT, FILE, INFO, LFS_BATCH, LFS_PUT, PREUPLOAD, TAG, XET_TOKEN, Fault, Hub
from hub_examples import (
    BY_XET,
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
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from huggingface_hub.errors import BadRequestError, HfHubHTTPError


@pytest.mark.parametrize("status", [401, 403, 409, 412, 429, 500, 503])
def test_a_commit_that_is_refused_is_not_done(local_hub: Hub, api: HfApi, status: int):
    old = first_version(api)
    local_hub.faults.answer(COMMIT, status)
    with pytest.raises(HfHubHTTPError) as refused:
        commit(api, *version(OTHER))
    assert status_of(refused) == status
    assert head(api) == old
    assert commit(api, *version(OTHER)) == head(api) != old


@pytest.mark.parametrize(
    ("where", "status"), [(PREUPLOAD, 429), (XET_TOKEN if BY_XET else LFS_BATCH, 503)]
)
def test_what_the_client_tries_again_is_done_in_the_end(
    local_hub: Hub, api: HfApi, where: str, status: int
):
    api.create_repo(**DATASET)
    local_hub.faults.answer(where, status, retry_after=0)
    assert commit(api, *version()) == head(api)
    assert status in [asked.status for asked in local_hub.log]


def test_a_file_of_parts_is_sent_again_from_where_it_failed(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    """An open file goes by LFS, whichever way the client sends others."""
    local_hub.settings.multipart_above = local_hub.settings.part = 100_000
    local_hub.faults.answer(LFS_PUT, 500, skip=2)
    api.create_repo(**DATASET)
    made = commit(api, CommitOperationAdd(SHARD, io.BytesIO(LARGE)))
    assert [asked.status for asked in local_hub.asked("PUT ")] == [200, 200, 500, *[200] * 5]
    assert (read_back(local_hub, tmp_path, made) / SHARD).read_bytes() == LARGE


@pytest.mark.parametrize("status", [None, 500])
def test_a_commit_is_done_and_its_answer_lost(local_hub: Hub, api: HfApi, status: int | None):
    old = first_version(api)
    local_hub.faults.lose_answer(COMMIT, status)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, HfHubHTTPError)):
        commit(api, *version(OTHER), parent=old)
    new = head(api)
    assert new != old
    assert commit(api, *version(OTHER), parent=old) == new  # nothing is left to commit
    assert len(api.list_repo_commits(**DATASET)) == 3


@pytest.mark.parametrize("status", [None, 500])
def test_a_tag_is_set_and_its_answer_lost(local_hub: Hub, api: HfApi, status: int | None):
    made = first_version(api)
    local_hub.faults.lose_answer(TAG, status)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, HfHubHTTPError)):
        api.create_tag(**DATASET, tag="1.0.1")
    assert {t.name: t.target_commit for t in api.list_repo_refs(**DATASET).tags}["1.0.1"] == made


def test_a_closed_connection_may_mean_that_nothing_is_done(local_hub: Hub, api: HfApi):
    old = first_version(api)
    local_hub.faults.close(COMMIT)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        commit(api, *version(OTHER))
    assert head(api) == old
    assert local_hub.asked("/commit/")[-1].status == 0


def test_the_head_moves_between_preupload_and_commit(local_hub: Hub, api: HfApi):
    old = first_version(api)
    local_hub.faults.move_head()
    with pytest.raises(HfHubHTTPError) as stale:
        commit(api, *version(OTHER), parent=old)
    assert status_of(stale) == 412
    assert api.list_repo_commits(**DATASET)[0].title == "another's commit"
    assert api.file_exists(ROWS, "moved.txt", repo_type="dataset")


def test_something_happens_just_before_a_request(local_hub: Hub, api: HfApi):
    """Here another sets the same tag first; what happens may ask the server as anybody does."""
    old = first_version(api)
    new = commit(api, *version(OTHER))
    local_hub.faults.before(TAG, lambda: api.create_tag(**DATASET, tag="2.0.0", revision=old))
    with pytest.raises(HfHubHTTPError) as there:
        api.create_tag(**DATASET, tag="2.0.0", revision=new)
    assert status_of(there) == 409
    assert {t.name: t.target_commit for t in api.list_repo_refs(**DATASET).tags}["2.0.0"] == old


def test_another_commits_at_any_time(local_hub: Hub, api: HfApi):
    old = first_version(api)
    new = local_hub.commit(ROWS, {"notes.txt": b"mine"})
    assert head(api) == new != old
    assert api.list_repo_commits(**DATASET)[0].authors == ["bob"]


def test_a_file_may_be_lost_before_its_commit(local_hub: Hub, api: HfApi):
    api.create_repo(**DATASET)
    local_hub.faults.forget_objects()
    with pytest.raises(BadRequestError, match="does not exist"):
        commit(api, *version())
    assert commit(api, *version()) == head(api)


def test_of_two_publishers_at_once_one_is_told_to_wait(local_hub: Hub, api: HfApi):
    old = first_version(api)
    with ThreadPoolExecutor(1) as pool:
        with local_hub.faults.held_commit() as held:
            slow = pool.submit(commit, api, *version(OTHER), parent=old)
            assert held.arrived.wait(60)
            with pytest.raises(HfHubHTTPError) as busy:
                commit(api, *version(b"third"), parent=old)
            assert status_of(busy) == 409
            assert head(api) == old
        assert slow.result(60) == head(api)
    with pytest.raises(HfHubHTTPError) as stale:
        commit(api, *version(b"third"), parent=old)
    assert status_of(stale) == 412


def test_of_many_publishers_at_once_one_gets_through(local_hub: Hub, api: HfApi):
    old = first_version(api)
    together = threading.Barrier(4)

    def publish(number: int) -> int:
        together.wait(60)
        try:
            commit(api, *version(LARGE[number:]), parent=old)
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(publish, range(1, 5)))
    assert told[0] == 200
    assert set(told[1:]) <= {409, 412}
    assert len(api.list_repo_commits(**DATASET)) == 3


@pytest.mark.parametrize("file", ["README.md", SHARD])
def test_wrong_bytes_of_the_right_size_reach_the_reader(
    local_hub: Hub, api: HfApi, tmp_path: Path, file: str
):
    """The client looks at the size alone: whoever wants to know has to hash."""
    first_version(api)
    right = read_back(local_hub, tmp_path / "right") / file
    with local_hub.faults.damaged(file, "wrong"):
        wrong = read_back(local_hub, tmp_path / "wrong") / file
    assert wrong.stat().st_size == right.stat().st_size
    assert wrong.read_bytes() != right.read_bytes()
    assert (read_back(local_hub, tmp_path / "again") / file).read_bytes() == right.read_bytes()


def test_a_file_that_is_cut_is_not_taken_for_whole(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    cut = "expected 640000 bytes" if BY_XET else "peer closed connection"
    with (
        local_hub.faults.damaged(SHARD, "cut"),
        pytest.raises((RuntimeError, httpx.RemoteProtocolError), match=cut),
    ):
        read_back(local_hub, tmp_path)
    assert not list(tmp_path.glob(f"*/snapshots/*/{SHARD}"))


def test_a_download_that_is_refused_is_not_tried_again(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    place = {"endpoint": local_hub.endpoint, "token": local_hub.token, "cache_dir": tmp_path}
    local_hub.faults.answer(FILE, 503)
    with pytest.raises(HfHubHTTPError, match="503"):
        hf_hub_download(**DATASET, filename="README.md", **place)
    local_hub.faults.answer(INFO, 403)
    with pytest.raises(HfHubHTTPError) as refused:
        api.dataset_info(ROWS)
    assert status_of(refused) == 403


def test_faults_and_the_log_are_there_by_http(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    place = f"{local_hub.endpoint}/_fault"
    assert httpx.post(place, json={"where": "GET /api/whoami", "status": 503}).is_success
    with pytest.raises(HfHubHTTPError):
        api.whoami()
    httpx.post(place, json={"damaged": "README.md", "how": "wrong"}).raise_for_status()
    assert httpx.post(place, json={"wher": "GET"}).status_code == 400
    assert b"license" not in (read_back(local_hub, tmp_path) / "README.md").read_bytes()
    httpx.delete(place).raise_for_status()
    assert api.whoami()
    log = httpx.get(f"{local_hub.endpoint}/_log").json()
    assert log[-1] == {
        "method": "GET",
        "path": "/api/whoami-v2",
        "status": 200,
        "account": "alice",
    }


def test_a_fault_lets_some_through_and_ends(local_hub: Hub, api: HfApi):
    local_hub.faults.add(Fault("whoami", times=2, skip=1, status=500))
    told = [httpx.get(f"{local_hub.endpoint}/api/whoami-v2").status_code for _ in range(4)]
    assert told == [401, 500, 500, 401]
