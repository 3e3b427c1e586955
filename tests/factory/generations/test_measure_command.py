"""`factory measure` on anybody's table: a column a measure and a rule, and no row lost."""

import gzip
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import RIGHT, factory, measured, written

from factory.generations import parts

LOOP = "<think>\n" + "We add two and two, and look at it again. " * 60 + "\n</think>\n\\boxed{4}"


def test_a_file_of_texts_becomes_a_table_of_measures_and_rules(tmp_path: Path):
    rows = [
        {"prompt": "2+2?", "text": RIGHT, "prompt_language": "en", "domain": "math"},
        {"prompt": "2+2?", "text": LOOP, "prompt_language": "en", "domain": "math"},
    ]
    found = measured(written(tmp_path, rows), "--filters", "format,repetition,language")
    assert found["sample_id"].to_list() == ["traces.jsonl:1", "traces.jsonl:2"]
    assert found["final_answers"].to_list() == [1, 1]
    assert found["language_share"].to_list() == [1.0, 1.0]
    assert found["rule_repetitive"].to_list() == [False, True]
    assert found["rule_mixed_language"].to_list() == [False, False]
    assert found["repetition_error"].null_count() == 2
    assert not {"text", "verdict", "fate", "file", "row"} & set(found.columns)


def test_by_default_everything_is_measured_that_one_text_tells(tmp_path: Path):
    found = measured(written(tmp_path, [{"text": RIGHT}]), "--keep-text")
    assert {"unfinished", "code_blocks", "longest_paragraph", "reflections", "refuses"} < set(
        found.columns
    )
    assert found["text"].to_list() == [RIGHT]
    assert not any(column.startswith(("duplicate", "contamination")) for column in found.columns)


def test_rules_are_those_of_a_recipe(tmp_path: Path):
    recipe = tmp_path / "rules.yaml"
    recipe.write_text(
        "filters: {length: {max_paragraph_chars: 30}, duplicates: {over: everything}}"
    )
    data = written(tmp_path, [{"text": RIGHT}, {"text": RIGHT}, {"text": "Short."}])
    found = measured(data, "--recipe", recipe)
    assert found["rule_long_paragraph"].to_list() == [True, True, False]
    assert found["duplicate_cluster"].to_list() == ["traces.jsonl:1", "traces.jsonl:1", None]


HOSTILE = [
    {"text": ""},
    {"text": None},
    {"prompt": "2+2?"},
    '{"text": "half a character: \\ud800"}',
    {"text": "\u202b\u05e9\u05dc\u05d5\u05dd\u202c \u0645\u0631\u062d\u0628\u0627"},
    {"text": "zero\u200bwidth\u200d\ufeff and \u0000 NUL"},
    {"text": "👩‍👩‍👧‍👦🏳️‍🌈" * 50},
    {"text": "a" * 2_000_000},
    {"text": "<think>" * 2_000},
    {"text": r"\boxed{" * 2_000},
    {"text": ["a", "list"]},
    {"text": {"an": "object"}},
    "{broken",
    "[1, 2]",
    {"text": "fine", "prompt_language": "no such language"},
]


def test_whatever_a_row_holds_it_is_a_value_or_a_named_error(tmp_path: Path):
    found = measured(written(tmp_path, HOSTILE), "--language", "en")
    by_row = dict(found.select("sample_id", "error").iter_rows())
    named = {int(id.split(":")[1].split("#")[0]): e.split(":")[0] for id, e in by_row.items() if e}
    assert named == {
        2: "no_text",
        3: "no_text",
        4: "not_utf8",
        12: "wrong_type",
        13: "not_json",
        14: "wrong_type",
    }
    assert found.height == len(HOSTILE) + 1  # the list is two samples
    errors = [n for n in found.columns if n.endswith("_error") and n != "prompt_error"]
    assert found.filter(pl.col("error").is_null()).select(pl.col(errors).count()).row(0) == tuple(
        [0] * len(errors)
    )


