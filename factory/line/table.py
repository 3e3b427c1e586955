"""The line: its stages in order, each run when what it reads has changed, and never otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.line import dataset_stages, stages
from factory.models import chat
from factory.prompts import drafts
from factory.recipe import Recipe
from factory.recipe.mappings import Mapping
from factory.recipe.models import Model, Served, Weights
from factory.recipe.sources import Files, Source, Table
from factory.sampler import rounds
from factory.versions import build, choose

Section = Callable[[Recipe], Any]


@dataclass(frozen=True)
class Stage:
    """One step of the line: a function from folders to a folder."""

    name: str
    """Also its folder in the run."""
    reads: Section
    """The part of the recipe it depends on, with the `VERSION` of the code that shapes its output;
    None when the recipe does not ask for the stage."""
    needs: tuple[str, ...]
    """The stages whose outputs it reads."""
    make: Callable[[stages.Context], stages.Result]
    keeps: bool = False
    """Its folder only grows, with rows that name what made them, so a change starts no new one."""
    outside: Callable[[Recipe, Path], Any] = lambda recipe, home: None
    """What it reads that no stage made: files of the user's, as they now are."""


def _scores(model: str) -> Callable[[stages.Context], stages.Result]:
    return lambda context: stages.scores(context, model)


def _examined(model: str, section: Section) -> Section:
    """The part of the recipe an examination reads, where there is one and the model exists."""

    def reads(recipe: Recipe) -> Any:
        if recipe.evaluate is None or not section(recipe):
            return None
        return [recipe.evaluate, stages.examination(recipe, model), recipe.seed, chat.VERSION]

    return reads


def _student(recipe: Recipe) -> Any:
    if recipe.student is None:
        return None
    return [recipe.student.training, recipe.seed, *stages.rendering()]


def _control(recipe: Recipe) -> Any:
    if recipe.student is None or not recipe.student.control:
        return None
    return [*_student(recipe), choose.VERSION]


def _prompts(recipe: Recipe) -> Any:
    return [recipe.prompts, _mappings(recipe.prompts), recipe.seed, drafts.VERSION]


def _benchmarks(recipe: Recipe) -> Any:
    if not recipe.benchmarks or not recipe.filters.contamination:
        return None
    return [recipe.benchmarks, _mappings(recipe.benchmarks), drafts.VERSION]


def _mappings(sources: Sequence[Source]) -> list[Mapping]:
    """A recipe may name a ready mapping: what that says now counts, not its name."""
    return [
        source.mapping(getattr(source, "dataset", None))
        for source in sources
        if isinstance(source, Table)
    ]


def _files(sources: Sequence[Source], home: Path) -> list[Any]:
    """The sources' local files as they now are."""
    return [_as_it_is(home, path) for s in sources if isinstance(s, Files) for path in s.paths]


def student_base_examined_as(recipe: Recipe) -> str | None:
    """The model that is examined in the student's base's stead, having the same weights."""
    student, teacher = recipe.student, recipe.teacher
    if student and isinstance(student.base, Weights) and student.base == teacher.base:
        return "teacher-base" if teacher.grpo else "teacher"
    return None


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
        _prompts,
        (),
        stages.prompts,
        outside=lambda r, home: _files(r.prompts, home),
    ),
    Stage(
        "benchmarks",
        _benchmarks,
        (),
        dataset_stages.benchmarks,
        outside=lambda r, home: _files(r.benchmarks, home),
    ),
    Stage(
        "teacher-base",
        lambda r: [r.teacher.base, r.seed, *stages.rendering()],
        ("prompts",),
        stages.teacher_base,
        outside=lambda r, home: _weights(r.teacher.base, home),
    ),
    Stage(
        "teacher",
        lambda r: [r.teacher.grpo, r.seed, chat.VERSION],
        ("prompts", "teacher-base"),
        stages.teacher,
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
        lambda r: [r.sampling, r.seed, chat.VERSION, rounds.VERSION],
        ("prompts", "teacher", "other-teachers"),
        stages.samples,
        keeps=True,
    ),
    Stage(
        "measures",
        lambda r: build.versions(r.filters),
        ("prompts", "benchmarks", "samples"),
        dataset_stages.measures,
        keeps=True,
    ),
    Stage(
        "dataset",
        lambda r: [r.filters, r.dataset, choose.VERSION],
        ("prompts", "teacher", "samples", "measures"),
        dataset_stages.dataset,
        keeps=True,
    ),
    Stage(
        "student-base",
        lambda r: r.student and [r.student.base, r.seed, *stages.rendering()],
        ("prompts",),
        stages.student_base,
        outside=lambda r, home: r.student and _weights(r.student.base, home),
    ),
    Stage("student", _student, ("dataset", "student-base"), stages.student),
    Stage("control", _control, ("samples", "dataset", "student-base"), dataset_stages.control),
    *(
        Stage(
            f"scores-{model}",
            _examined(model, section),
            ("prompts", model),
            _scores(model),
            keeps=True,
        )
        for model, section in (
            ("teacher-base", lambda r: r.teacher.grpo),
            ("teacher", lambda r: r.teacher),
            ("student-base", lambda r: r.student and not student_base_examined_as(r)),
            ("student", lambda r: r.student),
            ("control", _control),
        )
    ),
]


def wanted(recipe: Recipe) -> list[Stage]:
    """The stages that the recipe asks for, in order."""
    return [stage for stage in STAGES if stage.reads(recipe) not in (None, False)]


def named(name: str) -> Stage:
    """The stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)
