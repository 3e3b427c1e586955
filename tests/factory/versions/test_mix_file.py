"""The mix file, and one schema for rows of several parts."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from runs import call

from factory.cli import main
from factory.recipe.mix import Mix
from factory.versions.mix.columns import common

REPO = Path(__file__).parents[3]


def test_the_example_of_600k_and_200k_is_valid():
    said = call("versions", "mix", REPO / "manifests" / "r1-mix.yaml", "--check")
    assert said == "r1-mix: reasoning 600,000 rows, others 200,000 rows\n"


def test_what_is_wrong_with_a_mix_file_is_said_at_its_place(tmp_path: Path):
    file = tmp_path / "mix.yaml"
    file.write_text("name: m\nparts:\n  - {name: a, place: nowhere.jsonl}\n")
    result = CliRunner().invoke(main, ["versions", "mix", str(file), "--check"])
    assert result.exit_code == 2
    assert "mix.yaml:3:22: parts[0].place" in result.output


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([{"share": 0.5}, {}], "all parts have `share`, or none"),
        ([{"share": 0.5}, {"share": 0.4}], "shares are 0.9 together"),
        ([{"rows": 1, "share": 1}], "name `rows` or `share`"),
        ([{"name": "x"}, {"name": "x"}], "two are called x"),
    ],
)
def test_parts_go_together(parts: list[dict[str, Any]], wrong: str):
    named = [{"name": f"p{n}", "place": "hf://org/name"} | part for n, part in enumerate(parts)]
    with pytest.raises(ValidationError, match=wrong):
        Mix.model_validate({"name": "m", "parts": named})


def test_columns_that_parts_lack_are_null_and_clashing_types_become_text():
    one = {"score": pl.Int32(), "note": pl.Int64(), "own": pl.Boolean()}
    two = {"score": pl.Float64(), "note": pl.List(pl.String())}
    columns = common([one, two])
    assert columns.schema["score"] == pl.Float64()
    assert columns.clashes == ["column note: parts have it as Int64, List(String): it becomes text"]
    told = pl.DataFrame({"score": [0.5], "note": [["a"]]})
    row = columns.of(told).row(0, named=True)
    assert (row["note"], row["own"], row["messages"]) == ('["a"]', None, None)
