"""Counts of a diff agree with those of lake-sift, a differ that others wrote, in its own place."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from checkers import checker
from diff_cases import CASES

from factory.versions.diff import Difference, Side, difference
from factory.versions.folder import shards_of
from factory.versions.layout import write_plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def lake_sift(a: Side, b: Side, folder: Path) -> dict[str, Any]:
    """What lake-sift finds between the rows of two versions."""
    files = []
    for side in (a, b):
        file = folder / f"{len(files)}.parquet"
        write_plain(pl.concat([pl.read_parquet(shard) for shard in side.files]), file)
        files.append(file)
    python = checker("lake-sift")
    command = [python.with_name("lake-sift"), *files, "--key", "sample_id", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def assert_both_say_the_same(found: Difference, folder: Path) -> None:
    """Compare rows added, removed and changed; and of changed ones which columns are."""
    theirs = lake_sift(found.a, found.b, folder)
    counts = {name: theirs["summary"][name] for name in ("added", "removed", "changed")}
    assert counts == {name: found.counts[name] for name in counts}
    cells = {one["key"]["sample_id"] for one in theirs["changed_cells"]}
    assert cells == set(found.rows.changed["sample_id"])


SAME_COLUMNS = [case for case in CASES if case not in ("a rule is new", "a column is new")]


@pytest.mark.parametrize("case", SAME_COLUMNS)
def test_of_versions_that_stages_made(case: str, tmp_path: Path):
    was, now, _ = CASES[case]
    a, b = was.made(tmp_path / "a"), now.made(tmp_path / "b")
    assert shards_of(a)
    assert_both_say_the_same(difference(Side(a, "v1"), Side(b, "v2")), tmp_path)


def test_of_a_new_column_it_says_that_the_schema_is_another(tmp_path: Path):
    """Rows that have nothing but a new column are changed to us, as their digests are others."""
    was, now, _ = CASES["a column is new"]
    a, b = was.made(tmp_path / "a"), now.made(tmp_path / "b")
    found = difference(Side(a, "v1"), Side(b, "v2"))
    theirs = lake_sift(found.a, found.b, tmp_path)
    assert [one["column"] for one in theirs["schema_changes"]] == ["code_blocks"]
    assert (theirs["summary"]["changed"], found.counts["changed"]) == (0, 3)


@pytest.mark.parametrize("seed", range(8))
def test_of_rows_changed_at_random(seed: int, tmp_path: Path):
    chance = random.Random(seed)
    rows = [row(n, chance) for n in range(chance.randint(1, 400))]
    now = [changed(one, chance) for one in rows if chance.random() > 0.1]
    now += [row(1000 + n, chance) for n in range(chance.randint(0, 40))]
    chance.shuffle(now)
    sides = []
    for name, some in (("a", rows), ("b", now or rows)):
        (tmp_path / name / "data").mkdir(parents=True)
        table = pl.DataFrame(some, schema_overrides={"score": pl.Float64, "level": pl.Int64})
        write_plain(table, tmp_path / name / "data" / "train-00000-of-00001.parquet")
        sides.append(Side(tmp_path / name, name))
    assert_both_say_the_same(difference(*sides), tmp_path)


def row(number: int, chance: random.Random) -> dict[str, Any]:
    said = "".join(chance.choices('ab \n"\\é好🙂', k=chance.randint(0, 30)))
    turns = [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": said}]
    level = chance.choice([None, 1, -7, 2**40])
    score = chance.choice([None, 0.1, 1e-7, 3.0])
    return {"sample_id": f"s{number}", "messages": turns, "level": level, "score": score}


def changed(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The row, or one in five with something else in it."""
    match chance.randrange(15):
        case 0:
            return row | {"level": chance.choice([None, 1, 2])}
        case 1:
            return row | {"score": chance.choice([None, 0.1, 0.2])}
        case 2:
            turns = [row["messages"][0], {"role": "assistant", "content": "other"}]
            return row | {"messages": turns}
        case _:
            return row
