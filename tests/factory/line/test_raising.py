"""A teacher raised in stages: which there are, what a change runs again, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from runs import RIGHT, WRONG, call, made, quiet, run_of
from small_recipe import RECIPE, prints

from factory.audit import raised
from factory.cli import main
from factory.errors import RecipeError
from factory.line import other_runs, raising
from factory.line.context import Context
from factory.line.done import Done
from factory.line.table import named, stages_of, wanted
from factory.recipe import Recipe
from factory.recipe.models import OfRun
from factory.recipe.raising import Data, mixed
from factory.run_folder import RunFolder

STAGES: list[dict[str, Any]] = [
    {"sft": {"data": [{"place": "hf://org/cold"}]}},
    {"grpo": {"steps": 5}},
    {"rejection": {"sampling": {"policy": {"fixed": {"draws": 2}}}}},
    {"grpo": {"steps": 3}},
]
RAISED = ["teacher-1-sft", "teacher-2-grpo", "teacher-3-rejection", "teacher-3-sft"]
RAISED += ["teacher-4-grpo"]


def recipe(*stages: dict[str, Any], **changes: Any) -> Recipe:
    """A recipe whose teacher has these stages, or the four above."""
    teacher = {"base": {"tiny": "qwen2", "rows": 100}, "stages": stages or STAGES}
    return Recipe.model_validate(RECIPE | {"teacher": teacher, "student": None} | changes)


def test_each_entry_is_a_stage_made_from_the_model_before():
    needs = {stage.name: stage.needs for stage in stages_of(recipe())}
    assert {name: needs[name][1:] for name in RAISED} == {
        "teacher-1-sft": ("teacher-base",),
        "teacher-2-grpo": ("teacher-1-sft",),
        "teacher-3-rejection": ("teacher-2-grpo",),
        "teacher-3-sft": ("teacher-base", "teacher-3-rejection"),  # the base again
        "teacher-4-grpo": ("teacher-3-sft",),
    }
    assert needs["teacher"] == ("teacher-4-grpo",)


def test_each_model_is_examined_once():
    names = [stage.name for stage in wanted(recipe())]
    assert [name for name in names if name.startswith("scores-")] == [
        "scores-teacher-1-sft",
        "scores-teacher-2-grpo",
        "scores-teacher-3-sft",
        "scores-teacher-base",
        "scores-teacher",  # of the last one
    ]


def test_a_stage_is_found_by_its_name():
    for stage in stages_of(recipe()):
        assert named(stage.name, recipe()).name == stage.name


BEHIND = ["teacher", "samples", "measures", "dataset", "scores-teacher"]


@pytest.mark.parametrize(
    ("place", "change", "again"),
    [
        (3, {"grpo": {"steps": 4}}, ["teacher-4-grpo", *BEHIND]),
        (
            2,
            {"rejection": {"sampling": {"policy": {"fixed": {"draws": 3}}}}},
            [*RAISED[2:], "scores-teacher-3-sft", *BEHIND],
        ),
        (  # other training on the same rows samples nothing again
            2,
            STAGES[2] | {"rejection": STAGES[2]["rejection"] | {"training": {"epochs": 3}}},
            [*RAISED[3:], "scores-teacher-3-sft", *BEHIND],
        ),
        (1, {"grpo": {"steps": 6}}, [*RAISED[1:], "scores-teacher-2-grpo", "scores-teacher-3-sft"]),
    ],
    ids=["round two", "more draws", "training", "round one"],
)
def test_a_change_leaves_the_stages_before_it(place: int, change: dict[str, Any], again: list[str]):
    stages = [*STAGES[:place], change, *STAGES[place + 1 :]]
    before, after = prints(recipe()), prints(recipe(*stages))
    changed = {name for name in after if after[name] != before[name]}
    assert set(again) <= changed
    assert changed & {*RAISED} == {*RAISED} & {*again}
    assert not changed & {*RAISED[:place], *(f"scores-{name}" for name in RAISED[:place])}


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([{"sft": {"data": [{"run": "x"}]}, "grpo": {}}], "this one has sft and grpo"),
        ([{}], "this one has none of them"),
        ([{"sft": {"data": []}}], "at least 1 item"),
        ([{"sft": {"data": [{}]}}], "name `run` or `place`"),
        ([{"sft": {"data": [{"run": "x", "place": "y"}]}}], "name `run` or `place`"),
        (
            [{"rejection": {"mix": [{"place": "hf://o/x", "share": 1.0}]}}],
            "shares leave nothing",
        ),
        (  # the inner recipe is looked at, too
            [{"rejection": {"dataset": {"order": "interleaved"}}}],
            r"teacher.stages\[0\].rejection: .*interleaved",
        ),
    ],
)
def test_what_cannot_be_is_refused(stages: list[dict[str, Any]], words: str):
    with pytest.raises(ValueError, match=words):
        recipe(*stages)


def test_the_short_form_and_stages_are_not_mixed():
    teacher = {"base": {"tiny": "qwen2"}, "grpo": {}, "stages": STAGES}
    with pytest.raises(ValueError, match="grpo is short for stages"):
        Recipe.model_validate(RECIPE | {"teacher": teacher})


def test_parts_of_a_mix_have_names_and_what_was_sampled_comes_first():
    data = [Data(run="../runs/cold"), Data(place="hf://org/cold@1.0.0", share=0.25)]
    parts = mixed(data[1:], "m", 0, own="here").parts
    assert [(part.name, part.place, part.share) for part in parts] == [
        ("sampled", "here", 0.75),
        ("cold", "hf://org/cold@1.0.0", 0.25),
    ]
    assert [part.name for part in mixed([data[0], data[0]], "m", 0).parts] == ["cold", "cold-2"]


# --- other runs ---------------------------------------------------------------------------------


def finish(run: Path, stage: str) -> None:
    """Write a stage's record."""
    told = {"fingerprint": "f", "output": f"of {stage}", "note": "", "accounts": []}
    (run / stage).mkdir(exist_ok=True)
    record = Done.model_validate(told | {"seconds": 0, "files": {}})
    RunFolder(run).done(stage).write_text(record.model_dump_json())


