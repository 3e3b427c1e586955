"""Versions as the line makes them: which change makes another one, and where that came from."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.errors import StageError
from factory.line import dataset_stages
from factory.line.context import Context, Result
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE
from factory.run_folder import RunFolder
from factory.store import write_table
from factory.store.shards import Shards
from filters.text.thinking import split

RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9, "held_out": 1}],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}},
    "filters": {"correctness": {}, "length": {"max_tokens": 40}, "language": {}},
    "student": {"base": {"tiny": "llama", "rows": 100}, "training": {"epochs": 4}},
}
TEXT = "<think>First we add the two numbers, and then we look at what we have.</think> It is 5."
PROMPTS = ("p", "q", "r")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Three prompts with three draws each, of 10, 20 and 30 tokens."""
    run = RunFolder(tmp_path / "run")
    for stage in ("prompts", "samples", "teacher", "measures", "dataset"):
        run.stage(stage).mkdir(parents=True)
    Located(path=str(tmp_path), name="t", digest="t").note(run.stage("teacher"))
    prompts_in("en", run)
    thought = split(TEXT)
    rows = [
        {"sample_id": f"{id}{n}", "prompt_id": id, "draw": n, "text": TEXT, "verdict": "correct"}
        | {"completion_tokens": 10 * n + 10, "finish_reason": "stop", "teacher": "t"}
        | {"reasoning": thought.reasoning, "response": thought.response, "answer": "5"}
        for n in range(3)
        for id in PROMPTS
    ]
    table = pl.DataFrame(rows, schema=SAMPLE)
    for number, shard in enumerate(table.iter_slices(2)):
        Shards(run.journal("samples")).write(number, shard)
    write_table(table.select("sample_id"), run.current_draws)
    fates = {"prompt_id": PROMPTS, "teacher": "A teacher", "teacher_digest": "t"}
    write_table(pl.DataFrame(fates), run.prompt_fates)
    return run


def prompts_in(language: str, run: RunFolder) -> None:
    rows = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}?"}], "split": "train"}
        | {"reference": '"5"', "verifier": "math", "source": "sums", "language": language}
        for id in PROMPTS
    ]
    write_table(pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()}), run.prompt_table)


def made(run: RunFolder, **changes: Any) -> dict[str, Result]:
    """Measures and the dataset version, by the recipe with some parts changed."""
    recipe, found = Recipe.model_validate(RECIPE | changes), {}
    for stage, make in (("measures", dataset_stages.measures), ("dataset", dataset_stages.dataset)):
        found[stage] = make(Context(recipe, run.path, run, stage, lambda *_, **__: None))
    return found


def limit(tokens: int) -> dict[str, Any]:
    return RECIPE["filters"] | {"length": {"max_tokens": tokens}}


def version(run: RunFolder) -> tuple[int, int | None, int]:
    """Number, parent and rows of the version that the recipe stands for now."""
    manifest = run.manifest()
    assert manifest
    assert manifest.number
    parent = manifest.parent.number if manifest.parent else None
    return manifest.number, parent, manifest.rows


@pytest.mark.parametrize(
    ("changes", "another"),
    [
        ({}, False),
        ({"student": RECIPE["student"] | {"training": {"epochs": 5}}}, False),
        ({"student": None}, False),
        ({"name": "other"}, False),
        ({"seed": 7}, False),  # the draws are what they are, however they came about
        ({"filters": limit(20)}, True),
        ({"filters": limit(50)}, True),  # the same rows, by another rule
        ({"dataset": {"select": {"per_prompt": 1}}}, True),
    ],
    ids=str,
)
def test_what_no_row_depends_on_makes_no_version(
    run: RunFolder, changes: dict[str, Any], another: bool
):
    before = made(run)["dataset"]
    assert version(run) == (1, None, 9)
    after = made(run, **changes)["dataset"]
    assert version(run)[:2] == ((2, 1) if another else (1, None))
    rows_differ = version(run)[2] != 9
    assert (after.output != before.output) is rows_differ


def test_a_parent_is_the_version_that_was_current(run: RunFolder):
    made(run)
    made(run, filters=limit(20))
    assert version(run) == (2, 1, 6)
    made(run)  # the recipe goes back
    assert version(run) == (1, None, 9)
    made(run, filters=limit(10))
    assert version(run) == (3, 1, 3)
    made(run, filters=limit(20))
    assert version(run) == (2, 1, 6)  # it came from where it came from


