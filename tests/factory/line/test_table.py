"""Which change re-runs which stages, and what becomes of work that a change made stale."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from small_recipe import RECIPE, prints

from factory.errors import LedgerError, RecipeError
from factory.ledger import Account
from factory.line.context import Context, Result
from factory.line.finished import Done, claim, fingerprint, finished, make
from factory.line.process import Worker
from factory.line.run import Scheduler
from factory.line.table import STAGES, Stage, named, wanted
from factory.models import chat
from factory.progress import Progress
from factory.prompts import drafts
from factory.recipe import Recipe
from factory.recipe.mappings import MAPPINGS
from factory.run_folder import RunFolder
from factory.versions import choose
from sft import template


def recipe(changes: dict[str, Any]) -> Recipe:
    """The recipe above with other values at dotted keys."""
    plan = Recipe.model_validate(RECIPE).model_dump()
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = plan
        for parent in parents:
            place = place[parent]
        place[last] = value
    return Recipe.model_validate(plan)


UNASKED = ("other-teachers", "judge", "benchmarks", "difficulty")
"""Stages that the recipe above does not ask for."""
EVERYTHING = [stage.name for stage in STAGES if stage.name not in UNASKED]
SCORES = [name for name in EVERYTHING if name.startswith("scores-")]
STUDENTS = ["student", "control", "scores-student", "scores-control"]


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({}, []),
        # A threshold measures nothing again; a filter more does.
        ({"filters.length.max_tokens": 50}, ["dataset", *STUDENTS]),
        ({"filters.format": {}}, ["measures", "dataset", *STUDENTS]),
        ({"filters.correctness": None}, ["dataset", *STUDENTS]),
        ({"dataset.select.per_prompt": 2}, ["dataset", *STUDENTS]),
        ({"dataset.select.prefer": "random"}, ["dataset", *STUDENTS]),
        ({"dataset.order": "length"}, ["dataset", *STUDENTS]),  # a student meets them in that order
        ({"student.training.epochs": 5}, STUDENTS),
        ({"student.base.rows": 200}, ["student-base", "scores-student-base", *STUDENTS]),
        ({"evaluate.draws": 8}, SCORES),
        (
            {"sampling.policy": {"fixed": {"draws": 2}}},
            ["samples", "measures", "dataset", *STUDENTS],
        ),
        (  # who is examined is asked as the teacher was, unless the recipe says otherwise
            {"sampling.temperature": 0.9},
            ["samples", "measures", "dataset", "student", "control", *SCORES],
        ),
        (
            {"teacher.grpo.steps": 6},
            ["teacher", "samples", "measures", "dataset", *STUDENTS, "scores-teacher"],
        ),
        (
            {"teacher.base.rows": 200},
            [s for s in EVERYTHING if s not in ("prompts", "student-base", "scores-student-base")],
        ),
        ({"seed": 2}, EVERYTHING),
        ({"prompts": [RECIPE["prompts"][0] | {"rows": 99}]}, EVERYTHING),
        ({"name": "other"}, []),  # no row has it
        # What was left out and is added runs; what is left out now does not.
        ({"evaluate": None}, []),
        ({"student.control": False}, []),
        ({"student": None}, []),
    ],
    ids=str,
)
def test_a_change_runs_again_what_depends_on_it(changes: dict[str, Any], again: list[str]):
    before, after = prints(recipe({})), prints(recipe(changes))
    assert {name for name in after if after[name] != before[name]} == set(again)


def test_another_benchmark_compares_again_and_a_rule_of_the_comparison_does_not():
    held_out = {"filters.contamination": {}}
    named = held_out | {"benchmarks": [{"source": "hub", "dataset": "HuggingFaceH4/MATH-500"}]}
    more = named | {
        "benchmarks": [*named["benchmarks"], {"source": "hub", "dataset": "openai/gsm8k"}]
    }
    strict = named | {"filters.contamination": {"min_words": 20}}
    assert [stage.name for stage in wanted(recipe(named))] == [
        "prompts",
        "benchmarks",
        *EVERYTHING[1:],
    ]

    def again(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
        before, after = prints(recipe(one)), prints(recipe(other))
        return {name for name in after if after[name] != before.get(name)}

    compared = {"measures", "dataset", *STUDENTS}
    assert again({}, held_out) == compared
    assert again(held_out, named) == again(named, more) == {"benchmarks", *compared}
    assert again(named, strict) == {"dataset", *STUDENTS}
    assert again(named, named | {"filters.contamination": {"responses": False}}) == compared


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"benchmarks": [{"source": "hub", "dataset": "openai/gsm8k"}]}, "which is left out"),
        (
            {
                "filters.contamination": {},
                "evaluate": None,
                "prompts": [RECIPE["prompts"][0] | {"held_out": 0}],
            },
            "nothing to compare with",
        ),
    ],
)
def test_benchmarks_and_their_filter_go_together(changes: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        recipe(changes)


@pytest.mark.parametrize(
    ("code", "again"),
    [
        (drafts, EVERYTHING),
        (chat, [stage for stage in EVERYTHING if stage != "prompts"]),
        (template, [stage for stage in EVERYTHING if stage != "prompts"]),
        (choose, ["dataset", *STUDENTS]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, ModuleType) else "",
)
def test_code_that_shapes_a_stage_has_a_version_in_its_fingerprint(
    monkeypatch: pytest.MonkeyPatch, code: Any, again: list[str]
):
    before = prints(recipe({}))
    monkeypatch.setattr(code, "VERSION", code.VERSION + 1)
    after = prints(recipe({}))
    assert {name for name in after if after[name] != before[name]} == set(again)


def test_another_ready_mapping_of_the_same_name_gives_other_prompts(
    monkeypatch: pytest.MonkeyPatch,
):
    source = {"source": "hub", "dataset": "openai/gsm8k", "held_out": 1}
    plan = recipe({"prompts": [source]})
    before = fingerprint(named("prompts"), plan, Path(), {})
    other = MAPPINGS["openai/gsm8k"].model_copy(update={"reference_pattern": "(.*)"})
    monkeypatch.setitem(MAPPINGS, "openai/gsm8k", other)
    assert fingerprint(named("prompts"), plan, Path(), {}) != before


@pytest.mark.parametrize(
    ("changes", "settled", "again"),
    [
        ({"filters.length.max_tokens": 95}, "dataset", ["dataset"]),  # no row was that long
        ({"sampling.concurrency": 8}, "samples", ["samples", *SCORES]),  # no draw is made again
        ({"teacher.base.context": 600}, "teacher-base", ["teacher-base"]),
    ],
    ids=str,
)
def test_work_that_comes_to_the_same_stops_the_change_there(
    changes: dict[str, Any], settled: str, again: list[str]
):
    before, after = (prints(recipe(c), frozenset([settled])) for c in ({}, changes))
    assert {name for name in after if after[name] != before[name]} == set(again)


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({}, []),
        ({"evaluate": None}, SCORES),
        ({"teacher.grpo": None}, ["scores-teacher-base"]),  # the teacher is its base
        ({"student.control": False}, ["control", "scores-control"]),
        ({"student": None}, ["student-base", "scores-student-base", *STUDENTS]),
    ],
)
def test_the_recipe_says_which_stages_there_are(changes: dict[str, Any], absent: list[str]):
    names = [stage.name for stage in wanted(recipe(changes))]
    assert names == [name for name in EVERYTHING if name not in absent]


@pytest.mark.parametrize(
    ("teacher", "student", "once"),
    [
        ({"path": "org/model"}, {"path": "org/model"}, True),
        ({"path": "org/model"}, {"path": "org/other"}, False),
        ({"path": "org/model"}, {"path": "org/model", "revision": "v2"}, False),
        ({"tiny": "qwen2"}, {"tiny": "qwen2"}, False),  # each is raised with a seed of its own
    ],
)
def test_weights_that_teacher_and_student_share_are_examined_once(
    teacher: dict[str, str], student: dict[str, str], once: bool
):
    plan = recipe({"teacher.base": teacher, "student.base": student})
    names = [stage.name for stage in wanted(plan)]
    assert ("scores-student-base" not in names) is once
    assert {"scores-teacher-base", "scores-teacher", "scores-student"} <= {*names}


def test_a_stage_stands_below_what_it_needs():
    for place, stage in enumerate(STAGES):
        assert set(stage.needs) <= {earlier.name for earlier in STAGES[:place]}
        assert named(stage.name) is stage


# --- folders ------------------------------------------------------------------------------------


def stage(make: Callable[[Context], Result] | None = None, keeps: bool = False) -> Stage:
    return Stage("work", lambda plan: plan.seed, (), make or write_a_file, keeps)


def write_a_file(context: Context) -> Result:
    (context.folder / "deep").mkdir(exist_ok=True)
    (context.folder / "deep" / "table").write_text(f"seed {context.recipe.seed}")
    return Result(f"output of {context.recipe.seed}", "done", [])


def do(run: Path, work: Stage, print_of: str) -> Done:
    """What a run does with a stage: claim its folder, and make what is not there."""
    return claim(RunFolder(run), work, print_of) or make(
        work, recipe({}), run, RunFolder(run), lambda *_, **__: None
    )


def test_finished_work_is_found_again(tmp_path: Path):
    made = do(tmp_path, stage(), "one")
    assert (made.fingerprint, made.output, made.note) == ("one", "output of 1", "done")
    assert made.files == {"deep/table": 6}
    assert (
        claim(RunFolder(tmp_path), stage(), "one") == made == finished(RunFolder(tmp_path), stage())
    )


@pytest.mark.parametrize(
    ("damage", "remark"),
    [
        (lambda run: (run / "work/deep/table").unlink(), "a file is gone"),
        (lambda run: (run / "work/deep/table").write_text("half"), "a file is shorter"),
        (lambda run: (run / "work/stage.json").unlink(), "the word that it is done is gone"),
    ],
)
def test_damaged_work_is_not_finished(tmp_path: Path, damage: Callable[[Path], None], remark: str):
    do(tmp_path, stage(), "one")
    damage(tmp_path)
    assert finished(RunFolder(tmp_path), stage()) is None, remark
    assert claim(RunFolder(tmp_path), stage(), "one") is None, remark
    assert do(tmp_path, stage(), "one").files == {"deep/table": 6}


def test_unfinished_work_is_taken_up_again(tmp_path: Path):
    assert claim(RunFolder(tmp_path), stage(), "one") is None
    (tmp_path / "work" / "half a model").touch()
    assert claim(RunFolder(tmp_path), stage(), "one") is None
    assert (tmp_path / "work" / "half a model").exists()


def test_work_of_another_recipe_moves_away_and_comes_back(tmp_path: Path):
    first = do(tmp_path, stage(), "one")
    assert claim(RunFolder(tmp_path), stage(), "two") is None
    assert not (tmp_path / "work" / "deep").exists()
    assert (tmp_path / "old" / "work-one" / "deep" / "table").exists()
    (tmp_path / "work" / "half").touch()
    for _ in range(2):  # to and fro, as often as one likes
        assert claim(RunFolder(tmp_path), stage(), "one") == first
        assert (tmp_path / "old" / "work-two" / "half").exists()
        assert claim(RunFolder(tmp_path), stage(), "two") is None
        assert (tmp_path / "work" / "half").exists()


def test_a_folder_that_only_grows_stays_where_it_is(tmp_path: Path):
    do(tmp_path, stage(keeps=True), "one")
    assert claim(RunFolder(tmp_path), stage(keeps=True), "two") is None
    assert (tmp_path / "work" / "deep" / "table").exists()
    assert not (tmp_path / "old").exists()


def test_a_stage_whose_sums_do_not_close_is_not_finished(tmp_path: Path):
    def loses_one(context: Context) -> Result:
        return Result("x", "done", [Account(what="rows", entered=2, left=1)])

    do(tmp_path, stage(keeps=True), "one")
    with pytest.raises(LedgerError, match="stage work, rows: 2 came in and 1 of them"):
        do(tmp_path, stage(loses_one, keeps=True), "two")
    assert finished(RunFolder(tmp_path), stage(keeps=True)) is None


def test_a_file_that_changed_on_disk_is_read_again(tmp_path: Path):
    questions = tmp_path / "questions.jsonl"
    questions.write_text("{}")
    source = {"source": "files", "path": questions.name, "columns": "openai/gsm8k", "held_out": 1}
    plan = recipe({"prompts": [source]})
    before = fingerprint(named("prompts"), plan, tmp_path, {})
    assert fingerprint(named("prompts"), plan, tmp_path, {}) == before
    questions.write_text("{}\n{}")
    assert fingerprint(named("prompts"), plan, tmp_path, {}) != before


@pytest.mark.parametrize("path", ["shards", "shards/*.jsonl", "shards/a.jsonl"])
def test_so_are_the_files_that_a_path_stands_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
):
    home = Path("here")  # as `factory run here/recipe.yaml` has it
    (tmp_path / home / "shards").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    (home / "shards" / "a.jsonl").write_text("{}")
    told = {"columns": "openai/gsm8k", "held_out": 1}
    plans = [recipe({"prompts": [{"source": "files", "path": path} | told]})]
    plans.append(recipe({"prompts": [{"source": "hub", "dataset": "shards"} | told]}))
    before = [fingerprint(named("prompts"), plan, home, {}) for plan in plans]
    (home / "shards" / "a.jsonl").write_text("{}\n{}")
    after = [fingerprint(named("prompts"), plan, home, {}) for plan in plans]
    assert all(one != other for one, other in zip(before, after, strict=True))


TALKATIVE = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("here", flush=True)
signal.sigwait([signal.SIGTERM])
os.write(int(sys.argv[1]), b"x" * 2**20)
"""


