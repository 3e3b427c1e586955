"""Versions: the same rows and makers are one version, another one has a parent, all can be read."""

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.versions import write as writing
from factory.versions.write import content_digest

ROWS = pl.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "messages": [[{"role": "user", "content": text}] for text in ("1+1", "2+2", "ü\n{x}")],
        "tokens": [1, None, 3],
        "share": [0.5, None, 0.25],
    }
)
DECISIONS = pl.DataFrame({"sample_id": ["a", "b", "c", "d"], "fate": ["chosen"] * 3 + ["dropped"]})
GOLDEN = "5719a01d77f220db0b87d6d592203a1610496e49cb830fc2c850feb1c32c3381"
"""What the rows above have come to since the first version: users compare by it."""

CARD = """---
configs:
- config_name: default
  data_files: data/train-*.parquet
---
version {version}, {digest}
"""


def write(home: Path, rows: pl.DataFrame = ROWS, **made_by: Any) -> tuple[Path, dict[str, Any]]:
    made_by = {"recipe": {"seed": 1, "filters": {"length": None}}, "share": 0.1} | made_by
    return writing.write(home, rows, DECISIONS, made_by, CARD)


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
    assert (first.name, manifest["version"], manifest["parent"]) == ("v1", 1, None)
    assert (second.name, next_manifest["version"], next_manifest["parent"]) == ("v2", 2, 1)
    assert write(tmp_path)[0] == first  # and back


def test_a_manifest_says_what_is_in_the_folder(tmp_path: Path):
    folder, manifest = write(tmp_path)
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert (manifest["rows"], manifest["content_digest"]) == (3, content_digest(ROWS))
    assert manifest["software"]["polars"] == pl.__version__
    files = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    assert files == {"manifest.json", *manifest["files"]}
    for name, said in manifest["files"].items():
        content = (folder / name).read_bytes()
        found = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert found == said, name
    assert f"version 1, {content_digest(ROWS)}" in (folder / "README.md").read_text()


def test_datasets_reads_exactly_the_rows(tmp_path: Path):
    from datasets import load_dataset

    folder, _ = write(tmp_path / "versions")
    loaded = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    assert loaded["train"].to_list() == ROWS.to_dicts()


def test_what_a_crash_left_is_no_version_and_none_of_its_rows_come_back(tmp_path: Path):
    left = tmp_path / "v1" / "data" / "train-00000-of-00002.parquet"
    left.parent.mkdir(parents=True)
    ROWS[:1].write_parquet(left)
    folder, manifest = write(tmp_path)
    assert (folder.name, manifest["parent"]) == ("v1", None)
    assert pl.read_parquet(folder / "data" / "*.parquet").equals(ROWS)


def test_many_rows_are_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "SHARD_ROWS", 2)
    folder, manifest = write(tmp_path)
    names = [name for name in manifest["files"] if name.startswith("data/")]
    assert names == [f"data/train-0000{n}-of-00002.parquet" for n in (0, 1)]
    assert pl.read_parquet(folder / "data" / "*.parquet").equals(ROWS)
    assert write(tmp_path)[0] == folder


def test_a_dataset_without_rows_can_be_read(tmp_path: Path):
    folder, manifest = write(tmp_path, ROWS.clear())
    assert manifest["rows"] == 0
    assert pl.read_parquet(folder / "data" / "*.parquet").schema == ROWS.schema
