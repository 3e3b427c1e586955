"""After any error the Hub is looked at again: done, tried again, or stopped with a sentence."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hub import COMMIT, FILE, INFO, LFS_BATCH, PREUPLOAD, TAG, XET_TOKEN, Fault, Hub, serving_hub
from hub.storage import Storage
from hub_examples import BY_XET
from huggingface_hub import HfApi
from publishing import REPO, commits, done, head, publish, refused, rows_of, tags, version

from factory.hub import trouble, watching

by_xet = pytest.mark.skipif(not BY_XET, reason="large files by Xet (no `HF_HUB_DISABLE_XET`)")
FIRST = ["trial 1.0.0", "initial commit"]


@pytest.mark.parametrize("where", [COMMIT, TAG, "POST /api/repos/create", "GET .*/refs", INFO])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(
    local_hub: Hub, api: HfApi, tmp_path: Path, where: str, status: int
):
    local_hub.faults.answer(where, status, times=2)
    done(publish(local_hub, version(tmp_path)))
    assert commits(api) == FIRST
    assert tags(api) == {"1.0.0": head(api)}


def test_a_busy_hub_is_given_the_time_it_asks_for(
    local_hub: Hub, tmp_path: Path, waits: list[float]
):
    local_hub.faults.answer(COMMIT, 429, retry_after=17)
    told = done(publish(local_hub, version(tmp_path)))
    assert "asked too often (429)" in told
    assert "tried again in 17 s" in told
    assert 17 in waits


def test_a_hub_that_asks_for_hours_is_not_waited_for(local_hub: Hub, api: HfApi, tmp_path: Path):
    local_hub.faults.answer(COMMIT, 429, retry_after=7200)
    told = refused(publish(local_hub, version(tmp_path)))
    assert "Run the same command again in 7,200 s" in told
    assert commits(api) == ["initial commit"]


def test_tries_are_bounded(local_hub: Hub, api: HfApi, tmp_path: Path, waits: list[float]):
    local_hub.faults.answer(COMMIT, 503, times=99)
    told = refused(publish(local_hub, version(tmp_path)))
    assert (
        f"the Hub fails (503): injected. Run the same command again later ({trouble.TRIES}" in told
    )
    assert waits == [1, 2, 4, 8]
    assert len(local_hub.asked("POST /api/datasets/alice/sums/commit")) == trouble.TRIES
    assert (commits(api), tags(api)) == (["initial commit"], {})


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the Hub does not know this token (401)"),
        (403, "this token may not write there (403)"),
    ],
)
@pytest.mark.parametrize("where", [COMMIT, TAG, PREUPLOAD, "POST /api/repos/create"])
def test_what_does_not_pass_is_not_tried_again(
    local_hub: Hub, api: HfApi, tmp_path: Path, where: str, status: int, words: str
):
    v1 = version(tmp_path)
    local_hub.faults.answer(where, status)
    assert words in refused(publish(local_hub, v1))
    assert not (tmp_path / "published.json").exists()
    done(publish(local_hub, v1))
    assert commits(api) == FIRST


def test_a_full_account_is_told_apart(local_hub: Hub, tmp_path: Path):
    full = Fault(COMMIT, status=403, message="Private repository storage limit reached")
    local_hub.faults.add(full)
    assert "takes no more of this account" in refused(publish(local_hub, version(tmp_path)))


@pytest.mark.parametrize(
    ("token", "words"),
    [("reader_token", "this token may not write"), ("stranger_token", "this token may not write")],
)
def test_who_may_not_write_is_told_so(local_hub: Hub, tmp_path: Path, token: str, words: str):
    told = refused(publish(local_hub, version(tmp_path), token=getattr(local_hub, token)))
    assert words in told
    assert getattr(local_hub, token) not in told


def test_a_wrong_token_is_told_and_not_printed(local_hub: Hub, tmp_path: Path):
    told = refused(publish(local_hub, version(tmp_path), token="hf_nobodysToken"))
    assert "the Hub does not know this token (401)" in told
    assert "hf_nobodysToken" not in told


@pytest.mark.parametrize("status", [None, 500])
@pytest.mark.parametrize("where", [COMMIT, TAG, "POST /api/repos/create"])
def test_what_is_done_is_not_done_again(
    local_hub: Hub, api: HfApi, tmp_path: Path, where: str, status: int | None
):
    local_hub.faults.lose_answer(where, status)
    done(publish(local_hub, version(tmp_path)))
    assert commits(api) == FIRST
    assert tags(api) == {"1.0.0": head(api)}


def test_a_commit_is_found_under_another_s(
    local_hub: Hub, api: HfApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Our answer is lost, and somebody commits before we look."""
    local_hub.faults.lose_answer(COMMIT)
    local_hub.faults.answer("GET .*/commits/", 503, skip=1)  # we look when this has passed
    monkeypatch.setattr(trouble, "sleep", lambda _: local_hub.commit(REPO, {"a.txt": b"mine"}))
    done(publish(local_hub, version(tmp_path)))
    assert commits(api) == ["another's commit", *FIRST]
    assert tags(api) != {"1.0.0": head(api)}


