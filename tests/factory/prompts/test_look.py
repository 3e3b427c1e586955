"""`factory check` refuses what `factory run` refuses because of a file, and says what it saw."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sources import write

from factory.cli import main
from factory.prompts import look

RECIPE = """
name: x
teacher:
  base: {tiny: qwen2, rows: 100}
prompts:
  - {source: files, path: NAME, columns: {question: q, reference: a}}
"""


def check(folder: Path, name: str, *more: str, options: tuple[str, ...] = ()) -> Result:
    recipe = folder / "recipe.yaml"
    recipe.write_text("\n".join([RECIPE.replace("NAME", name), *more]))
    return CliRunner().invoke(main, ["check", str(recipe), *options])


def test_good_rows_are_counted(tmp_path):
    write(tmp_path / "rows.jsonl", [{"q": f"{n}?", "a": str(n)} for n in range(3)])
    result = check(tmp_path, "rows.jsonl")
    assert result.exit_code == 0
    assert "  rows: all 3 rows become prompts\n" in result.output


def test_rows_that_will_be_set_aside_are_told_with_the_first(tmp_path):
    rows = [{"q": "x?", "a": "1"}, {"q": "y?"}, {"q": "x?", "a": "1"}, {"q": "", "a": ""}]
    write(tmp_path / "rows.jsonl", rows)
    line = check(tmp_path, "rows.jsonl").output.splitlines()[1]
    assert line.startswith("  rows: of 4 rows, 1 becomes a prompt, 1 ")
    assert {"1 no_reference", "1 duplicate", "1 no_question"} <= set(line.split(";")[0].split(", "))
    assert line.endswith("; first set aside: rows.jsonl:2: a is empty")


def test_of_a_long_file_the_first_rows_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(look, "ROWS", 10)
    rows = [{"q": f"{n}?", "a": str(n)} for n in range(12)]
    write(tmp_path / "rows.jsonl", rows)
    said = "  rows: all of its first 10 rows become prompts; the rest was not looked at\n"
    assert said in check(tmp_path, "rows.jsonl").output
    limited = check(tmp_path, "rows.jsonl, rows: 10, held_out: 2, name: few")
    assert "  few: all 10 rows become prompts\n" in limited.output
    rows[0]["q"] = ""
    write(tmp_path / "rows.jsonl", rows)
    said = "of its first 10 rows, 9 become prompts, 1 no_question; first set aside: rows.jsonl:1: "
    assert said in check(tmp_path, "rows.jsonl").output
    # What may still come is no reason to refuse.
    assert check(tmp_path, "rows.jsonl, held_out: 11").exit_code == 0


def test_with_keys_every_source_has_one_line_and_its_own_rows(tmp_path):
    """Two sources may have one name; what was tried comes before rows that only came again."""
    few = [{"q": "x?", "a": "1"}, {"q": "x?", "a": "1"}, {"q": "So 2?", "a": ""}]
    for file, rows in (("one.jsonl", few), ("two.jsonl", [{"q": "y?", "a": "3"}])):
        write(tmp_path / file, rows)
    columns = "columns: {question: q, reference: a}"
    second = f"  - {{source: files, name: both, path: two.jsonl, {columns}}}"
    result = check(tmp_path, "one.jsonl, name: both", second, options=("--keys",))
    first, *others = result.output.splitlines()[1:5]
    told, _, counts = first.partition("aside: ")
    assert told == "  both (one.jsonl): 1 prompts are good, 2 will be set "
    assert set(counts.split(", ")) == {"duplicate 1", "no_reference 1"}
    assert others == [
        "    one.jsonl:3: key: a is empty",
        "    one.jsonl:2: duplicate: the question of both, one.jsonl:1",
        "  both (two.jsonl): 1 prompts are good",
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rows.csv", "q,a\nzwölf,12\n".encode("cp1252"), "rows.csv:2: not UTF-8"),
        ("rows.csv", b"q,answer\nx,1\n", "rows.csv: no column 'a'"),
        ("rows.jsonl", b'{"q": "x?"}\n', "rows.jsonl: no column 'a'"),
        ("rows.jsonl", b'{"q": "x?", "a": ""}\n', "rows: none of its 1 rows became a prompt"),
        ("rows.parquet", b"PAR1", "rows.parquet: this is no Parquet file, or only a part of one"),
        ("rows.jsonl.gz", b"\x1f\x8b\x08\x00", "rows.jsonl.gz: the file ends in the middle"),
        ("rows.xlsx", b"PK", "recipe.yaml:6:27: prompts[0].path: rows.xlsx: files of this kind"),
        ("rows.json", b"[", "rows.json: the list of rows does not end"),
    ],
)
def test_what_the_run_refuses_is_refused(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    result = check(tmp_path, name)
    assert result.exit_code == 2
    assert expected in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_generators_are_tried(tmp_path):
    recipe = RECIPE.partition("prompts:")[0] + (
        "prompts:\n  - {source: reasoning_gym, task: chain_sun, rows: 5}\n"
    )
    (tmp_path / "recipe.yaml").write_text(recipe)
    result = CliRunner().invoke(main, ["check", str(tmp_path / "recipe.yaml")])
    assert result.exit_code == 2
    assert "no such task; did you mean 'chain_sum'" in result.output


def test_datasets_on_the_hub_are_not_asked_for(tmp_path):
    recipe = RECIPE.partition("prompts:")[0] + (
        "prompts:\n  - {source: hub, dataset: openai/gsm8k, config: main}\n"
    )
    (tmp_path / "recipe.yaml").write_text(recipe)
    result = CliRunner().invoke(main, ["check", str(tmp_path / "recipe.yaml")])
    assert "  openai/gsm8k: on the Hub, it was not looked at\n" in result.output