def test_a_stage_that_is_stopped_may_go_on_talking(tmp_path: Path):
    receive, send = os.pipe()
    command = [sys.executable, "-c", TALKATIVE, str(send)]
    process = subprocess.Popen(
        command, pass_fds=[send], stdout=subprocess.PIPE, start_new_session=True
    )
    os.close(send)
    assert process.stdout
    process.stdout.readline()
    events = os.fdopen(receive, "rb", buffering=0)
    there = RunFolder(tmp_path)
    scheduler = Scheduler(recipe({}), tmp_path, there, -1, Progress(["samples"]), [], {})
    stages = open(os.devnull, "wb")  # noqa: SIM115 (closed with the process)
    threads = os.open(os.devnull, os.O_WRONLY)
    scheduler.workers = [Worker(process, events, stages, threads, named("samples"))]
    started = time.monotonic()
    scheduler._stop_all()
    assert process.returncode == 0
    assert time.monotonic() - started < 5


def test_a_run_of_an_earlier_version_is_not_mixed_with_new_rows(tmp_path: Path):
    """Ids are others since format 2; a folder of before is named, and nothing in it is touched."""
    run = RunFolder(tmp_path)
    old = {"recipe": recipe({}).model_dump(mode="json"), "home": str(tmp_path)}
    run.noted_recipe.write_text(json.dumps(old))
    for reading in (lambda: run.note(recipe({}), tmp_path), run.recipe):
        with pytest.raises(RecipeError, match=r"made by an earlier version .* another folder"):
            reading()
    assert json.loads(run.noted_recipe.read_text()) == old
