"""`factory build`: a version of what is sampled, and plain words where nothing is."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from misbehaving import serving
from sums import PROMPTS, Adder, write

from factory.cli import main
from factory.line import run as scheduler
from factory.line.table import wanted
from factory.progress import Progress
from factory.run_folder import RunFolder

pytestmark = pytest.mark.slow  # processes


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and its run, whose samples are measured and made into a version."""
    home = tmp_path_factory.mktemp("build")
    with serving(Adder()) as url:
        recipe = write(home, url)
        names = [stage.name for stage in wanted(recipe)]
        scheduler.run(recipe, home, home / "run", Progress(names))
    return home


@pytest.fixture
def home(sampled: Path, tmp_path: Path) -> Path:
    """A copy, for a test to change; the questions it came from keep their time."""
    copy = Path(shutil.copytree(sampled, tmp_path / "home"))
    noted = RunFolder(copy / "run").noted_recipe
    noted.write_text(noted.read_text().replace(str(sampled), str(copy)))
    return copy


def build(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["build", *map(str, arguments)])
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_run_gives_its_version_without_an_engine(home: Path):
    run = RunFolder(home / "run")
    shutil.rmtree(run.stage("dataset"))
    shutil.rmtree(run.stage("measures"))
    code, said = build(run.path)
    assert code == 0, said
    assert f"rows      {PROMPTS} (train {PROMPTS})" in said
    manifest = run.manifest()
    assert manifest
    assert manifest.digest in said
    assert build(run.path)[1].count("it was there already") == 1


def test_other_rules_are_the_next_version_told_against_the_last(home: Path):
    told = json.loads((home / "sums.yaml").read_text())
    told["filters"] |= {"length": {"max_tokens": 10**6}}
    told["dataset"] = {"select": {"rows": PROMPTS - 10}}
    (home / "sums.yaml").write_text(json.dumps(told))
    code, said = build(home / "sums.yaml", "--into", home / "run")
    assert code == 0, said
    assert "against   v1: 0 rows added, 10 removed, " in said


def no_samples(home: Path) -> list[Path | str]:
    RunFolder(home / "run").done("samples").unlink()
    return [home / "run"]


def no_run(home: Path) -> list[Path | str]:
    return [home / "sums.yaml", "--into", home / "other"]


def other_questions(home: Path) -> list[Path | str]:
    told: dict[str, Any] = json.loads((home / "sums.yaml").read_text())
    told["prompts"][0] |= {"held_out": 3}
    (home / "sums.yaml").write_text(json.dumps(told))
    return [home / "sums.yaml", "--into", home / "run"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_samples, "its stage samples is not done"),
        (no_run, "no run folder, so no samples"),
        (other_questions, "its stage prompts was made by another recipe"),
    ],
)
def test_without_these_samples_it_says_what_makes_them(home: Path, spoil: Any, words: str):
    code, said = build(*spoil(home))
    assert code == 1, said
    assert words in said
    assert "`factory run RECIPE" in said
    assert len(RunFolder(home / "run").versions()) == 1


def test_files_that_it_came_from_may_be_gone(home: Path):
    (home / "sums.jsonl").unlink()
    code, said = build(home / "run")
    assert code == 0, said
