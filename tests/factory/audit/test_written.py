"""An audit as files: every number is in both, and what is missing says why."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from subjects import subject_of

from factory.audit.figures import Figure
from factory.audit.figures.all import figures
from factory.audit.written import LONG, document, long_form, write

ROWS = [
    {"verdict": "correct", "tokens": 5, "longest_paragraph": 3, "source": "a"},
    {"verdict": "incorrect", "tokens": 90, "longest_paragraph": 3, "source": "b"},
]
SUBJECT = subject_of(ROWS, {"correctness": {}, "length": {"max_tokens": 50}})


@pytest.fixture(scope="module")
def found() -> list[Figure]:
    return figures(SUBJECT)


@pytest.fixture
def told(found: list[Figure], tmp_path: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    nested, long = write(tmp_path / "new" / "audit", SUBJECT, found, ["In a sentence."])
    assert (nested.name, long.name) == ("audit.json", "audit.parquet")
    return json.loads(nested.read_bytes()), pl.read_parquet(long)


def test_json_has_every_figure_with_its_columns_explained(told, found: list[Figure]):
    document, _ = told
    assert list(document["figures"]) == [figure.key for figure in found]
    funnel = document["figures"]["funnel"]
    assert funnel["rows"][0]["step"] == "correctness"
    assert funnel["rows"][0]["dropped"] == 1
    assert "samples" in funnel["columns"]["dropped"]
    assert (document["format"], document["samples"], document["prompts"]) == (1, 2, 1)
    assert document["summary"] == ["In a sentence."]
    assert document["filters"]["length"]["max_tokens"] == 50


def test_what_is_missing_says_why(told):
    document, _ = told
    assert "not in use" in document["missing"]["overthinking"]
    assert document["figures"]["overthinking"]["missing"] == document["missing"]["overthinking"]


def test_parquet_has_every_cell(told, found: list[Figure]):
    _, table = told
    assert table.schema == pl.Schema(LONG)
    assert table.height == sum(f.table.height * f.table.width for f in found)
    for figure in found:
        for place, row in enumerate(figure.table.iter_rows(named=True)):
            own = table.filter(figure=figure.key, row=place)
            values = {
                column: text if number is None else number
                for column, number, text in own.select("column", "number", "text").iter_rows()
            }
            assert values == row, figure.key


def test_groups_stand_beside_the_cells(told):
    _, table = told
    row = table.filter(figure="kept", column="accepted", by="source", group="a")
    assert row["number"].to_list() == [1.0]
    assert table.filter(figure="funnel")["group"].null_count() > 0


def test_json_has_no_number_that_is_none():
    figure = Figure(
        "x", "s", "t", pl.DataFrame({"n": [float("nan"), float("inf"), 1.0]}), {"n": "n"}
    )
    rows = document(SUBJECT, [figure])["figures"]["x"]["rows"]
    assert rows == [{"n": None}, {"n": None}, {"n": 1.0}]


def test_no_figures_make_an_empty_table():
    assert long_form([]).schema == pl.Schema(LONG)
