"""Draws are kept exactly once: torn tails, flipped bytes, full disks, crashes between steps."""

import contextlib
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.errors import StageError
from factory.store import Store
from factory.store.draws import Draws
from factory.store.journal import FRAME

ROWS: list[dict[str, Any]] = [
    {"sample_id": "a", "draw": 0, "text": "one", "token_ids": [1, 2]},
    {"sample_id": "b", "draw": 1, "text": "zwei, mit Umlaut: ü", "token_ids": None},
    {"sample_id": "c", "draw": 2, "text": "line\nline\x00", "token_ids": []},
]


def ids(store: Store) -> list[str]:
    return store.table()["sample_id"].to_list()


def journal(folder: Path) -> Path:
    (path,) = folder.glob("journal-*")
    return path


def killed_after(folder: Path, rows: list[dict[str, Any]]) -> bytes:
    """A folder whose process died after so many appends; returns what its journal holds."""
    store = Store(folder)
    for row in rows:
        store.append(row)
    return journal(folder).read_bytes()


def recovered(folder: Path, content: bytes) -> list[str]:
    """Put such a journal into a folder of its own; which rows are found there?"""
    folder.mkdir()
    (folder / "journal-00000").write_bytes(content)
    return ids(Store(folder))


def test_what_was_appended_is_there_again(tmp_path: Path):
    killed_after(tmp_path, ROWS)
    table = Store(tmp_path).table()
    assert table.select("sample_id", "draw", "text", "token_ids").to_dicts() == ROWS
    assert table["verdict"].to_list() == [None] * 3  # what a row does not say is null


def test_a_tail_torn_at_any_byte_costs_the_last_row_alone(tmp_path: Path):
    content = killed_after(tmp_path / "whole", ROWS)
    last = len(killed_after(tmp_path / "shorter", ROWS[:2]))
    for end in range(last, len(content)):
        folder = tmp_path / str(end)
        assert recovered(folder, content[:end]) == ["a", "b"], f"torn after {end} bytes"
        Store(folder).append(ROWS[2])  # and where the tail was cut off, it goes on
        assert ids(Store(folder)) == ["a", "b", "c"], f"torn after {end} bytes"


