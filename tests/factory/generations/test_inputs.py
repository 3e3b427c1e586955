"""DATA as people type it: files, patterns, folders and datasets; large rows a few at a time."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import RecipeError
from factory.generations.inputs import Choice, identity, tables
from factory.prompts import arrow_files


@pytest.mark.parametrize(
    "name",
    [
        "open-r1/OpenR1-Math-220k",
        "hf://datasets/open-r1/OpenR1-Math-220k",
        "https://huggingface.co/datasets/open-r1/OpenR1-Math-220k",
    ],
)
def test_a_dataset_of_the_hub_is_named_as_people_name_it(name: str):
    (table,) = tables([name], Choice(config="all", split="extended"))
    assert (table.name, table.path) == ("open-r1/OpenR1-Math-220k", None)
    assert (table.source.config, table.source.split) == ("all", "extended")


def test_a_file_that_is_not_there_is_no_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "traces.jsonl").write_text("{}")
    with pytest.raises(RecipeError, match=r"no such file .* did you mean 'traces.jsonl'"):
        tables(["data/tracs.jsonl"], Choice())
    with pytest.raises(RecipeError, match="no file is called like this"):
        tables(["data/*.parquet"], Choice())


def test_a_table_that_is_named_twice_is_read_once(tmp_path: Path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("{}")
    found = tables([str(tmp_path), str(tmp_path / "*.jsonl"), str(tmp_path / "a.jsonl")], Choice())
    assert [table.name for table in found] == ["a.jsonl", "b.jsonl"]


def test_a_changed_file_is_another_input(tmp_path: Path):
    file = tmp_path / "a.jsonl"
    file.write_text("{}")

    def now() -> str:
        return identity(tables([str(file)], Choice()))

    before = now()
    assert now() == before
    os.utime(file, ns=(1, 1))
    assert now() != before


def test_rows_are_counted_for_the_progress(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text("{}\n" * 3)
    (tmp_path / "a.json").write_text("[]")
    pq.write_table(pa.table({"text": ["x", "y"]}), tmp_path / "a.parquet")
    counts = {path.name: tables([str(path)], Choice())[0].count() for path in tmp_path.iterdir()}
    assert counts == {"a.jsonl": 3, "a.json": 0, "a.parquet": 2}


def test_large_rows_of_a_parquet_file_are_in_memory_a_few_at_a_time(tmp_path: Path):
    rows = [json.dumps(list(range(n, n + 30_000))) for n in range(600)]  # 200 KB each
    large = pa.table({"text": rows})
    pq.write_table(large, tmp_path / "a.parquet", use_dictionary=False)
    most = arrow_files.rows_at_once(pq.read_metadata(tmp_path / "a.parquet"))
    assert 200 < most < 500
    pq.write_table(pa.table({"n": range(9)}), tmp_path / "b.parquet")
    assert arrow_files.rows_at_once(pq.read_metadata(tmp_path / "b.parquet")) == 1024
