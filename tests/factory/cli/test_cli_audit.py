"""`factory audit`: the summary, its files, and what it says where there is nothing."""

import json
from pathlib import Path

import polars as pl
import pytest
from runs import NO, OPEN, RIGHT, WRONG, YES, made, run_of
from tables import factory


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)], "c": [(OPEN, NO)] * 3}
    made(run_of(folder, draws))
    return folder


def test_a_run_is_audited_into_its_folder(run: Path):
    told = factory("audit", run)
    assert told.exit_code == 0, told.output
    first = told.output.splitlines()[0]
    assert first.startswith(f"{run}: 6 samples of 3 prompts, 2 pass all filters (33.3%), 2 are")
    assert "correctness takes most: 4; 4 of them no other filter takes." in told.output
    assert "Redundant" not in told.output
    assert "Dropped nothing: length." in told.output
    assert "Worth a look" in told.output
    document = json.loads((run / "audit" / "audit.json").read_bytes())
    assert document["summary"][0] == first
    table = pl.read_parquet(run / "audit" / "audit.parquet")
    left = table.filter(figure="funnel", column="left")["number"].to_list()
    assert left == [2, 2, 2]
    page = (run / "audit" / "audit.html").read_text(encoding="utf-8")
    assert "6 samples of 3 prompts, 2 pass all filters" in page
    assert 'id="figure=ledger"' in page


def test_a_version_is_audited_where_it_is_told_to(run: Path, tmp_path: Path):
    told = factory("audit", f"{run}@1", "--out", tmp_path / "deep" / "here")
    assert told.exit_code == 0, told.output
    assert {file.name for file in (tmp_path / "deep" / "here").iterdir()} == {
        "audit.html",
        "audit.json",
        "audit.parquet",
    }
    assert "texts" in told.output  # a version lacks those of dropped draws


def test_json_is_the_document(run: Path, tmp_path: Path):
    told = factory("audit", run, "--out", tmp_path, "--json")
    assert json.loads(told.stdout) == json.loads((tmp_path / "audit.json").read_bytes())


def test_what_a_stranger_called_a_source_does_not_act_on_the_terminal(tmp_path: Path):
    folder = tmp_path / "run"
    draws = {"a": [(WRONG, ("unverifiable", "\x1b[2J\u202e: x"))], "b": [(RIGHT, YES)]}
    made(run_of(folder, draws))
    for told in (factory("audit", folder), factory("audit", folder, "--json")):
        assert told.exit_code == 0
        assert not {"\x1b", "\u202e"} & set(told.output)


def test_a_place_without_a_version_says_what_to_do(tmp_path: Path):
    told = factory("audit", tmp_path)
    assert told.exit_code == 1
    assert "nothing to audit: it is an empty folder" in told.output