def test_a_moved_head_stops_it(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    local_hub.faults.move_head()
    told = refused(publish(local_hub, v1))
    assert "its head moved from" in told
    assert 'by bob, "another\'s commit"' in told
    assert "moved.txt" in told
    assert (commits(api), tags(api)) == (["another's commit", "initial commit"], {})
    told = refused(publish(local_hub, v1))
    assert "head: others committed to alice/sums" in told
    assert "moved.txt would be replaced or deleted" in told
    done(publish(local_hub, v1, "--allow", "head"))
    assert commits(api)[0] == "trial 1.0.0"
    assert not api.file_exists(REPO, "moved.txt", repo_type="dataset")


def test_a_busy_repository_is_waited_for(local_hub: Hub, api: HfApi, tmp_path: Path):
    local_hub.faults.answer(COMMIT, 409)
    assert "others write there at this moment (409)" in done(publish(local_hub, version(tmp_path)))
    assert commits(api) == FIRST


def test_a_lost_file_is_sent_again(local_hub: Hub, api: HfApi, tmp_path: Path):
    local_hub.faults.forget_objects()
    told = done(publish(local_hub, version(tmp_path)))
    assert "a file got lost before its commit (400)" in told
    assert commits(api) == FIRST


def test_where_nobody_can_look_it_says_so(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    local_hub.faults.lose_answer(COMMIT)
    local_hub.faults.add(Fault("GET .*/commits/", times=99, skip=1, closed=True))
    told = refused(publish(local_hub, v1))
    assert "Whether it is done after all could not be seen" in told
    local_hub.faults.clear()
    done(publish(local_hub, v1))
    assert commits(api) == FIRST


def test_a_tag_that_comes_in_between_is_not_moved(
    local_hub: Hub, api: HfApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    v1 = version(tmp_path)
    local_hub.faults.answer(TAG, 503)

    def another(_: float) -> None:
        first = api.list_repo_commits(REPO, repo_type="dataset")[-1].commit_id
        api.create_tag(REPO, tag="1.0.0", revision=first, repo_type="dataset")

    monkeypatch.setattr(trouble, "sleep", another)
    told = refused(publish(local_hub, v1))
    assert "the tag 1.0.0 stands on" in told
    assert "publish under another name (--as)" in told
    assert "the tag 1.0.0 stands on" in refused(publish(local_hub, v1))


@pytest.mark.parametrize("same", [True, False])
def test_of_two_at_once_one_wins(
    local_hub: Hub, api: HfApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: bool
):
    """Each from a folder of its own, as from two machines; the loser says so, or finds it done."""
    day = "2026-11-26T00:00:00Z"
    mine = version(tmp_path / "a", created=day)
    theirs = version(tmp_path / "b", None if same else rows_of(range(3)), created=day)
    with ThreadPoolExecutor(1) as pool, local_hub.faults.held_commit() as held:
        first = pool.submit(publish, local_hub, mine)
        assert held.arrived.wait(60)

        def until_it_is_done(_: float) -> None:
            held.released.set()
            while commits(api) != FIRST:
                pass

        monkeypatch.setattr(trouble, "sleep", until_it_is_done)
        second = publish(local_hub, theirs)
        done(first.result(60))
    if same:
        done(second)
    else:
        assert "its head moved from" in refused(second)
    assert commits(api) == FIRST
    assert tags(api) == {"1.0.0": head(api)}


@pytest.mark.parametrize(
    ("file", "how"),
    [
        pytest.param("README.md", "cut", marks=pytest.mark.slow),  # the client tries for 5 s each
        ("README.md", "wrong"),
        ("data/.*", "cut"),
        ("data/.*", "wrong"),
        ("rows.parquet", "wrong"),
    ],
)
def test_wrong_bytes_are_not_called_published(local_hub: Hub, tmp_path: Path, file: str, how: str):
    v1 = version(tmp_path, rows_of(range(50)))
    with local_hub.faults.damaged(file, how):
        told = refused(publish(local_hub, v1))
    assert file.split("/")[0] in told
    assert "The tag stands, and is not known to be whole" in told
    assert not (tmp_path / "published.json").exists()
    done(publish(local_hub, v1))


def statuses(hub: Hub, where: str) -> list[int]:
    """What was answered to the requests that this pattern is of, in their order."""
    return [asked.status for asked in hub.log if re.search(where, f"{asked.method} {asked.path}")]


def test_a_download_is_tried_again(local_hub: Hub, api: HfApi, tmp_path: Path):
    local_hub.faults.answer(FILE, 503, skip=2)
    done(publish(local_hub, version(tmp_path)))
    assert statuses(local_hub, FILE).count(503) == 1
    assert tags(api) == {"1.0.0": head(api)}


@pytest.mark.parametrize("where", [XET_TOKEN if BY_XET else LFS_BATCH, PREUPLOAD])
def test_the_client_s_own_tries_are_enough(local_hub: Hub, api: HfApi, tmp_path: Path, where: str):
    local_hub.faults.answer(where, 503, retry_after=0)
    done(publish(local_hub, version(tmp_path)))
    assert statuses(local_hub, where)[:2] == [503, 200]
    assert (commits(api), tags(api)) == (FIRST, {"1.0.0": head(api)})


@by_xet
@pytest.mark.parametrize("status", [401, 403])
def test_xet_may_refuse_the_token(local_hub: Hub, tmp_path: Path, status: int):
    local_hub.faults.answer(XET_TOKEN, status, times=9)
    told = refused(publish(local_hub, version(tmp_path)))
    assert f"({status})" in told
    assert len(local_hub.asked("xet-write-token")) == 1


@by_xet
def test_a_token_for_xet_may_end_soon(local_hub: Hub, api: HfApi, tmp_path: Path):
    local_hub.settings.xet_seconds = 10
    done(publish(local_hub, version(tmp_path)))
    assert set(statuses(local_hub, XET_TOKEN)) == {200}
    assert (commits(api), tags(api)) == (FIRST, {"1.0.0": head(api)})


@by_xet
def test_an_upload_by_xet_that_stands_still_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent, serving_hub(tmp_path / "hub") as hub:
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(Storage, "xet_address", nowhere)
        monkeypatch.setattr(watching, "LONGEST_SILENCE", 0.5)
        told = refused(publish(hub, version(tmp_path / "versions")))
    assert "stood still" in told
    assert "HF_HUB_DISABLE_XET=1" in told


@pytest.mark.slow
def test_more_files_than_a_call_takes_are_one_commit(local_hub: Hub, api: HfApi, tmp_path: Path):
    many = [f"examples/{number}.txt" for number in range(300)]
    done(publish(local_hub, version(tmp_path, files=many)))
    assert commits(api) == FIRST
    assert len(api.list_repo_files(REPO, repo_type="dataset")) > 300
