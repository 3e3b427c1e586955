"""How a version lies beside its parent: rows stay, new ones come behind, and types are fixed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from versions import described

from factory.errors import StageError
from factory.versions import layout, placement
from factory.versions import write as writing
from factory.versions.folder import index_of, shards_of
from factory.versions.manifest import read
from factory.versions.placement import arranged

SOURCES = {"a": "gsm8k", "b": "aime", "c": "gsm8k", "d": "aime", "e": "gsm8k", "f": "aime"}


def rows(*ids: str, **columns: Any) -> pl.DataFrame:
    """A draw of each of these prompts."""
    told = {
        "prompt_id": [f"p{id}" for id in ids],
        "sample_id": list(ids),
        "draw": [0] * len(ids),
        "source": [SOURCES.get(id, "gsm8k") for id in ids],
        "completion_tokens": pl.Series([10] * len(ids), dtype=pl.Int32),
    }
    return pl.DataFrame(told).with_columns(**columns)


def version(
    home: Path, table: pl.DataFrame, parent: Path | None = None, splits: Mapping[str, str] = {}
) -> Path:
    laid, placed = arranged(table, parent)
    pieces = laid.iter_slices(2) if laid.height else [laid]
    none = pl.DataFrame(schema={"sample_id": pl.String})

    def split(table: pl.DataFrame) -> pl.Series:
        return table["sample_id"].replace_strict(splits, default="train", return_dtype=pl.String)

    given = {"parent": parent, "placement": placed, "split": split if splits else None}
    return writing.write(home, lambda _: pieces, {}, described(none), **given)[0]


def files(folder: Path, split: str = "train") -> list[list[str]]:
    """The ids in each file of a split; the index says the same."""
    found = [pl.read_parquet(file)["sample_id"].to_list() for file in shards_of(folder, split)]
    index = pl.read_parquet(index_of(folder)).filter(split=split)
    told = [index.filter(shard=n)["sample_id"].to_list() for n in range(len(found))]
    assert told == found
    return found


def test_without_a_parent_rows_lie_by_source_and_id(tmp_path: Path):
    assert files(version(tmp_path, rows(*"fedcba"))) == [[*"bdface"]]


def test_in_blocks_that_each_have_all_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(placement, "BLOCK_TOKENS", 31)
    assert files(version(tmp_path, rows(*"fedcba"))) == [[*"bac", *"dfe"]]


def test_rows_of_the_parent_stay_and_new_ones_come_in_files_behind(tmp_path: Path):
    first = version(tmp_path, rows(*"bdf"))
    second = version(tmp_path, rows(*"bdfac"), first)
    assert files(second) == [[*"bdf"], [*"ac"]]
    third = version(tmp_path, rows(*"bfaec"), second)  # d is gone, e is new
    assert files(third) == [[*"bf"], [*"ac"], [*"e"]]
    fourth = version(tmp_path, rows(*"bfe"), third)  # a whole file is gone
    assert files(fourth) == [[*"bf"], [*"e"]]


def test_a_file_whose_rows_stay_keeps_its_bytes(tmp_path: Path):
    first = version(tmp_path, rows(*"abcd"))
    second = version(tmp_path, rows(*"abcdef"), first)
    assert shards_of(first)[0].read_bytes() == shards_of(second)[0].read_bytes()


def test_rows_of_another_kind_than_the_parents_are_laid_out_anew(tmp_path: Path):
    first = version(tmp_path, rows(*"abc"))
    assert files(version(tmp_path, rows(*"cdef"), first)) == [[*"dfce"]]


def test_a_row_with_another_text_or_column_stays_where_it_is(tmp_path: Path):
    first = version(tmp_path, rows(*"abcd"))
    second = version(tmp_path, rows(*"abcdef", share=0.5), first)
    assert files(second) == [[*"bdac"], [*"fe"]]


def test_each_split_has_files_of_its_own_and_a_row_that_changes_it_is_no_hole(tmp_path: Path):
    first = version(tmp_path, rows(*"abcd"), splits={"a": "test", "d": "test"})
    assert (files(first), files(first, "test")) == ([[*"bc"]], [[*"da"]])
    second = version(tmp_path, rows(*"abcdef"), first, splits={"a": "test", "f": "test"})
    assert files(second) == [[*"bdc"], [*"e"]]
    assert files(second, "test") == [[*"a"], [*"f"]]


def test_many_small_files_become_one_again_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(placement, "MANY", 2)
    last = version(tmp_path, rows("b"))
    for count in (2, 3, 4):
        last = version(tmp_path, rows(*"bdfaec"[:count]), last)
    assert files(last) == [[*"bdf"], ["a"]]


def test_a_file_takes_no_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = version(tmp_path, rows(*"bdf"))
    monkeypatch.setattr(layout, "SHARD_ROWS", 2)
    assert files(version(tmp_path, rows(*"bdface"), first)) == [[*"bd"], ["f"], [*"ac"], ["e"]]


def test_rows_that_come_in_another_order_than_they_were_placed_are_refused(tmp_path: Path):
    laid, placed = arranged(rows(*"abc"), None)
    with pytest.raises(ValueError, match="another order"):
        writing.write(tmp_path, lambda _: [laid.reverse()], {}, described(laid), placement=placed)


def test_the_digest_knows_nothing_of_the_layout(tmp_path: Path):
    first = version(tmp_path / "one", rows(*"abc"))
    grown = version(tmp_path / "one", rows(*"abcdef"), first)
    fresh = version(tmp_path / "two", rows(*"abcdef"))
    assert files(grown) != files(fresh)
    assert read(grown).digest == read(fresh).digest


def test_all_files_have_one_schema_whatever_the_first_rows_lack(tmp_path: Path):
    empty = rows(*"ab", license=None, mine=None, share=pl.lit(None, pl.Float64))
    full = rows(*"cd", license=pl.lit("mit"), mine=pl.lit("x"), share=0.5)
    none = pl.DataFrame(schema={"sample_id": pl.String})

    def split(table: pl.DataFrame) -> pl.Series:
        return table.select(
            pl.when(pl.col("license").is_null()).then(pl.lit("a")).otherwise(pl.lit("b"))
        ).to_series()

    folder, _ = writing.write(tmp_path, lambda _: [empty, full], {}, described(none), split=split)
    (one,), (other,) = shards_of(folder, "a"), shards_of(folder, "b")
    assert pq.read_schema(one) == pq.read_schema(other)
    kinds = pl.read_parquet(one).schema
    assert (kinds["license"], kinds["mine"], kinds["share"]) == (pl.String, pl.String, pl.Float64)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (rows("b", other=1), "different columns: other"),
        (rows("b").with_columns(draw=pl.lit("first")), "different types"),
    ],
)
def test_rows_of_different_kinds_are_no_version(tmp_path: Path, second: pl.DataFrame, words: str):
    tables = [rows("a"), second]
    with pytest.raises(StageError, match=words):
        writing.write(tmp_path, lambda _: tables, {}, described(rows()))
    assert not list(tmp_path.glob("v*"))


def test_pages_groups_and_files_are_as_the_hub_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(layout, "GROUP_BYTES", 60_000)
    turns = [[{"role": "user", "content": "?"}, {"role": "assistant", "content": "x y " * 2000}]]
    table = rows(*map(str, range(30))).with_columns(messages=pl.Series(turns * 30))
    file = pq.ParquetFile(shards_of(version(tmp_path, table))[0])
    groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
    assert len(groups) > 3
    assert max(group.total_byte_size for group in groups) < 70_000
    columns = [groups[0].column(n) for n in range(groups[0].num_columns)]
    assert all(column.has_offset_index and column.compression == "ZSTD" for column in columns)
    assert b"content_defined_chunking" in file.metadata.metadata  # the Hub's badge goes by it
    assert b"ARROW:schema" not in file.metadata.metadata
