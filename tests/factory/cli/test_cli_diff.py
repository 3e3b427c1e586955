"""`factory diff`: three lines, then why, then rows; exit codes as `diff` has them, and JSON."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from worlds import Draw, Question, World

from factory.cli import main
from factory.cli.diff import DIFFERENT, UNEXPLAINED
from factory.run_folder import RunFolder
from factory.versions.folder import decisions_of, shards_of
from factory.versions.layout import write_plain

WAS = World(
    [Question("p"), Question("q", [Draw(tokens=9012)]), Question("r", text="How many are two?")],
    {"filters": {"correctness": {}, "length": {"max_tokens": 16384}}},
)
NOW = WAS.by(filters={"correctness": {}, "length": {"max_tokens": 8192}}).of(
    *WAS.questions[:2],
    Question("r", [Draw(text=r"<think>Add what is here, one after the other.</think> \boxed{7}",
                        answer="7")], text="How many are two?"),
)  # fmt: skip


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("versions")
    return WAS.made(folder / "a"), NOW.made(folder / "b")


def call(*arguments: str | Path | int, columns: int = 160) -> Result:
    told = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, ["diff", *told], env={"COLUMNS": str(columns)})


def test_the_first_three_lines(versions: tuple[Path, Path]):
    a, b = versions
    result = call(a, b)
    assert result.exit_code == DIFFERENT
    first, second, third, *_ = result.output.splitlines()
    assert first == f"{a} → {b}: + 0 added, - 1 removed, ~ 1 changed, 1 the same, of 3 rows"
    assert second == "3 questions: 1 gone"
    assert re.fullmatch(
        r"a re-publish uploads [\d.]+ kB of [\d.]+ kB; sampled between: 0 draws", third
    )


def test_then_why_and_the_changed_part_of_a_text(versions: tuple[Path, Path]):
    said = call(*versions).output
    assert "threshold: too_long: tokens 9,012 > max_tokens 8,192; max_tokens 16,384 → 8,192" in said
    assert "~ r0  How many are two?" in said
    assert "assistant: <think>Add what is [-there, one after" in said
    assert r"{+here, one after the other.</think> \boxed{7}+}" in said
    assert "final answer 5 → 7" in said
    assert re.search(r"length +longest +9,012 +10", said)


@pytest.mark.parametrize("columns", [80, 200])
def test_it_is_readable_at_any_width(
    versions: tuple[Path, Path], columns: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, which has a width
    monkeypatch.setenv("TERM", "xterm")
    said = re.sub(r"\x1b\[[\d;]*m", "", call(*versions, columns=columns).output)
    assert max(map(len, said.splitlines())) <= columns
    assert "    threshold: too_long: tokens 9,012 > max_tokens 8,192;" in said


def test_colours_are_for_terminals_alone(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" not in call(*versions).output
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m- 1 removed\x1b[0m" in call(*versions).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in call(*versions).output


def test_the_same_versions(versions: tuple[Path, Path]):
    result = call(versions[0], versions[0])
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "3 questions: the same ones",
        f"a re-publish uploads 0 bytes of {result.output.split(' of ')[-1].split(';')[0]}; "
        "sampled between: 0 draws",
    ]


def test_versions_of_runs(versions: tuple[Path, Path]):
    run = versions[0].parents[1]
    assert call(run, f"{run}@1").exit_code == 0
    result = call(run, f"{run}@7")
    assert result.exit_code == 1
    assert f"{run}: has no version 7; it has 1" in result.output


def test_what_is_no_version_is_said(tmp_path: Path, versions: tuple[Path, Path]):
    assert (
        "no dataset version: give a version's folder"
        in call(tmp_path / "nowhere", versions[0]).output
    )
    assert "no dataset, it has neither" in call(tmp_path, versions[0]).output
    RunFolder(tmp_path).noted_recipe.write_text("{}")
    assert "no dataset version: give a version's folder" in call(tmp_path, versions[0]).output


def test_as_json(versions: tuple[Path, Path]):
    result = call(*versions, "--json", "--rows", 1)
    told = json.loads(result.stdout)
    assert list(told) == [
        "format", "a", "b", "rows", "questions", "upload", "sampled", "recorded", "reasons",
        "unexplained", "distributions", "changes",
    ]  # fmt: skip
    assert told["rows"] == {"added": 0, "removed": 1, "changed": 1, "same": 1}
    assert told["reasons"][0] == {
        "change": "delete", "reason": "threshold", "stage": "filters: length", "rows": 1
    }  # fmt: skip
    (change,) = told["changes"]
    assert (change["change"], change["sample_id"], change["prompt_id"]) == ("delete", "q0", "q")
    assert change["reasons"][0]["detail"].startswith("too_long: tokens 9,012")
    assert told["unexplained"] == []


def test_details_are_in_deltas_words(versions: tuple[Path, Path], tmp_path: Path):
    file = tmp_path / "changes.parquet"
    call(*versions, "--details", file, "--no-bytes")
    rows = pl.read_parquet(file)
    assert rows.select("_change_type", "sample_id", "_reason", "_stage").rows() == [
        ("delete", "q0", "threshold", "filters: length"),
        ("update_preimage", "r0", "text", "sampling"),
        ("update_postimage", "r0", "text", "sampling"),
    ]
    assert rows.columns[:7] == [
        "_change_type", "_reason", "_stage", "_detail", "_also", "_pair", "sample_id"
    ]  # fmt: skip
    assert rows["_also"].to_list()[1] == [
        "answer 5 → 7; its text is another",
        "longest_paragraph 39 → 38; its text is another",
    ]
    assert rows["completion_tokens"].to_list() == [9012, 10, 10]


def test_rows_that_nothing_explains_have_an_exit_code(versions: tuple[Path, Path], tmp_path: Path):
    b = NOW.of(*WAS.questions).made(tmp_path)
    rows = pl.read_parquet(decisions_of(b)).with_columns(fate=pl.lit("chosen"))
    write_plain(rows, decisions_of(b))
    result = call(versions[0], b)
    assert result.exit_code == UNEXPLAINED
    said = "1 rows are different for no reason that the versions tell: q0"
    assert result.output.splitlines()[3] == said


def test_without_texts_no_row_is_read(versions: tuple[Path, Path], tmp_path: Path):
    """An index and decisions are enough where no row is in both in another form."""
    a, b = WAS.made(tmp_path / "a"), NOW.of(*WAS.questions).made(tmp_path / "b")
    for file in (*shards_of(a), *shards_of(b)):
        file.unlink()
    result = call(a, b, "--no-bytes", "--rows", 0)
    assert result.exit_code == DIFFERENT, result.output
    assert "threshold" in result.output
    assert "bytes to upload: not measured (--bytes)" in result.output