def test_a_byte_flipped_anywhere_in_a_row_is_noticed(tmp_path: Path):
    content = killed_after(tmp_path / "whole", ROWS)
    last = len(killed_after(tmp_path / "shorter", ROWS[:2]))
    for place in range(last, len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        assert recovered(tmp_path / str(place), bytes(flipped)) == ["a", "b"], f"byte {place}"


@pytest.mark.parametrize(
    ("tail", "remark"),
    [
        (b"\x00" * 4096, "a power failure can leave a longer file whose last block is all zeros"),
        (b"\x00" * FRAME.size, "just one frame of zeros"),
        (FRAME.pack(2**32 - 1, 0), "a length that no row has"),
        (b"\xff" * 100, "bytes of some other file"),
    ],
    ids=["zeros", "one frame", "length", "foreign"],
)
def test_a_tail_that_was_never_written_is_cut_off(tmp_path: Path, tail: bytes, remark: str):
    content = killed_after(tmp_path / "whole", ROWS)
    assert recovered(tmp_path / "torn", content + tail) == ["a", "b", "c"], remark
    assert journal(tmp_path / "torn").read_bytes() == content


def test_full_journals_become_shards_and_nothing_is_there_twice(tmp_path: Path):
    names = [f"{n:03}" for n in range(25)]
    for name in names:  # a new process for every row
        store = Store(tmp_path, seal_rows=10)
        store.append({"sample_id": name})
        store.table()  # waits for a shard that is being written
    assert len(list(tmp_path.glob("part-*.parquet"))) == 2
    assert ids(Store(tmp_path)) == names
    assert (
        Draws(tmp_path).read()["sample_id"].to_list() == names[:20]
    )  # what is sealed, without a lock
    Store(tmp_path).close()
    assert Draws(tmp_path).read()["sample_id"].to_list() == names
    assert not list(tmp_path.glob("journal-*"))


def test_sealing_nothing_leaves_nothing(tmp_path: Path):
    store = Store(tmp_path)
    store.seal()
    store.close()
    assert list(tmp_path.iterdir()) == []
    assert Draws(tmp_path).read().is_empty()


def test_a_crash_after_the_shard_and_before_the_journal_went(tmp_path: Path):
    content = killed_after(tmp_path, ROWS)
    Store(tmp_path).seal(wait=True)
    (tmp_path / "journal-00001").unlink()
    (tmp_path / "journal-00000").write_bytes(content)
    assert ids(Store(tmp_path)) == ["a", "b", "c"]
    assert not (tmp_path / "journal-00000").exists()


def test_a_crash_while_the_shard_was_put_elsewhere(tmp_path: Path):
    killed_after(tmp_path / "run", ROWS)
    shards = tmp_path / "elsewhere"
    shards.mkdir()
    (shards / "part-00000.parquet").write_bytes(b"PAR1 and then nothing")  # under its name already
    assert ids(Store(tmp_path / "run", shards)) == ["a", "b", "c"]


def test_a_crash_while_the_shard_was_written(tmp_path: Path):
    killed_after(tmp_path, ROWS)
    (tmp_path / "part-00000.parquet.tmp").write_bytes(b"PAR1 and then nothing")
    assert ids(Store(tmp_path)) == ["a", "b", "c"]
    Store(tmp_path).close()
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


def test_a_journal_left_behind_takes_no_shard_of_another(tmp_path: Path):
    """As when one could not be sealed for want of room, and the next, a smaller one, could."""
    content = killed_after(tmp_path, ROWS[:1])
    store = Store(tmp_path)
    store.seal(wait=True)
    store.append(ROWS[1])
    store.close()
    (tmp_path / "part-00000.parquet").unlink()
    (tmp_path / "journal-00000").write_bytes(content)
    for name in ("c", "d"):
        store = Store(tmp_path)
        store.append({"sample_id": name})
        store.close()
    assert Draws(tmp_path).read()["sample_id"].to_list() == ["a", "b", "c", "d"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)):
        pytest.skip("the right to mount (run the tests as root)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # stores hold files open


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode


def random_row(number: int) -> dict[str, Any]:
    """One that no compression makes smaller."""
    return {"sample_id": f"{number:05}", "text": os.urandom(1000).hex()}


def append_until_full(folder: Path, seal_rows: int) -> tuple[int, str]:
    """How many rows were kept, and what was said then."""
    store, kept = Store(folder, seal_rows=seal_rows), 0
    try:
        while kept < 2000:
            store.append(random_row(kept))
            kept += 1
    except StageError as error:
        return kept, str(error)
    finally:
        with contextlib.suppress(StageError):  # room to seal in is there only if a shard was sealed
            store.close()
    raise AssertionError("the disk has more room than it should")


@pytest.mark.parametrize("seal_rows", [50, 150, 10**6], ids=["shards", "large shards", "journal"])
def test_a_full_disk_stops_the_store_until_there_is_room(small_disk: Path, seal_rows: int):
    folder = small_disk / "draws"
    kept, said = append_until_full(folder, seal_rows)
    assert kept > 100
    assert "draws cannot be kept any more" in said
    assert "make room on the disk and run the same command again" in said
    assert not list(folder.glob("*.tmp"))
    assert not mount("-o", "remount,size=8m", str(small_disk))
    store = Store(folder, seal_rows=seal_rows)
    found = ids(store)
    # The row that could not be answered for may be there: what was sealing had failed, not it.
    assert found == [f"{n:05}" for n in range(len(found))]
    assert kept <= len(found) <= kept + 1
    for number in range(len(found), len(found) + 200):
        store.append(random_row(number))
    store.close()
    assert Draws(folder).read()["sample_id"].to_list() == [
        f"{n:05}" for n in range(len(found) + 200)
    ]


def test_on_a_full_disk_every_note_is_an_error_in_words(small_disk: Path):
    folder = small_disk / "draws"
    store = Store(folder)
    store.append(ROWS[0])
    with (small_disk / "rest").open("wb", buffering=0) as rest:
        while rest.write(bytes(4096)) == 4096:
            if os.statvfs(small_disk).f_bavail == 0:
                break
    for note in (
        lambda: store.failed("a", 1, "http_500", "words " * 1000),
        lambda: store.note_seconds("t", 1.0),
        lambda: store.append({"sample_id": "b", "text": "words " * 2000}),
        store.close,
    ):
        with pytest.raises(StageError, match="make room on the disk"):
            note()
    with pytest.raises(StageError, match="make room on the disk"):
        Store(folder).seal(wait=True)
    (small_disk / "rest").unlink()
    assert ids(Store(folder)) == ["a"]


def fill_the_disk(folder: Path) -> None:
    """In a process of its own: its files may not grow beyond 1,000 bytes, then they may again."""
    store, kept = Store(folder), 0
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        while True:
            store.append({"sample_id": f"{kept:03}", "text": "some words"})
            kept += 1
    except StageError as error:
        print(kept, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    store.append({"sample_id": "there is room again"})


def test_a_full_disk_is_an_error_and_loses_no_row(tmp_path: Path):
    command = [sys.executable, __file__, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kept, _, error = said.strip().partition(" ")
    assert int(kept) > 10
    assert "journal-00000: only " in error
    assert "make room on the disk and run the same command again" in error
    names = [f"{n:03}" for n in range(int(kept))]
    assert ids(Store(tmp_path)) == [*names, "there is room again"]


def test_a_note_that_cannot_be_written_is_told_as_a_full_disk(tmp_path: Path):
    store = Store(tmp_path)
    for name in ("failures.jsonl", "seconds.json.tmp"):
        (tmp_path / name).mkdir()  # so that nothing can be written there
    with pytest.raises(StageError, match="make room on the disk"):
        store.failed("a", 1, "timeout", "no answer")
    with pytest.raises(StageError, match="make room on the disk"):
        store.note_seconds("t", 1.0)


def test_rows_that_did_not_reach_the_disk_are_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def lost(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    store = Store(tmp_path)
    store.append(ROWS[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", lost)
        with pytest.raises(StageError, match="cannot be kept"):
            store.sync()
    with pytest.raises(StageError, match="cannot be kept"):  # Linux would say that all is well now
        store.append(ROWS[1])


if __name__ == "__main__":
    fill_the_disk(Path(sys.argv[1]))
