"""The line: its stages in order, each run when what it reads has changed, and never otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from factory import ledger, stages, store
from factory.ledger import Account
from factory.progress import Report
from factory.recipe import Recipe
from factory.recipe.models import Model, Served, Weights
from factory.recipe.sources import Files
from factory.recipe.strict import Strict
from factory.records import digest

Section = Callable[[Recipe], Any]


class Done(Strict):
    """A stage's `stage.json`: written last, so that it stands only beside finished work."""

    fingerprint: str
    """Digest of all that the stage read: its part of the recipe and its inputs' outputs."""
    output: str
    """Digest of what it made."""
    note: str
    """What it came to, in a few words."""
    accounts: list[Account]
    """Its sums."""
    seconds: float
    """How long it took, in this sitting."""
    files: dict[str, int]
    """Size in bytes of each file it left, by path in its folder."""


@dataclass(frozen=True)
class Stage:
    """One step of the line: a function from folders to a folder."""

    name: str
    """Also its folder in the run."""
    reads: Section
    """The part of the recipe it depends on; None when the recipe does not ask for the stage."""
    needs: tuple[str, ...]
    """The stages whose outputs it reads."""
    make: Callable[[stages.Context], stages.Result]
    keeps: bool = False
    """Its folder only grows, with rows that name what made them, so a change starts no new one."""
    outside: Callable[[Recipe, Path], Any] = lambda recipe, home: None
    """What it reads that no stage made: files of the user's, as they now are."""


def _scores(model: str) -> Callable[[stages.Context], stages.Result]:
    return lambda context: stages.scores(context, model)


def _examined(section: Section) -> Section:
    """The part of the recipe an examination reads, where there is one and the model exists."""

    def reads(recipe: Recipe) -> Any:
        if recipe.evaluate is None or not section(recipe):
            return None
        return [recipe.evaluate, stages.examination(recipe), recipe.seed]

    return reads


def _student(recipe: Recipe) -> Any:
    return recipe.student and [recipe.student.template, recipe.student.training, recipe.seed]


def _control(recipe: Recipe) -> Any:
    return recipe.student and recipe.student.control and _student(recipe)


def _as_it_is(home: Path, name: str) -> list[tuple[str, int, int]]:
    """Name, size and time of change of a file, or of the files in a folder."""
    path = home / Path(name).expanduser()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = ((file, file.stat()) for file in files if file.is_file())
    return [(file.name, state.st_size, state.st_mtime_ns) for file, state in found]


def _weights(model: Model | Served, home: Path) -> Any:
    """A model folder of the user's as it now is; nothing for one made here or on the Hub."""
    return _as_it_is(home, model.path) if isinstance(model, Weights) else None


STAGES = [
    # name, what of the recipe it reads, whose output it reads, what makes it
    Stage(
        "prompts",
        lambda r: [r.prompts, r.seed],
        (),
        stages.prompts,
        outside=lambda r, home: [
            _as_it_is(home, path) for s in r.prompts if isinstance(s, Files) for path in s.paths
        ],
    ),
    Stage(
        "teacher-base",
        lambda r: [r.teacher.base, r.seed],
        ("prompts",),
        stages.teacher_base,
        outside=lambda r, home: _weights(r.teacher.base, home),
    ),
    Stage(
        "teacher", lambda r: [r.teacher.grpo, r.seed], ("prompts", "teacher-base"), stages.teacher
    ),
    Stage(
        "other-teachers",
        lambda r: r.teacher.others or None,
        (),
        stages.other_teachers,
        outside=lambda r, home: [_weights(other, home) for other in r.teacher.others],
    ),
    Stage(
        "samples",
        lambda r: [r.sampling, r.seed],
        ("prompts", "teacher", "other-teachers"),
        stages.samples,
        keeps=True,
    ),
    Stage(
        "measures",
        lambda r: stages.measures_wanted(r.filters),
        ("prompts", "samples"),
        stages.measures,
        keeps=True,
    ),
    Stage(
        "dataset",
        lambda r: [r.name, r.filters, r.dataset],
        ("prompts", "teacher", "samples", "measures"),
        stages.dataset,
        keeps=True,
    ),
    Stage(
        "student-base",
        lambda r: r.student and [r.student.base, r.seed],
        ("prompts",),
        stages.student_base,
        outside=lambda r, home: r.student and _weights(r.student.base, home),
    ),
    Stage("student", _student, ("dataset", "student-base"), stages.student),
    Stage("control", _control, ("samples", "dataset", "student-base"), stages.control),
    *(
        Stage(f"scores-{model}", _examined(section), ("prompts", model), _scores(model), keeps=True)
        for model, section in (
            ("teacher-base", lambda r: r.teacher.grpo),
            ("teacher", lambda r: r.teacher),
            ("student-base", lambda r: r.student),
            ("student", lambda r: r.student),
            ("control", _control),
        )
    ),
]