def test_the_end_says_what_was_not_read(tmp_path: Path):
    data = written(tmp_path, [{"text": "x"}, {"text": None}, "{broken"])
    told = factory("measure", data, "--out", tmp_path / "m.parquet", "--filters", "format")
    assert told.exit_code == 0
    assert "unread: 2 of 3 samples" in told.output
    assert "1 no_text, as traces.jsonl:2: text is empty" in told.output


def table(rows: list[dict]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


ROWS = [{"prompt": f"{n}?", "text": f"It is {n}."} for n in range(3)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl.gz", gzip.compress("\n".join(map(json.dumps, ROWS)).encode(), mtime=0)),
        ("a.json", json.dumps({"results": ROWS}).encode()),
        ("a.csv", b"prompt,text\n0?,It is 0.\n1?,It is 1.\n2?,It is 2.\n"),
        ("a.parquet", table(ROWS)),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_tables_of_every_kind_are_read(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    found = measured(tmp_path / name, "--filters", "format")
    assert found["response_chars"].to_list() == [8, 8, 8]
    assert found["prompt_id"].n_unique() == 3


def test_several_tables_are_named_from_the_folder_they_share(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, [{"text": folder}])
    out = tmp_path / "m.parquet"
    assert factory("measure", tmp_path / "a", tmp_path / "b/*.jsonl", "--out", out).exit_code == 0
    assert pl.read_parquet(out)["sample_id"].to_list() == ["a/traces.jsonl:1", "b/traces.jsonl:1"]


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 4)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("writes", range(1, 15))
def test_a_killed_command_goes_on_and_leaves_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
):
    """Wherever it ends, between a part and the note of it as well."""
    rows = [{"prompt": f"{n}?", "generations": ["one", "two", "three"]} for n in range(7)]
    data, out = written(tmp_path, rows), tmp_path / "m.parquet"
    measured(data, "--filters", "format", out=tmp_path / "whole.parquet")
    left = writes

    def until_killed(write):
        def go_on(*arguments):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            write(*arguments)

        return go_on

    with monkeypatch.context() as patch:
        patch.setattr(parts, "write_table", until_killed(parts.write_table))
        patch.setattr(parts, "write_text", until_killed(parts.write_text))
        with pytest.raises(Killed):
            factory("measure", data, "--out", out, "--filters", "format")
    read = []
    one = parts.samples
    monkeypatch.setattr(parts, "samples", lambda *told: read.append(told[0]) or one(*told))
    measured(data, "--filters", "format", out=out)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert len(read) <= 7
    if writes > 6:
        assert len(read) < 7
    assert not list(tmp_path.glob("*.parts"))


@pytest.mark.usefixtures("small")
def test_another_input_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data, out = written(tmp_path, [{"text": "x"}] * 9), tmp_path / "m.parquet"
    with monkeypatch.context() as patch:
        patch.setattr("factory.generations.outputs.write_rows", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            factory("measure", data, "--out", out)
    written(tmp_path, [{"text": "other"}] * 8)
    told = factory("measure", data, "--out", out)
    assert "are others than before: it begins anew" in told.output
    assert pl.read_parquet(out).height == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "m.csv"], "expected a file that ends in .parquet"),
        (["--out", "m.parquet", "--filters", "formt"], "no filter is called 'formt'"),
        (["--out", "m.parquet", "--filters", "duplicates"], "compares rows with each other"),
        (["--out", "m.parquet", "--filters", "correctness"], "no column is known to have it"),
        (["--out", "m.parquet", "--verifier", "judge"], "asks a model"),
        (["--out", "m.parquet", "--verifier", "mth"], "no verifier 'mth'"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_read(
    tmp_path: Path, options: list[str], message: str
):
    told = factory("measure", written(tmp_path, [{"text": "x"}]), *options)
    assert told.exit_code == 2
    assert message in told.stderr


def test_a_table_without_any_text_is_refused(tmp_path: Path):
    told = factory("measure", written(tmp_path, [{"text": None}]), "--out", tmp_path / "m.parquet")
    assert told.exit_code == 2
    assert "none of the first 1 rows has a text: 1 no_text" in told.stderr
