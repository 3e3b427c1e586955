"""`factory audit PLACE --against OTHER`: two runs side by side, here and in the files."""

import json
from pathlib import Path

import polars as pl
import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of
from tables import factory


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of the same draws, whose verdicts and one rule are others in the second."""
    folder = tmp_path_factory.mktemp("runs")
    draws = {f"p{n}": [(RIGHT, YES), (WRONG, NO)] for n in range(6)}
    made(run_of(folder / "a", draws))
    draws |= {"p0": [(RIGHT, NO), (WRONG, NO)], "p1": [(RIGHT, NO), (WRONG, YES)]}
    made(run_of(folder / "b", draws, filters={"correctness": {}, "length": {"max_tokens": 40}}))
    return folder


def test_the_sentence_comes_first_and_then_the_audit(runs: Path):
    told = factory("audit", runs / "b", "--against", runs / "a")
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert lines[0] == (
        "12 common samples of 6 common prompts · 2 kept → dropped · 1 dropped → kept · net -1"
    )
    order = ["Regressions:", "Rules that are others", "Why rows are different", "pass all filters"]
    places = [told.output.index(words) for words in order]
    assert places == sorted(places)
    assert "max_tokens 50 → 40" in told.output


def test_the_files_have_every_number_of_the_comparison(runs: Path, tmp_path: Path):
    told = factory("audit", runs / "b", "--against", f"{runs / 'a'}@1", "--out", tmp_path, "--json")
    document = json.loads(told.stdout)
    assert document["summary"][0].startswith("12 common samples")
    assert next(iter(document["figures"])) == "against"
    (lost,) = document["figures"]["against.lost"]["rows"]
    assert (lost["reason"], lost["samples"], lost["other_verdict"]) == ("incorrect", 2, 2)
    table = pl.read_parquet(tmp_path / "audit.parquet")
    kept = table.filter(figure="against.samples.kept", column="difference", by="overall")
    assert kept["number"].to_list() == [pytest.approx(-1 / 12)]


def test_another_place_that_is_nothing_is_refused(runs: Path, tmp_path: Path):
    told = factory("audit", runs / "b", "--against", tmp_path)
    assert told.exit_code == 1
    assert "nothing to audit: it is an empty folder" in told.output