def done_in(run: Path) -> Done:
    return Done.model_validate_json(RunFolder(run).done("dataset").read_bytes())


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A run with a teacher that is noted, and a dataset of one row; neither is finished."""
    made(run_of(tmp_path / "there", {"p": [(RIGHT, ("correct", None))]}))
    return tmp_path / "there"


def test_what_another_run_lacks_is_said(there: Path):
    home = there.parent
    with pytest.raises(RecipeError, match=r"ther: no run is there .*did you mean 'there'"):
        other_runs.version("ther", home)
    with pytest.raises(RecipeError, match="its stage dataset is not finished"):
        other_runs.version("there", home)
    with pytest.raises(RecipeError, match="it has no stage techer"):
        other_runs.model(OfRun(run="there", stage="techer"), home)
    finish(there, "prompts")
    with pytest.raises(RecipeError, match=r"makes no model\. .* teacher"):
        other_runs.model(OfRun(run="there", stage="prompts"), home)


def test_check_says_what_is_not_there_yet(tmp_path: Path):
    plan = {**RECIPE, "teacher": {"base": {"run": "zero"}, "stages": STAGES[1:2]}}
    (tmp_path / "recipe.yaml").write_text(json.dumps(plan))
    assert "not yet: zero: no run is there" in call("check", tmp_path / "recipe.yaml")
    result = CliRunner().invoke(main, ["run", str(tmp_path / "recipe.yaml"), "--into", "x"])
    assert result.exit_code == 2
    assert not (tmp_path / "x").exists()


# --- the run in the run -------------------------------------------------------------------------


def test_a_rejection_is_a_run_whose_rows_are_mixed_with_others(tmp_path: Path):
    (tmp_path / "greetings.jsonl").write_text(
        json.dumps({"messages": [{"role": r, "content": "hi"} for r in ("user", "assistant")]})
    )
    plan = recipe({"rejection": {"mix": [{"place": "greetings.jsonl"}]}})
    outer = RunFolder(tmp_path / "run")
    outer.note(plan, tmp_path)
    given: list[Recipe] = []

    def line(inner: Recipe, home: Path, folder: Path, progress: Any) -> dict[str, Done]:
        given.append(inner)
        if given[1:]:
            return {"dataset": done_in(folder)}
        made(run_of(folder, {"p": [(RIGHT, ("correct", None)), (WRONG, ("incorrect", "x"))]}))
        finish(folder, "dataset")
        return {"dataset": done_in(folder)}

    name = "teacher-1-rejection"
    context = Context(plan, tmp_path, outer, name, quiet, quiet, line)
    result = raising.rejection(context)
    inner = given[0]
    assert inner.teacher.base == OfRun(run="run", stage="teacher-base")
    assert (inner.prompts, inner.seed, inner.student) == (plan.prompts, plan.seed, None)
    assert [(a.what, a.left) for a in result.accounts] == [
        ("rows of sampled", 1),
        ("rows of greetings.jsonl", 1),
    ]
    assert outer.mixed(name) == outer.stage(name) / "mix" / "v1"
    assert result.files
    assert all(file.is_relative_to(outer.stage(name)) for file in result.files)
    assert raising.rejection(context).output == result.output  # again: the same version


def test_the_table_of_stages_has_score_command_and_program(tmp_path: Path):
    plan, run = recipe(), RunFolder(tmp_path)
    run.note(plan, tmp_path, "factory run r1.yaml")
    finish(tmp_path, "teacher-2-grpo")
    finish(tmp_path, "scores-teacher-2-grpo")
    told = {"pass_at_1": 0.5, "low": 0.4, "high": 0.6}
    run.score("teacher-2-grpo").write_text(json.dumps(told))
    rows = {row.stage: row for row in raised.raised(plan, run)}
    assert list(rows) == ["teacher-base", *RAISED]
    assert rows["teacher-2-grpo"].score == "50.0% (40.0% to 60.0%)"
    assert rows["teacher-4-grpo"].note == "not done"
    assert raised.write(plan, run) == run.raised
    assert '| `grpo: {"steps": 3}` |' in run.raised.read_text()
