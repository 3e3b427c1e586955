"""`factory audit DATA`: anybody's data, with the options of `factory measure`."""

import json
from pathlib import Path

import polars as pl
from tables import RIGHT, WRONG, factory, written

ROWS = [
    {"q": "2+2?", "key": "4", "out": RIGHT},
    {"q": "2+2?", "key": "4", "out": WRONG},
    {"q": "1+3?", "key": "4", "out": None},
]
COLUMNS = "question: q, generation: out, reference: key"


def test_data_is_measured_and_told_in_numbers(tmp_path: Path):
    data = written(tmp_path, ROWS)
    told = factory("audit", data, "--columns", COLUMNS, "--language", "en")
    assert told.exit_code == 0, told.output
    home = tmp_path / "traces.audit"
    assert (home / "audit.json").is_file()
    assert pl.read_parquet(home / "audit.parquet").height
    assert "generation from out" in told.stderr
    again = factory("audit", data, "--columns", COLUMNS, "--language", "en")
    assert "3 rows measured before" in again.stderr


def test_a_folder_of_ones_own_has_measures_and_results(tmp_path: Path):
    data = written(tmp_path, ROWS)
    told = factory("audit", data, "--columns", COLUMNS, "--out", tmp_path / "mine")
    assert told.exit_code == 0, told.output
    assert {"measures", "audit.json"} <= {path.name for path in (tmp_path / "mine").iterdir()}
    assert not (tmp_path / "traces.audit").exists()


def test_json_alone_goes_to_programs(tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("filters: {correctness: {}}")
    data, rules = written(tmp_path, ROWS), tmp_path / "rules.yaml"
    told = factory("audit", data, "--columns", COLUMNS, "--recipe", rules, "--json")
    assert json.loads(told.stdout)


def test_options_of_data_are_refused_of_what_has_its_own(tmp_path: Path):
    told = factory("audit", tmp_path / "not_there.jsonl")
    assert told.exit_code == 1
    assert "nothing to audit: it is not there" in told.stderr
