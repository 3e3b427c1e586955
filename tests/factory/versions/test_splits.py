"""Splits go by a prompt's id alone: nothing moves when the data grows, and training reads train."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from runs import NO, RIGHT, WRONG, YES, made, run_of

from factory.errors import StageError
from factory.line.dataset_stages import control_lot
from factory.recipe.splits import Splits
from factory.versions.folder import shards_of
from factory.versions.manifest import read
from factory.versions.splits import by_prompt, near_train

IDS = [f"prompt-{n}" for n in range(4000)]
SPLIT = {"validation": "20 %", "test": 0.2}
DRAWS = {f"p{n}": [(RIGHT, YES), (WRONG, NO)] for n in range(30)}


def of(ids: list[str], **shares: Any) -> dict[str, str]:
    rows = pl.DataFrame({"prompt_id": ids, "sample_id": ids})
    return dict(zip(ids, by_prompt(Splits.model_validate(shares))(rows), strict=True))


def test_a_share_and_a_percent_are_the_same():
    assert Splits.model_validate({"test": "2 %"}) == Splits.model_validate({"test": 0.02})


@pytest.mark.parametrize("told", ["2", "many %", "100 %", "-1 %", -0.1, 1])
def test_what_is_no_share_is_refused(told: object):
    with pytest.raises(ValidationError):
        Splits.model_validate({"test": told})


def test_something_is_left_to_train_on():
    with pytest.raises(ValidationError, match="nothing is left to train on"):
        Splits.model_validate({"validation": 0.5, "test": "50 %"})


def test_splits_have_their_shares():
    found = list(of(IDS, validation=0.1, test=0.05).values())
    assert found.count("validation") == pytest.approx(400, abs=60)
    assert found.count("test") == pytest.approx(200, abs=45)


def test_no_prompt_moves_when_others_come_or_go():
    few = of(IDS[::7], validation=0.1, test=0.1)
    assert few.items() <= of(IDS, validation=0.1, test=0.1).items()


def test_a_larger_share_takes_prompts_from_train_alone():
    before, after = of(IDS, validation=0.1, test=0.1), of(IDS, validation=0.3, test=0.15)
    moved = {(before[id], after[id]) for id in IDS if before[id] != after[id]}
    assert moved == {("train", "validation"), ("train", "test")}


def test_all_rows_of_a_prompt_are_in_one_split():
    rows = pl.DataFrame({"prompt_id": ["p"] * 3, "sample_id": ["a", "b", "c"]})
    assert by_prompt(Splits.model_validate(SPLIT))(rows).n_unique() == 1


def test_a_version_has_a_file_for_each_split_and_training_reads_train(tmp_path: Path):
    context = run_of(tmp_path, DRAWS, dataset={"splits": SPLIT})
    made(context)
    version = context.run.version(1)
    manifest = read(version)
    assert set(manifest.splits) == {"train", "validation", "test"}
    assert sum(manifest.splits.values()) == manifest.rows == 30
    for name, rows in manifest.splits.items():
        assert pl.read_parquet(shards_of(version, name)).height == rows
    assert context.run.rows(["sample_id"]).height == manifest.splits["train"]
    assert manifest.made_by["splits"] == {"validation": 0.2, "test": 0.2}


def test_the_control_has_no_prompt_of_another_split(tmp_path: Path):
    context = run_of(tmp_path, DRAWS, dataset={"splits": SPLIT})
    made(context)
    lot = control_lot(context)["prompt_id"]
    assert set(lot) == set(context.run.rows(["prompt_id"])["prompt_id"])


def test_other_splits_are_another_version_with_the_same_rows(tmp_path: Path):
    made(run_of(tmp_path, DRAWS))
    (one,) = (read(v) for v in (tmp_path / "dataset").glob("v*"))
    context = run_of(tmp_path / "again", DRAWS, dataset={"splits": SPLIT})
    made(context)
    other = read(context.run.version(1))
    assert other.digest == one.digest
    assert other.made_by != one.made_by


def test_splits_that_leave_nothing_are_refused(tmp_path: Path):
    context = run_of(tmp_path, {"p0": [(RIGHT, YES)]}, dataset={"splits": {"test": 0.999}})
    with pytest.raises(StageError, match="all 1 rows are in validation or test"):
        made(context)


def test_rows_that_say_what_train_says_are_counted():
    splits = pl.Series(["train", "train", "test", "test", "validation"])
    rows = pl.DataFrame({"duplicate_cluster": ["a", None, "a", None, "b"]})
    assert near_train(rows, lambda _: splits) == {"test": (2, 1), "validation": (1, 0)}


def test_near_duplicates_across_splits_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rules = {"correctness": {}, "duplicates": {"drop": False}}
    context = run_of(tmp_path, DRAWS, filters=rules, dataset={"splits": SPLIT})
    made(context)
    assert read(context.run.version(1)).near_train == {"validation": 0, "test": 0}
