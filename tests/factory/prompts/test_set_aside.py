"""A bad row is set aside with a reason; a source that is not there is named."""

import pytest
from sources import PLAIN, aside, files, gym, questions, references, write

from factory.errors import RecipeError
from factory.prompts.collect import collect
from factory.recipe.mapping import Mapping
from factory.recipe.sources import Hub


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"a": "1"}, "no_question"),
        ({"q": None, "a": "1"}, "no_question"),
        ({"q": " \n\t", "a": "1"}, "no_question"),
        ({"q": float("nan"), "a": "1"}, "no_question"),  # how pandas writes a missing cell
        ({"q": "x"}, "no_reference"),
        ({"q": "x", "a": ""}, "no_reference"),
        ({"q": "x", "a": float("nan")}, "no_reference"),
        ({"q": ["x"], "a": "1"}, "wrong_type"),
        ({"q": "x", "a": {"value": 1}}, "bad_reference"),  # math wants text
        ({"q": "\ud800", "a": "1"}, "not_utf8"),  # half a character, escaped in the JSON
        ({"q": "x", "a": "\udfff"}, "not_utf8"),
        (b'{"q": "caf\xe9", "a": "1"}', "not_utf8"),
        (b'{"q": "x", "a": "1"', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'["x", "1"]', "wrong_type"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_live(tmp_path, row, reason):
    write(tmp_path / "rows.jsonl", [{"q": "before", "a": "1"}, row, {"q": "after", "a": 2}])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["before", "after"]
    assert references(collected) == ["1", "2"]  # a number becomes text, as verifiers want it
    assert aside(collected) == [("rows.jsonl:2", reason)]
    assert collected.sources.drop("source").rows() == [(3, 2, 2, 0, 0, 1)]


def test_blank_lines_line_ends_and_a_byte_order_mark_are_no_rows(tmp_path):
    content = b'\xef\xbb\xbf{"q": "one\xe2\x80\xa8line", "a": "1"}\r\n\r\n\n{"q": "two", "a": "2"}'
    (tmp_path / "rows.jsonl").write_bytes(content)
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["one\u2028line", "two"]
    assert collected.sources["read"].to_list() == [2]


def test_a_long_number_keeps_its_digits(tmp_path):
    write(tmp_path / "rows.jsonl", [b'{"q": "x", "a": 123456789012345678901234567890}'])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert references(collected) == ["123456789012345678901234567890"]


def test_csv_rows_that_are_broken_do_not_take_others_along(tmp_path):
    rows = b'q,a\n"two\nlines",1\nx,3,4\n"y"z,5\nlast,6\n'
    (tmp_path / "rows.csv").write_bytes(rows)
    collected = collect([files("rows.csv")], seed=1, base=tmp_path)
    assert questions(collected) == ["two\nlines", "last"]
    assert aside(collected) == [
        ("rows.csv:4", "not_csv"),  # a cell too many
        ("rows.csv:5", "not_csv"),  # text after the closing quote
    ]


def test_a_parquet_cell_that_is_not_utf8_does_not_take_its_batch_along(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.array([b"one", b"caf\xe9", b"two"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"q": text, "a": [1, 2, 3]}), tmp_path / "rows.parquet")
    collected = collect([files("rows.parquet")], seed=1, base=tmp_path)
    assert questions(collected) == ["one", "two"]
    assert aside(collected) == [("rows.parquet row 2", "not_utf8")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (files("row.jsonl"), r"row\.jsonl: there is no such file .*did you mean 'rows\.jsonl'"),
        (files("rows.txt"), r"rows\.txt: files of this kind are not read: with a question a line"),
        (files("broken.parquet"), r"broken\.parquet: this is no Parquet file"),
        (
            files("rows.jsonl", columns=Mapping(question="questoin")),
            r"rows\.jsonl: no column 'questoin'; did you mean 'question'\? Columns: question, a",
        ),
        (  # nothing is wrong with the file, yet nothing comes out
            files("rows.jsonl", columns=Mapping(question="question", where={"a": "7"})),
            r"rows: none of its 1 rows became a prompt: 1 not_selected; the first: rows\.jsonl:1",
        ),
        (
            files("rows.jsonl", columns=Mapping(question="question", reference="a"), held_out=2),
            r"rows: 2 prompts are to be held out and only 1 are there",
        ),
        (files("empty.jsonl"), r"empty: there is no row in it"),
        (files("empty.csv"), r"empty: there is no row in it"),
        (
            Hub(source="hub", dataset="./nowhere", columns=PLAIN),
            r"\./nowhere: ",
        ),
        (gym(task="chain_sun", rows=3), "no such task; did you mean 'chain_sum'"),
        (gym(options={"min_term": 2}, rows=3), "no option 'min_term'; did you mean 'min_terms'"),
        (gym(options={"seed": 2}, rows=3), "no option 'seed'"),
        (gym(options={"min_terms": 0}, rows=3), "do not work: min_terms must be positive"),
        (  # ten digits, twice, with a plus or a minus
            gym(options={"min_terms": 2, "max_terms": 2, "max_digits": 1}, rows=201),
            "chain_sum: gave 200 different questions and no more, 201 wanted: ask for 200 rows",
        ),
        (gym(task="countdown", rows=3), "its answers cannot be judged: task countdown is refused"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(tmp_path, source, expected):
    write(tmp_path / "rows.jsonl", [{"question": "x", "a": "1"}])
    write(tmp_path / "rows.txt", [])
    write(tmp_path / "broken.parquet", [b"not a Parquet file"])
    write(tmp_path / "empty.jsonl", [])
    (tmp_path / "empty.csv").touch()
    with pytest.raises(RecipeError, match=expected):
        collect([source], seed=1, base=tmp_path)
