"""What is audited: a run and a version of it tell the same of samples; a run has all texts."""

from pathlib import Path

import pytest
from runs import NO, OPEN, RIGHT, WRONG, YES, made, run_of

from factory.audit.subject import PROMPTS, SAMPLES, TEXTS, Subject
from factory.audit.subject.of_data import Measuring
from factory.audit.subject.place import subject_at
from factory.errors import RecipeError, StageError
from factory.generations.prepare import Options


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)], "c": [(OPEN, NO)]}
    made(run_of(folder, draws))
    return folder


@pytest.fixture(scope="module")
def of_run(run: Path) -> Subject:
    return subject_at(str(run))


@pytest.fixture(scope="module")
def of_version(run: Path) -> Subject:
    return subject_at(f"{run}@1")


def test_every_draw_has_its_fate_and_measures(of_run: Subject):
    rows = of_run.samples.sort("prompt_id", "draw")
    assert list(SAMPLES) == rows.columns[: len(SAMPLES)]
    assert rows["fate"].to_list() == ["dropped", "chosen", "chosen", "dropped"]
    assert rows["finish_reason"].to_list() == ["stop", "stop", "stop", "length"]
    assert rows["teacher"].unique().to_list() == ["t"]
    assert {"length": ["tokens", "longest_paragraph"], "correctness": ["verdict"]}.items() <= (
        of_run.measures().items()
    )


def test_a_version_tells_the_same(of_run: Subject, of_version: Subject):
    own = ["sample_id", "prompt_id", "fate", "reasons", "verdict", "tokens"]
    assert of_version.samples.select(own).equals(of_run.samples.select(own))
    assert of_version.prompts.columns == of_run.prompts.columns == list(PROMPTS)


def test_texts_of_a_run_are_those_of_all_draws(of_run: Subject):
    ids = of_run.samples.filter(fate="dropped")["sample_id"].to_list()[::-1]
    texts = of_run.texts.of(ids)
    assert texts.columns == list(TEXTS)
    assert texts["sample_id"].to_list() == ids
    assert {OPEN, WRONG} == set(texts["text"])
    assert sum(piece.height for piece in of_run.texts.each()) == 4


def test_texts_of_a_version_are_those_of_its_rows(of_version: Subject):
    ids = of_version.samples["sample_id"].to_list()
    texts = of_version.texts.of(ids)
    assert texts.height == 2
    assert texts["text"].to_list() == [RIGHT, RIGHT]
    assert texts["question"].to_list() == ["a?", "b?"]
    assert texts["response"].to_list() == [r"\boxed{5}"] * 2
    assert "dropped and spare draws" in of_version.missing["texts"]


def test_a_place_that_is_nothing_is_refused(tmp_path: Path):
    with pytest.raises(StageError, match="nothing to audit: it is an empty folder"):
        subject_at(str(tmp_path))


def test_what_is_said_of_data_is_refused_of_a_run(run: Path):
    said = Measuring(Options((), language="en"), recipe=run / "recipe.yaml")
    with pytest.raises(RecipeError, match=r"is a run, .* leave out --language, --recipe"):
        subject_at(str(run), said)