def wanted(recipe: Recipe) -> list[Stage]:
    """The stages that the recipe asks for, in order."""
    return [stage for stage in STAGES if stage.reads(recipe) not in (None, False)]


def fingerprint(stage: Stage, recipe: Recipe, home: Path, done: dict[str, Done]) -> str:
    """Digest of all that the stage reads; `done` must hold those it needs that are wanted."""
    section, outside = _plain(stage.reads(recipe)), stage.outside(recipe, home)
    return digest(
        stage.name, section, outside, [done[name].output for name in stage.needs if name in done]
    )


def finished(run: Path, stage: Stage) -> Done | None:
    """What the stage's folder says, or None when it is not finished or its files are not there."""
    marker = run / stage.name / "stage.json"
    if not marker.exists():
        return None
    done = Done.model_validate_json(marker.read_bytes())
    sizes = ((marker.parent / path, size) for path, size in done.files.items())
    whole = all(file.is_file() and file.stat().st_size == size for file, size in sizes)
    return done if whole else None


def claim(run: Path, stage: Stage, print_of: str) -> Done | None:
    """Bring the stage's folder to this fingerprint; returns its record when it is already finished.

    Unfinished work of the same fingerprint stays, to be taken up again. Work of another is moved
    to `old/NAME-FINGERPRINT`, and comes back from there when the recipe goes back.
    """
    folder = run / stage.name
    note = folder / "claimed-by"
    if not stage.keeps:
        if note.exists() and note.read_text() != print_of:
            (run / "old").mkdir(exist_ok=True)
            folder.rename(run / "old" / f"{stage.name}-{note.read_text()}")
        aside = run / "old" / f"{stage.name}-{print_of}"
        if not folder.exists() and aside.exists():
            aside.rename(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "claimed-by.tmp"
    fresh.write_text(print_of)
    fresh.rename(note)  # a full disk must not leave it empty: work would be moved away for it
    (folder / "failed").unlink(missing_ok=True)
    done = finished(run, stage)
    return done if done and done.fingerprint == print_of else None


def make(
    stage: Stage,
    recipe: Recipe,
    home: Path,
    run: Path,
    report: Report,
    say: Callable[[str], None] = print,
) -> Done:
    """Do the stage's work in its claimed folder, check its sums, and write its `stage.json`.

    Raises:
        LedgerError: when a sum does not close; the stage is then not finished.
    """
    started = time.monotonic()
    folder = run / stage.name
    (folder / "stage.json").unlink(missing_ok=True)
    result = stage.make(stages.Context(recipe, home, run, stage.name, report, say))
    ledger.check(stage.name, result.accounts)
    record = Done(
        fingerprint=(folder / "claimed-by").read_text(),
        output=result.output,
        note=result.note,
        accounts=result.accounts,
        seconds=round(time.monotonic() - started, 1),
        files={
            str(file.relative_to(folder)): file.stat().st_size
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.name != "claimed-by"
        },
    )
    temporary = folder / "stage.json.tmp"
    temporary.write_text(record.model_dump_json(indent=1))
    store.write_through(temporary, folder / "stage.json")
    return record


def named(name: str) -> Stage:
    """The stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)


def _plain(section: Any) -> Any:
    """A part of a recipe as JSON-able values."""
    if isinstance(section, BaseModel):
        return section.model_dump(mode="json")
    return [_plain(part) for part in section] if isinstance(section, list | tuple) else section
