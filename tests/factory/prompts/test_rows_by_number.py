"""Some rows of a table by their numbers: the same as by reading all of them, with less read."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import RecipeError
from factory.prompts import json_files
from factory.prompts.files import one

ROWS = [{"a": str(number), "text": "x" * (number % 50)} for number in range(2000)]


def as_lines(blank: bool = False) -> str:
    return "".join(f"{json.dumps(row)}\n{chr(10) if blank else ''}" for row in ROWS)


def written(folder: Path, name: str) -> Path:
    file, table = folder / name, pa.Table.from_pylist(ROWS)
    match name:
        case "t.jsonl":
            file.write_text(as_lines(blank=True))
        case "t.jsonl.gz":
            file.write_bytes(gzip.compress(as_lines().encode()))
        case "t.json":
            file.write_text(json.dumps(ROWS))
        case "t.csv":
            file.write_text("a,text\n" + "".join(f"{r['a']},{r['text']}\n" for r in ROWS))
        case "t.parquet":
            pq.write_table(table, file, row_group_size=300)
        case "t.arrow":
            with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
                writer.write_table(table, max_chunksize=300)
        case "saved":
            from datasets import Dataset

            Dataset.from_list(ROWS).save_to_disk(file)
    return file


@pytest.mark.parametrize(
    "name", ["t.jsonl", "t.jsonl.gz", "t.json", "t.csv", "t.parquet", "t.arrow", "saved"]
)
def test_rows_by_number_are_those_of_reading_all(tmp_path: Path, name: str):
    opened = one(written(tmp_path, name), name, ["a", "text"])
    every = list(opened.rows())
    for numbers in ([], [0], [1999], [0, 1, 2], [5, 299, 300, 301, 1500], range(0, 2000, 7)):
        assert list(opened.at(list(numbers))) == [every[number] for number in numbers]


def test_lines_before_a_row_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    opened = one(written(tmp_path, "t.jsonl"), "t.jsonl")
    (last,) = opened.at([1999])
    read: list[int] = []
    told: Any = json_files.TextFile.unpacked

    class Counting:
        def __init__(self, stream: Any):
            self.stream, self.seek = stream, stream.seek

        def readline(self) -> bytes:
            read.append(1)
            return self.stream.readline()

    from contextlib import contextmanager

    @contextmanager
    def unpacked(self: Any):
        with told(self) as stream:
            yield Counting(stream)

    monkeypatch.setattr(json_files.TextFile, "unpacked", unpacked)
    monkeypatch.setattr(json_files.TextFile, "written_as", lambda _: "utf-8")
    assert list(opened.at([1999])) == [last]
    assert len(read) <= 2 * json_files.EVERY  # as many lines are blank


def test_a_row_that_is_not_there_any_more_is_told(tmp_path: Path):
    file = written(tmp_path, "t.jsonl")
    opened = one(file, "t.jsonl")
    file.write_text('{"a": "0"}\n')
    with pytest.raises(RecipeError, match="has no row 5 any more: the file was changed"):
        list(opened.at([4]))
