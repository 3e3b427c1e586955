"""Versions: the same rows and makers are one version, another one has a parent, all can be read."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from versions import described

from factory.versions import layout
from factory.versions import write as writing
from factory.versions.content import content_digest
from factory.versions.manifest import Manifest, read

ROWS = pl.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "messages": [[{"role": "user", "content": text}] for text in ("1+1", "2+2", "ü\n{x}")],
        "tokens": [1, None, 3],
        "share": [0.5, None, 0.25],
    },
    schema_overrides={"tokens": pl.Int32},
)
DECISIONS = pl.DataFrame({"sample_id": ["a", "b", "c", "d"], "fate": ["chosen"] * 3 + ["dropped"]})
GOLDEN = "461208b23a45e033f1f12287aeaf3828f3233d96a81e05fa4a90a3b975cdc00b"
"""Users compare by it: where it has to change, say so in the changelog."""


def write(
    home: Path, rows: pl.DataFrame = ROWS, parent: Path | None = None, **made_by: Any
) -> tuple[Path, Manifest]:
    made_by = {"filters": {"length": None}, "share": 0.1} | made_by
    pieces = rows.iter_slices(2) if rows.height else [rows]
    return writing.write(home, lambda _: pieces, made_by, described(DECISIONS), parent=parent)


@pytest.mark.parametrize(
    ("rows", "same", "remark"),
    [
        (ROWS, True, "the same"),
        (ROWS.reverse(), True, "in another order"),
        (ROWS.select("tokens", "messages", "share", "sample_id"), True, "columns in another order"),
        (pl.concat([ROWS[2:], ROWS[:2]], rechunk=False), True, "in other shards"),
        (ROWS[:2], False, "a row less"),
        (ROWS.with_columns(tokens=pl.lit(1)), False, "another value"),
        (ROWS.rename({"tokens": "length"}), False, "another name of a column"),
        (ROWS.with_columns(tokens=pl.col("tokens").fill_null(0)), False, "null is not 0"),
    ],
)
def test_a_digest_is_over_rows(rows: pl.DataFrame, same: bool, remark: str):
    assert (content_digest(rows) == content_digest(ROWS)) is same, remark


def test_a_digest_does_not_depend_on_how_rows_are_stored(tmp_path: Path):
    ROWS.write_parquet(tmp_path / "rows.parquet", compression="zstd", row_group_size=1)
    assert content_digest(pl.read_parquet(tmp_path / "rows.parquet")) == content_digest(ROWS)
    assert content_digest(ROWS) == GOLDEN


def by_hand(rows: Iterable[Any]) -> str:
    """The digest with nothing but json and hashlib, as `factory/versions/content.py` tells."""
    digests = {
        row["sample_id"]: hashlib.sha256(
            json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        ).digest()
        for row in rows
    }
    return hashlib.sha256(b"".join(digests[id] for id in sorted(digests))).hexdigest()


def test_anyone_can_recompute_a_digest():
    rows: list[dict[str, Any]] = [
        {"share": 0.1, "n": None, "text": 'ü 漢 😀 "quoted" \\ / \x00\x1f\x7f\u2028\n\t'},
        {"share": 8.333333333333334e-06, "n": -3, "text": None},
        {"share": 1e-05, "n": 2**40, "text": ""},
        {"share": 5e-324, "n": 0, "text": "1e-7] 0.0000"},
        {"share": 1e22, "n": 1, "text": "}"},
        {"share": -0.0, "n": 1, "text": "x"},
        {"share": None, "n": 1, "text": "x"},
    ]
    for number, row in enumerate(rows):
        turns = [{"role": "user", "content": row["text"]}, None, {"role": None, "content": "é"}]
        row |= {"sample_id": f"{number * 7 % 5}é{number}", "messages": turns[: number % 4]}
    assert content_digest(pl.DataFrame(rows)) == by_hand(rows)


def test_the_same_input_is_the_same_version(tmp_path: Path):
    folder, manifest = write(tmp_path)
    before = (folder / "manifest.json").stat().st_mtime_ns
    assert write(tmp_path) == (folder, manifest)
    assert write(tmp_path, ROWS.reverse()) == (folder, manifest)
    assert (folder / "manifest.json").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


@pytest.mark.parametrize(
    "change", [{"rows": ROWS[:2]}, {"draws": "other draws, though the same rows were chosen"}]
)
def test_another_input_is_the_next_version(tmp_path: Path, change: dict[str, Any]):
    first, manifest = write(tmp_path)
    second, next_manifest = write(tmp_path, **change)
    assert (first.name, manifest.number, manifest.parent) == ("v1", 1, None)
    assert (second.name, next_manifest.number, next_manifest.parent) == ("v2", 2, None)
    assert write(tmp_path)[0] == first  # and back
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v1", "v2"]


def test_a_parent_is_the_version_that_another_takes_the_place_of(tmp_path: Path):
    first, _ = write(tmp_path)
    second, _ = write(tmp_path, ROWS[:2], parent=first)
    _, third = write(tmp_path, ROWS[:1], parent=first)  # the recipe had gone back to the first
    assert third.parent
    assert (third.number, third.parent.number) == (3, 1)
    _, again = write(tmp_path, ROWS[:1], parent=second)
    assert again == third  # it came from where it came from


def test_a_manifest_says_what_is_in_the_folder(tmp_path: Path):
    folder, manifest = write(tmp_path)
    assert read(folder) == manifest
    assert (manifest.rows, manifest.digest) == (3, content_digest(ROWS))
    assert manifest.software["polars"] == pl.__version__
    files = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    assert files == {"manifest.json", "provenance.intoto.json", *manifest.files}
    for name, said in manifest.files.items():
        content = (folder / name).read_bytes()
        found = (len(content), hashlib.sha256(content).hexdigest())
        assert found == (said.bytes, said.sha256), name
    assert content_digest(ROWS) in (folder / "README.md").read_text()


def test_datasets_reads_exactly_the_rows(tmp_path: Path):
    from datasets import load_dataset

    folder, manifest = write(tmp_path / "versions")
    loaded = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    assert loaded["train"].to_list() == ROWS.to_dicts()
    assert by_hand(loaded["train"]) == manifest.digest


def test_what_a_crash_left_is_no_version_and_none_of_its_rows_come_back(tmp_path: Path):
    left = tmp_path / "unfinished-1" / "data" / "train-00000-of-00002.parquet"
    left.parent.mkdir(parents=True)
    ROWS[:1].write_parquet(left)
    folder, manifest = write(tmp_path)
    assert (folder.name, manifest.parent) == ("v1", None)
    assert pl.read_parquet(folder / "data" / "*.parquet").equals(ROWS)
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_many_rows_are_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "SHARD_ROWS", 2)
    folder, manifest = write(tmp_path)
    names = [name for name in manifest.files if name.startswith("data/")]
    assert names == [f"data/train-0000{n}-of-00002.parquet" for n in (0, 1)]
    assert pl.read_parquet(folder / "data" / "*.parquet").equals(ROWS)
    assert write(tmp_path)[0] == folder


def test_long_rows_are_several_shards_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "SHARD_BYTES", 2000)
    monkeypatch.setattr(layout, "GROUP_BYTES", 1)
    long = ROWS.with_columns(text=pl.lit("x" * 1000))
    folder, manifest = write(tmp_path, long)
    assert len([name for name in manifest.files if name.startswith("data/")]) == 3
    assert pl.read_parquet(folder / "data" / "*.parquet").equals(long)


def test_a_dataset_without_rows_can_be_read(tmp_path: Path):
    folder, manifest = write(tmp_path, ROWS.clear())
    assert manifest.rows == 0
    assert pl.read_parquet(folder / "data" / "*.parquet").schema == ROWS.schema


def test_all_files_are_on_disk_before_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[str] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    folder, manifest = write(tmp_path)
    made = folder.with_name("unfinished-1")
    before = synced[: synced.index(str(made / "manifest.json.tmp"))]
    wanted = [*(str(made / name) for name in manifest.files), f"{made}/data", str(made)]
    assert set(wanted) <= set(before)
    assert synced[-1] == str(tmp_path)  # renamed, and that is on disk, too


def test_a_folder_for_the_making_is_gone_at_the_end(tmp_path: Path):
    def rows(scratch: Path) -> Iterator[pl.DataFrame]:
        scratch.mkdir()
        (scratch / "something").touch()
        yield ROWS

    _, manifest = writing.write(tmp_path, rows, {}, described(DECISIONS))
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]
    assert not [name for name in manifest.files if "something" in name]
