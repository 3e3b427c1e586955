"""Sealed draws: a folder or any other place, damage that is noticed and named, no half shards."""

import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from factory.errors import RecipeError, StageError
from factory.records import SAMPLE
from factory.store import Store
from factory.store.draws import Draws
from factory.store.shards import Shards


def table(*ids: str, **more: Any) -> pl.DataFrame:
    rows = [{"sample_id": id, "draw": 1, "token_ids": [1, 2], "text": f"of {id}"} for id in ids]
    return pl.DataFrame([row | more for row in rows], schema=SAMPLE)


@pytest.fixture(params=["folder", "file address", "odd folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return {
        "folder": tmp_path / "draws",
        "file address": f"file://{tmp_path}/draws",
        "odd folder": tmp_path / "run[1] of *, ü",
        "memory": f"memory://{uuid.uuid4().hex}/draws",
    }[request.param]


def test_what_was_written_is_there_again(place: Path | str):
    shards = Shards(place)
    assert (shards.numbers(), Draws(shards.place).read().height) == ([], 0)
    shards.write(3, table("c"))
    shards.write(0, table("a", "b"))
    again = Shards(place)
    assert again.numbers() == [0, 3]
    assert Draws(again.place).read().equals(table("a", "b", "c"))
    assert Draws(again.place).read(["draw", "sample_id"]).columns == ["draw", "sample_id"]
    assert [rows["sample_id"].to_list() for rows in again.each(["sample_id"])] == [
        ["a", "b"],
        ["c"],
    ]


def test_a_store_goes_on_where_its_shards_are_elsewhere(place: Path | str, tmp_path: Path):
    for name in "abcd":
        store = Store(tmp_path / "run", place, seal_rows=2)
        store.append({"sample_id": name})
        store.close()
    assert Draws(place).read()["sample_id"].to_list() == list("abcd")
    assert Shards(place).numbers() == [0, 1, 2, 3]


def test_other_files_beside_shards_are_left_alone(tmp_path: Path):
    shards = Shards(tmp_path)
    shards.write(0, table("a"))
    for name in ("part-00001.parquet.tmp", "part-x.parquet", "part-1.parquet.bak", "notes"):
        (tmp_path / name).write_text("something else")
    assert shards.numbers() == [0]
    assert Draws(shards.place).read()["sample_id"].to_list() == ["a"]


def pages(file: Path) -> range:
    """Where the pages of a shard lie; its footer follows them."""
    metadata = pq.ParquetFile(file).metadata
    length = int.from_bytes(file.read_bytes()[-8:-4], "little")
    assert metadata.num_rows
    return range(4, file.stat().st_size - 8 - length)


def damage(shards: Shards, expected: pl.DataFrame) -> str | None:
    """What is said of it; None where it reads as it should."""
    try:
        found = Draws(shards.place).read()
    except StageError as error:
        return str(error)
    assert found.equals(expected), "damaged, and nobody noticed"
    return None


def test_a_byte_flipped_in_any_page_is_noticed_and_named(tmp_path: Path):
    """Pages have headers too: where one is flipped, either that is noticed or no row differs."""
    shards = Shards(tmp_path)
    rows = table(*(f"{n:08}" for n in range(200)))
    shards.write(7, rows)
    file = tmp_path / "part-00007.parquet"
    content, noticed, places = file.read_bytes(), 0, pages(file)
    for at in places[::7]:
        flipped = bytearray(content)
        flipped[at] ^= 0x10
        file.write_bytes(flipped)
        if (said := damage(shards, rows)) is None:
            continue
        assert "part-00007.parquet: the shard is damaged" in said, at
        assert "Restore it from a copy, or move it away" in said, at
        noticed += 1
    assert noticed > 0.5 * len(places[::7])


@pytest.mark.parametrize("left", [0, 3, 100, -1], ids=["empty", "3 bytes", "100 bytes", "less one"])
def test_a_shard_that_was_cut_off_is_named(tmp_path: Path, left: int):
    Shards(tmp_path).write(0, table("a"))
    file = tmp_path / "part-00000.parquet"
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(StageError, match=r"part-00000\.parquet: the shard is damaged"):
        Draws(tmp_path).read()


def test_a_shard_of_an_older_version_lacks_a_column(tmp_path: Path):
    shards = Shards(tmp_path)
    shards.write(0, table("old").drop("strategy", "logprob"))
    shards.write(1, table("new", strategy="reflect", logprob=-1.5))
    both = Draws(shards.place).read()
    assert both.schema == pl.Schema(SAMPLE)
    assert both["strategy"].to_list() == [None, "reflect"]
    assert both["logprob"].to_list() == [None, -1.5]
    assert Draws(shards.place).read(["logprob"])["logprob"].to_list() == [None, -1.5]


def test_columns_of_other_types_are_made_ours(tmp_path: Path):
    Shards(tmp_path).write(0, table("a").with_columns(pl.col("draw").cast(pl.Int64)))
    assert Draws(tmp_path).read()["draw"].dtype == pl.Int32()


def write_for_ever(folder: Path) -> None:
    """In a process of its own, which is killed."""
    rows = table(*(f"{n:06}" for n in range(20_000)))
    for number in range(10_000):
        Shards(folder).write(number, rows)
        print(number, flush=True)


def test_a_process_killed_while_it_writes_leaves_no_half_shard(tmp_path: Path):
    command = [sys.executable, __file__, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        while not list(tmp_path.glob("*.tmp")):  # it is in the middle of one
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    heights = [rows.height for rows in Shards(tmp_path).each(["sample_id"])]
    assert set(heights) == {20_000}
    number = len(heights)
    Shards(tmp_path).write(number, table("after"))
    assert Shards(tmp_path).numbers() == list(range(number + 1))
    assert not list(tmp_path.glob("*.tmp"))


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    (tmp_path / "part-00000.parquet").mkdir()  # its name is taken
    with pytest.raises(OSError, match="part-00000"):
        Shards(tmp_path).write(0, table("a"))
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


def test_an_unknown_place_is_told_with_its_name():
    with pytest.raises(RecipeError, match="nowhere://draws: no place for draws"):
        Shards("nowhere://draws")


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]))
