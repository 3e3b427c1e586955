"""Files of every kind are read, and what cannot be read is named with the way out."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources import aside, files, questions, references, write

from factory.errors import RecipeError
from factory.prompts.collect import collect
from factory.recipe.mapping import Mapping

ROWS = [{"q": "one", "a": "1"}, {"q": "zwölf", "a": "12"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
TABLE = "q,a\none,1\nzwölf,12\n"


def packed(content: bytes) -> bytes:
    """As gzip packs it, without the time: the same bytes in every process."""
    return gzip.compress(content, mtime=0)


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def parquet(rows: list[dict]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def arrow(rows: list[dict], new: Callable = pa.ipc.new_stream) -> bytes:
    table, sink = pa.Table.from_pylist(rows), pa.BufferOutputStream()
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", LINES.encode()),
        ("rows.ndjson", LINES.encode()),
        ("ROWS.JSONL", LINES.encode()),
        ("rows.jsonl.gz", packed(LINES.encode())),
        ("rows.jsonl.gz", packed(LINES[:25].encode()) + packed(LINES[25:].encode())),
        ("rows.jsonl.zst", zstd(LINES.encode())),
        ("rows.jsonl", LINES.encode("utf-16")),  # as PowerShell writes
        ("rows.jsonl", json.dumps(ROWS, indent=1).encode()),  # a list that is called lines
        ("rows.jsonl", json.dumps(ROWS).encode()),
        ("rows.json", json.dumps(ROWS).encode()),
        ("rows.json", json.dumps(ROWS, indent=2).encode("utf-8-sig")),
        ("rows.json", LINES.encode()),  # lines that are called a list
        ("rows.json.gz", packed(json.dumps(ROWS).encode())),
        ("rows.json", json.dumps({"data": ROWS, "version": 1}).encode()),
        ("rows.json", json.dumps({"examples": ROWS, "canary": "never train on it"}).encode()),
        ("rows.json", json.dumps({"q": ["one", "zwölf"], "a": ["1", "12"]}).encode()),
        (
            "rows.json",  # as pandas writes a table
            json.dumps({"q": {"0": "one", "1": "zwölf"}, "a": {"0": "1", "1": "12"}}).encode(),
        ),
        ("rows.json", json.dumps({"x7": ROWS[0], "x8": ROWS[1]}).encode()),  # by their ids
        ("rows.csv", TABLE.encode()),
        ("rows.csv", TABLE.encode("utf-8-sig")),
        ("rows.csv", TABLE.replace(",", ";").encode("utf-8-sig")),  # Excel in Europe
        ("rows.csv", ("sep=;\n" + TABLE.replace(",", ";")).encode("utf-8-sig")),
        ("rows.csv", ("sep=|\r\n" + TABLE.replace(",", "|")).encode()),
        ("rows.csv", TABLE.replace(",", "\t").encode("utf-16")),  # Excel's Unicode text
        ("rows.csv", TABLE.replace("\n", "\r").encode()),
        ("rows.csv", (TABLE + ",\n,\n").encode()),  # rows that Excel thinks it has
        ("rows.csv.gz", packed(TABLE.encode())),
        ("rows.csv.zst", zstd(TABLE.encode("utf-16"))),
        ("rows.tsv", TABLE.replace(",", "\t").encode()),
        ("rows.parquet", parquet(ROWS)),
        ("rows.arrow", arrow(ROWS)),
        ("rows.arrow", arrow(ROWS, pa.ipc.new_file)),
    ],
)
def test_a_file_is_read_by_its_name_and_its_first_bytes(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    collected = collect([files(name)], seed=1, base=tmp_path)
    assert questions(collected) == ["one", "zwölf"]
    assert references(collected) == ["1", "12"]
    assert collected.sources["source"].to_list() == [name.split(".")[0]]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("rows.csv", "cp1252"),
        ("rows.csv", "utf-16-le"),
        ("rows.csv", "utf-16"),
        ("rows.csv", "utf-8-sig"),
        ("rows.jsonl", "latin-1"),
        ("rows.jsonl", "utf8"),
    ],
)
def test_an_encoding_can_be_named(tmp_path, name, encoding):
    (tmp_path / name).write_bytes((TABLE if name == "rows.csv" else LINES).encode(encoding))
    collected = collect([files(name, encoding=encoding)], seed=1, base=tmp_path)
    assert questions(collected) == ["one", "zwölf"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "rows.csv",
            TABLE.encode("cp1252"),
            r"rows\.csv:3: not UTF-8 \(as cp1252 it reads 'zwölf'\): save the file as UTF-8 \(in "
            r"Excel: CSV UTF-8\), or name what it is written in, as `encoding: cp1252`",
        ),
        ("rows.csv", "größe,a\n1,2\n".encode("cp1252"), r"rows\.csv:1: not UTF-8 .*'größe'"),
        ("rows.json", json.dumps(ROWS, ensure_ascii=False).encode("cp1252"), "json: not UTF-8"),
        ("rows.csv", TABLE.encode("utf-16-le"), r"csv: its first bytes are no text in UTF-8: name"),
        ("rows.jsonl.gz", packed(LINES.encode())[:40], r"gz: the file ends in the middle"),
        ("rows.jsonl.gz", LINES.encode(), r"gz: the file is not packed as its name says"),
        ("rows.jsonl.zst", zstd(LINES.encode())[:30], r"zst: the file ends in the middle.*again"),
        ("rows.jsonl.zst", LINES.encode(), r"zst: the file is damaged"),
        ("rows.json", b'[{"q": "x", "a": "1"},\n {"q": }]', r"rows\.json:2:8: not JSON: Expecting"),
        ("rows.json", b'[{"q": "x", "a": "1"}', "the list of rows does not end"),
        ("rows.json", b'{"train": [{}], "test": [{}]}', "rows are in train, test: name .*`field`"),
        ("rows.json", b'"text"', "expected a list of rows, or an object that has one"),
        ("rows.jsonl", b'{\n "q": "x"\n}\n', r"rows\.jsonl:1: a JSON object over several lines"),
        ("rows.csv", b'q,a\nx,1\n"y,2\nz,3\n', r"rows\.csv:3: a quote is opened here and never"),
        ("rows.csv", b"q,q,a\nx,y,1\n", r"rows\.csv:1: 2 columns are called 'q': rename one"),
        ("rows.parquet", parquet(ROWS)[:-20], r"rows\.parquet: this is no Parquet file, or only a"),
        ("rows.arrow", b"ARROW", r"rows\.arrow: this is no Arrow file, or only a part of one"),
        ("rows.parquet.gz", packed(parquet(ROWS)), "packed inside already: unpack it first"),
        ("rows.xlsx", b"PK", r"rows\.xlsx: files of this kind are not read: save it as CSV UTF-8"),
        ("rows.zip", b"PK", r"rows\.zip: .*: unpack it first"),
        ("rows.pkl", b"", "a pickle is a program and is not loaded"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_way_out(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecipeError, match=expected):
        collect([files(name)], seed=1, base=tmp_path)


@pytest.mark.parametrize(
    ("content", "columns", "expected"),
    [
        (TABLE.encode("utf-16"), {}, "its first bytes say UTF-16, and the recipe `encoding: cp12"),
        (TABLE.encode("utf-8-sig"), {}, "its first bytes say UTF-8, and the recipe"),
        (b"Q;A\n1;2\n", {"question": "q"}, "no column 'q'; did you mean 'Q'.* Columns: Q, A"),
    ],
)
def test_a_setting_that_the_file_contradicts_is_told(tmp_path, content, columns, expected):
    (tmp_path / "rows.csv").write_bytes(content)
    source = files("rows.csv", encoding="cp1252", **({"columns": columns} if columns else {}))
    with pytest.raises(RecipeError, match=rf"rows\.csv: {expected}"):
        collect([source], seed=1, base=tmp_path)


def test_a_damaged_page_of_a_parquet_file_is_placed(tmp_path):
    rows = [{"q": f"question number {n}", "a": str(n)} for n in range(5_000)]
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=2_000, compression="zstd")
    content = bytearray((tmp_path / "rows.parquet").read_bytes())
    group = pq.ParquetFile(tmp_path / "rows.parquet").metadata.row_group(1).column(0)
    start = group.data_page_offset
    content[start + 30 : start + 60] = bytes(30)
    (tmp_path / "rows.parquet").write_bytes(content)
    with pytest.raises(
        RecipeError, match=r"rows\.parquet: the file is damaged behind row \d+: get"
    ):
        collect([files("rows.parquet")], seed=1, base=tmp_path)


def test_the_rows_of_an_object_are_named_by_a_field(tmp_path):
    content = {"meta": {"train": ROWS, "test": [{"q": "never", "a": "0"}]}}
    (tmp_path / "rows.json").write_text(json.dumps(content))
    collected = collect([files("rows.json", field="meta.train")], seed=1, base=tmp_path)
    assert questions(collected) == ["one", "zwölf"]
    with pytest.raises(RecipeError, match="there is no field 'dev'; it has meta"):
        collect([files("rows.json", field="dev")], seed=1, base=tmp_path)


def test_a_line_that_has_a_name_twice_is_set_aside(tmp_path):
    write(tmp_path / "rows.jsonl", [*ROWS, b'{"q": "x", "a": "1", "a": "2"}'])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert aside(collected) == [("rows.jsonl:3", "not_json")]
    assert "an object has 'a' twice" in collected.set_aside["detail"][0]


def test_a_column_that_comes_late_is_found(tmp_path):
    rows = [{"q": f"{n}?", "meta": {}} for n in range(150)]
    late = [{"q": "late?", "a": "7", "meta": {"key": "8"}}]
    write(tmp_path / "rows.jsonl", rows + late)
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["late?"]
    inside = Mapping(question="q", reference="meta.key")
    collected = collect([files("rows.jsonl", columns=inside)], seed=1, base=tmp_path)
    assert references(collected) == ["8"]


def shards(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, [{"q": f"{number}?", "a": str(number)}])


@pytest.mark.parametrize(
    ("path", "there", "label"),
    [
        ("data", ["data/a.jsonl", "data/b.jsonl"], "data"),
        ("data/", ["data/a.jsonl", "data/b.jsonl", "data/README.md", "data/_SUCCESS"], "data"),
        ("data/*.jsonl", ["data/a.jsonl", "data/b.jsonl", "data/c.csv"], "data"),
        ("data/part-?.jsonl", ["data/part-0.jsonl", "data/part-1.jsonl"], "data"),
        ("**/*.jsonl", ["x/a.jsonl", "y/z/b.jsonl"], "*.jsonl"),
        (["b.jsonl", "a.jsonl", "*.jsonl"], ["b.jsonl", "a.jsonl"], "b"),  # each once
        (
            "train[1].jsonl",
            ["train[1].jsonl", "train1.jsonl"],
            "train[1].jsonl",
        ),  # a file of that name
    ],
)
def test_folders_and_patterns_stand_for_their_files(tmp_path, path, there, label):
    shards(tmp_path, *there)
    collected = collect([files(path)], seed=1, base=tmp_path)
    wanted = ["0?"] if label.startswith("train") else ["0?", "1?"]
    assert questions(collected) == wanted
    assert collected.sources["source"].to_list() == [label]


@pytest.mark.parametrize(
    ("path", "there", "expected"),
    [
        ("data", ["data/README.md"], "data: no file in this folder is of a kind that is read"),
        ("data", ["data/x/a.jsonl"], r"data: no file .*; there is x/a\.jsonl: name its folder"),
        ("data", ["data/a.csv", "data/b.jsonl"], r"several kinds .*, \.csv, \.jsonl: name those"),
        (
            "data",
            ["data/train-0.jsonl", "data/test-0.jsonl"],
            r"data: this folder has several splits, test, train: name one by a pattern, as data/tr",
        ),
        ("dat/*.jsonl", ["data/a.jsonl"], r"dat/\*\.jsonl: no file is called like this"),
        ("data/*", ["data/a.txt"], r"data/a\.txt: files of this kind are not read"),
        ("dta", ["data/a.jsonl"], "dta: there is no such file .*did you mean 'data'"),
    ],
)
def test_a_folder_that_does_not_say_which_files_is_refused(tmp_path, path, there, expected):
    shards(tmp_path, *there)
    with pytest.raises(RecipeError, match=expected):
        collect([files(path)], seed=1, base=tmp_path)


def test_a_shard_without_a_column_is_named(tmp_path):
    write(tmp_path / "part-0.jsonl", ROWS)
    write(tmp_path / "part-1.jsonl", [{"q": "x", "key": "1"}])
    expected = r"part-1\.jsonl: no column 'a'. part-0\.jsonl has it\. Columns: q, key"
    with pytest.raises(RecipeError, match=expected):
        collect([files("part-*.jsonl")], seed=1, base=tmp_path)


def test_what_save_to_disk_writes_is_read(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    features = Features({"q": Value("string"), "a": ClassLabel(names=["yes", "no"])})
    rows = Dataset.from_dict({"q": ["x?", "y?"], "a": [1, 0]}, features=features)
    rows.save_to_disk(tmp_path / "saved", num_shards=2)
    collected = collect([files("saved")], seed=1, base=tmp_path)
    assert (questions(collected), references(collected)) == (["x?", "y?"], ["no", "yes"])
    DatasetDict({"train": rows, "test": rows}).save_to_disk(tmp_path / "splits")
    with pytest.raises(RecipeError, match="splits: it has splits, test, train: name one, as"):
        collect([files("splits")], seed=1, base=tmp_path)
    assert collect([files("splits/train")], seed=1, base=tmp_path).prompts.height == 2
    (tmp_path / "saved" / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(RecipeError, match=r"saved: data-00001-of-00002\.arrow is missing"):
        collect([files("saved")], seed=1, base=tmp_path)


def test_classes_are_called_by_their_names(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"q": Value("string"), "a": ClassLabel(names=["A", "B"])})
    rows = Dataset.from_dict({"q": ["x?", "y?"], "a": [1, 0]}, features=features)
    rows.to_parquet(tmp_path / "rows.parquet")
    only = Mapping(question="q", reference="a", where={"a": "B"})
    collected = collect([files("rows.parquet", columns=only, verifier="choice")], 1, tmp_path)
    assert (questions(collected), references(collected)) == (["x?"], ["B"])


def test_text_that_is_not_marked_as_such_is_read(tmp_path):
    table = pa.table({"q": [b"one?", b"\xe9?"], "a": pa.array([b"1", b"2"], pa.binary())})
    pq.write_table(table, tmp_path / "rows.parquet")
    collected = collect([files("rows.parquet")], seed=1, base=tmp_path)
    assert (questions(collected), references(collected)) == (["one?"], ["1"])
    assert aside(collected) == [("rows.parquet row 2", "wrong_type")]


@pytest.mark.parametrize("kind", [pa.binary(), pa.struct([("bytes", pa.binary())])])
def test_pictures_are_not_kept(tmp_path, kind):
    values = [b"\x89PNG"] if kind == pa.binary() else [{"bytes": b"\x89PNG"}]
    table = pa.table({"q": ["x?"], "a": ["1"], "image": pa.array(values, kind)})
    pq.write_table(table, tmp_path / "rows.parquet")
    assert collect([files("rows.parquet")], seed=1, base=tmp_path).prompts.height == 1
    kept = Mapping(question="q", reference="a", keep=["image"])
    with pytest.raises(RecipeError, match=r"keep: column 'image' has bytes.*leave it out"):
        collect([files("rows.parquet", columns=kept)], seed=1, base=tmp_path)
