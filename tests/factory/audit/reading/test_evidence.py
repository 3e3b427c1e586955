"""What the comparison of a whole set found stands in its samples: words shared with benchmarks, and
with the first of a cluster."""

from pathlib import Path
from typing import Any

import pytest
from worlds import RECIPE, Draw, Question, World

from factory.audit.reading import Row
from factory.audit.reading.rows import read_rows
from factory.audit.subject.place import subject_at
from factory.recipe import Recipe
from factory.run_folder import RunFolder

EXAM = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many in May, all "
    "of them blue."
)
TANK = "A tank holds 120 litres of water, and 90 of them are used by noon. How many are left then?"
RULES: dict[str, Any] = {"filters": {"correctness": {}, "contamination": {}, "duplicates": {}}}
EXAMS = {"benchmarks": [{"source": "files", "path": "exam.jsonl",
                         "columns": {"question": "q", "reference": "a"}}]}  # fmt: skip
WORLD = World(
    [
        Question("a", text=f"Now think: {EXAM}"),
        Question("b", [Draw(text=f"<think>Recall: {EXAM}</think> \\boxed{{5}}")], text="And b?"),
        Question("c", text=TANK),
        Question("d", text=f"{TANK} Say it."),
    ],
    RULES,
    benchmark=[EXAM],
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    folder = tmp_path_factory.mktemp("runs") / "run"
    WORLD.made(folder)
    RunFolder(folder).note(Recipe.model_validate(RECIPE | RULES | EXAMS), folder)
    subject = subject_at(str(folder))
    return {row.sample_id: row for row in read_rows(subject, {f"{id}0": () for id in "abcd"})}


def marked(row: Row, reason: str) -> list[str]:
    texts = {"question": row.question or "", "text": row.text or ""}
    own = [one for one in row.passages if one.reason == reason]
    return [texts[one.where][one.start : one.end] for one in own]


def test_a_question_shows_what_it_shares_with_a_benchmark(rows: dict[str, Row]):
    assert EXAM.rstrip(".") in marked(rows["a0"], "benchmark_passage")
    (first, *_) = (one for one in rows["a0"].passages if one.reason == "benchmark_passage")
    assert first.where == "question"
    assert "exam.jsonl:1" in first.words
    assert EXAM[:60] in first.words


def test_so_does_a_reply(rows: dict[str, Row]):
    assert rows["b0"].reasons == ("benchmark_in_response",)
    assert marked(rows["b0"], "benchmark_in_response") == [EXAM.rstrip(".")]


def test_a_duplicate_shows_what_the_first_has_too(rows: dict[str, Row]):
    assert rows["c0"].reasons == ()
    assert marked(rows["d0"], "near_duplicate") == [TANK.rstrip("?")]
    (one,) = rows["d0"].passages
    assert one.words == "also in c, the first of its cluster"


def test_without_its_run_a_version_has_no_evidence(tmp_path: Path):
    WORLD.made(tmp_path / "run")
    subject = subject_at(f"{tmp_path / 'run'}@1")
    (row,) = read_rows(subject, {"d0": ()})
    assert row.reasons == ("near_duplicate",)
    assert row.passages == ()
