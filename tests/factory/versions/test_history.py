"""The line of versions: what came and went, by which change, where it was published."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from versions import described

from factory.cli import main
from factory.versions.write import write

ROWS = pl.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "prompt_id": ["p", "p", "q"],
        "messages": [[{"role": "user", "content": text}] for text in ("1+1", "2+2", "3")],
    }
)
DECISIONS = pl.DataFrame({"sample_id": ["a", "b", "c"], "fate": ["chosen"] * 3})


def made(home: Path, rows: pl.DataFrame, parent: Path | None = None, **made_by: Any) -> Path:
    told = {"filters": {"length": {"max_tokens": 9}}, "choice": 1} | made_by
    return write(home, lambda _: [rows], told, described(DECISIONS), parent=parent)[0]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """v1; v2 without a row, and with another, for a threshold; v3 with one changed by a teacher."""
    first = made(tmp_path, ROWS)
    other = pl.concat([ROWS[1:], ROWS[:1].with_columns(sample_id=pl.lit("d"))])
    filters = {"length": {"max_tokens": 7}}
    second = made(tmp_path, other, first, filters=filters)
    changed = other.with_columns(prompt_id=pl.lit("p"))
    made(tmp_path, changed, second, filters=filters, teacher="other")
    told = {"repo": "org/name", "version": "1.0.0", "commit": "c" * 40, "number": 1}
    record = [told | {"digest": "d" * 64, "at": "2026-11-26T00:00:00Z"}]
    (tmp_path / "published.json").write_text(json.dumps(record))
    return tmp_path


def log(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, ["log", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_newest_version_comes_first_with_what_came_and_went(home: Path):
    lines = log(home).splitlines()
    assert [line.split()[0] for line in lines] == ["v3", "since", "v2", "since", "1.0.0"]
    assert lines[1] == "    since v2: + 0 - 0 ~ 1 rows, by teacher"
    assert lines[3] == "    since v1: + 1 - 1 rows, by filters.length"
    assert lines[4].startswith("1.0.0 (v1)  20")
    assert lines[4].endswith("[org/name@1.0.0]")
    assert "  3 rows  sha256 " in lines[0]


def test_a_version_stands_for_its_line(home: Path):
    assert log(home / "v2") == log(home)


def test_as_json_it_has_all_that_is_told(home: Path):
    steps = json.loads(log(home, "--json"))
    assert [step["number"] for step in steps] == [3, 2, 1]
    assert (steps[1]["added"], steps[1]["removed"], steps[1]["changed"]) == (1, 1, 0)
    assert steps[2]["published"] == ["org/name@1.0.0"]
    assert len(steps[0]["digest"]) == 64


def test_a_parent_that_is_gone_is_named_all_the_same(home: Path):
    import shutil

    shutil.rmtree(home / "v1")
    assert "since v1: not at hand" in log(home)


def test_what_has_no_versions_is_said_to_have_none(tmp_path: Path):
    result = CliRunner().invoke(main, ["log", str(tmp_path)])
    assert result.exit_code == 1
    assert "neither a run nor a folder of dataset versions" in result.output
