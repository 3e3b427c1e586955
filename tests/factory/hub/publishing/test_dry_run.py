"""What would go up, and how much of it is new; nothing is changed."""

import re
from pathlib import Path

import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import done, publish, refused, rows_of, version, written

SHARD = "data/train-00000-of-00001.parquet"


def new_bytes(told: str) -> int:
    found = re.search(r"([\d,]+)  bytes of them are new", told)
    assert found, told
    return int(found[1].replace(",", ""))


def test_it_changes_nothing(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    before = written(tmp_path)
    told = done(publish(local_hub, v1, "--dry-run"))
    assert "a public repository would be made" in told
    assert re.search(rf"new +[\d,]+  {SHARD}", told)
    assert written(tmp_path) == before
    assert not api.repo_exists("alice/sums", repo_type="dataset")
    assert {asked.method for asked in local_hub.log} == {"GET"}


def test_it_says_what_is_new_against_the_last_version(local_hub: Hub, tmp_path: Path):
    v1 = version(tmp_path, rows_of(range(200), thinking=1_500))
    v2 = version(tmp_path, rows_of(range(210), thinking=1_500))
    done(publish(local_hub, v1))
    first = new_bytes(done(publish(local_hub, v1, "--as", "9.0.0", "--dry-run")))
    told = done(publish(local_hub, v2, "--dry-run"))
    assert f"changed {(v2 / SHARD).stat().st_size:>15,}  {SHARD}" in told
    assert ", beside those of v1" in told
    assert first < new_bytes(told) < (v2 / SHARD).stat().st_size / 2


def test_it_works_without_a_hub(local_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    v1 = version(tmp_path)
    local_hub.faults.close("GET ", times=99)
    told = done(publish(local_hub, v1, "--dry-run"))
    assert "without a look at the Hub: alice/sums: no connection" in told
    assert SHARD in told


def test_it_says_what_would_be_refused(local_hub: Hub, tmp_path: Path):
    v1, v2 = version(tmp_path), version(tmp_path, rows_of(range(5)))
    done(publish(local_hub, v1))
    (tmp_path / "published.json").unlink()
    told = refused(publish(local_hub, v2, "--as", "1.0.0", "--dry-run"))
    assert "refused: tag: " in told
    assert "it would not be published: one thing" in told