def test_a_manifest_tells_what_made_it_and_the_recipe_beside(run: RunFolder):
    made(run)
    manifest = run.manifest()
    assert manifest
    assert manifest.made_by.keys() == {
        "filters", "select", "measures", "choice", "prompts", "teacher", "draws",
    }  # fmt: skip
    assert manifest.made_by["filters"]["length"]["max_tokens"] == 40
    assert manifest.recipe["student"]["training"]["epochs"] == 4
    assert [account.left for account in manifest.ledger["dataset"]] == [9]
    assert [rule.filter for rule in manifest.rules] == ["correctness", "language", "length"]


def test_another_language_of_the_prompts_is_what_rows_and_measures_go_by(run: RunFolder):
    """And no filter measures again that reads nothing of it."""
    assert made(run)["measures"].note.endswith("18 rows measured")
    measured = {file: file.stat().st_mtime_ns for file in run.stage("measures").rglob("*.parquet")}
    assert set(run.rows()["language"]) == {"en"}
    prompts_in("zh", run)
    with pytest.raises(StageError, match="none of 9 draws passed the filters: language dropped 9"):
        made(run)
    added = set(run.stage("measures").rglob("*.parquet")) - measured.keys()
    assert {file.parent.name.split("@")[0] for file in added} == {"language"}
    assert all(file.stat().st_mtime_ns == time for file, time in measured.items())
    prompts_in("en", run)
    assert made(run)["measures"].note.endswith("0 rows measured")
    assert version(run) == (1, None, 9)


def test_the_control_is_as_large_as_the_dataset_and_of_first_draws(run: RunFolder):
    made(run, filters=limit(10))
    context = Context(
        Recipe.model_validate(RECIPE), run.path, run, "control", lambda *_, **__: None
    )
    lot = dataset_stages.control_lot(context)
    assert lot["sample_id"].to_list() == ["p0", "q0", "r0"]
    rows = pl.concat(dataset_stages.control_rows(context, lot))
    assert set(rows["sample_id"]) == {"p0", "q0", "r0"}
    assert {turns[-1]["content"] for turns in rows["messages"].to_list()} == {TEXT}
    assert {turns[0]["content"] for turns in rows["messages"].to_list()} == {"p?", "q?", "r?"}


# --- memory -------------------------------------------------------------------------------------

STAGES = ("measures", "dataset", "control")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_texts(tmp_path: Path):
    """When all texts were held at once, 18,000 draws took 1,200 to 1,500 MB. Fewer than 20,000 do
    not fill the row groups and buffers that a version is written by."""
    root = Path(__file__).parents[3]
    peaks = []
    for draws in (20_000, 40_000):
        command = [sys.executable, root / "benchmarks" / "memory.py", "--draws", str(draws)]
        command += ["--folder", tmp_path / str(draws)]
        environment = os.environ | {"PYTHONPATH": str(root)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        lines = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}
        peaks.append({stage: float(lines[stage].replace(",", "")) for stage in STAGES})
        print(done.stdout)
    for stage in STAGES:
        assert peaks[1][stage] - peaks[0][stage] < 250, stage  # MB


def test_what_stands_in_a_benchmark_is_dropped_told_and_shown(run: RunFolder):
    """`q?` is a question of the benchmark, and its draws are gone with the reason."""
    (run.path / "exam.jsonl").write_text('{"q": "Q", "a": "5"}\n{"q": "What else?", "a": "6"}\n')
    columns = {"question": "q", "reference": "a"}
    changes: dict[str, Any] = {
        "benchmarks": [{"source": "files", "path": "exam.jsonl", "columns": columns}],
        "filters": RECIPE["filters"] | {"contamination": {}, "duplicates": {}},
    }
    recipe = Recipe.model_validate(RECIPE | changes)
    run.stage("benchmarks").mkdir()
    read = dataset_stages.benchmarks(
        Context(recipe, run.path, run, "benchmarks", lambda *_, **__: None)
    )
    assert read.note == "exam 2"
    assert made(run, **changes)["measures"].note.endswith("18 rows measured, 2 sets compared")

    current, manifest = run.current_version(), run.manifest()
    assert current
    assert manifest
    decided = pl.read_parquet(current / "decisions.parquet").filter(fate="dropped")
    assert decided["prompt_id"].to_list() == ["q"] * 3
    assert decided["reasons"].to_list() == [["benchmark_question"]] * 3
    assert decided["contamination_item"].unique().to_list() == ["exam exam.jsonl:1"]
    compared = manifest.made_by["compared"]
    assert compared.keys() == {"contamination", "duplicates"}
    report = run.contamination_report.read_text()
    assert "| exam | 2 | 1 | 1 | 1 |" in report, report
    assert "      q?\n\n      Q\n" in report
    assert made(run, **changes)["measures"].note.endswith("0 rows measured")
    assert version(run) == (1, None, 6)
