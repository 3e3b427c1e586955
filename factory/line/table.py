"""The line: its stages in order, each run when what it reads has changed, and never otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factory.line import dataset_stages, other_runs, raising, stages
from factory.line.examining import examination, tried
from factory.models import chat
from factory.prompts import drafts
from factory.recipe import Recipe, own_code
from factory.recipe.mapping import Mapping
from factory.recipe.models import Model, OfRun, Tiny, Weights
from factory.recipe.paths import files
from factory.recipe.served import Served
from factory.recipe.sources import Files, Hub, Source, Table
from factory.recipe.teacher import Grpo, Step
from factory.sampler import rounds
from factory.versions import build, choose

Section = Callable[[Recipe], Any]


def _always(recipe: Recipe) -> bool:
    return True


def _never(recipe: Recipe) -> bool:
    return False


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
    loads: Callable[[Recipe], bool] = _always
    """Whether it loads a model into this machine: then it has a process to itself."""


def _scores(model: str) -> Callable[[stages.Context], stages.Result]:
    return lambda context: stages.scores(context, model)


def _examined(model: str, section: Section) -> Section:
    """The part of the recipe an examination reads, where there is one and the model exists."""

    def reads(recipe: Recipe) -> Any:
        if recipe.evaluate is None or not section(recipe):
            return None
        return [recipe.evaluate, examination(recipe, model), recipe.seed, chat.VERSION]

    return reads


def _student(recipe: Recipe) -> Any:
    if recipe.student is None:
        return None
    order = recipe.dataset.order
    kept = [order] if order != "id" else []
    return [recipe.student.training, recipe.seed, *stages.rendering(), *kept]


def _difficulty(recipe: Recipe) -> Any:
    if recipe.student is None or recipe.dataset.rated_by != "student":
        return None
    return [tried(recipe), recipe.seed, chat.VERSION]


def _dataset(recipe: Recipe) -> Any:
    by_lot = [recipe.seed] if recipe.dataset.by_lot else []
    return [recipe.filters, recipe.dataset, choose.VERSION, *by_lot]


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
    return [source.mapping() for source in sources if isinstance(source, Table)]


def _judge(recipe: Recipe) -> Any:
    if recipe.judge is None:
        return None
    from filters.verifiers.judge import prompt, trial

    return [recipe.judge, trial.VERSION, prompt.VERSION, chat.VERSION]


def _draws_here(recipe: Recipe) -> bool:
    """Whether the sampler starts an engine, or asks endpoints alone."""
    teachers = [recipe.teacher.base, *recipe.teacher.others]
    judges = [recipe.judge.model] if recipe.judge else []
    here = not all(isinstance(model, Served) for model in [*teachers, *judges])
    return here or recipe.sampling.cluster is not None


def student_base_examined_as(recipe: Recipe) -> str | None:
    """The model that is examined in the student's base's stead, having the same weights."""
    student, teacher = recipe.student, recipe.teacher
    if student and isinstance(student.base, Weights) and student.base == teacher.base:
        return "teacher-base" if teacher.is_raised else "teacher"
    return None


def _as_it_is(home: Path, name: str) -> list[tuple[str, int, int]]:
    """Name, size and time of change of a file, or of the files in a folder."""
    path = home / Path(name).expanduser()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = ((file, file.stat()) for file in files if file.is_file())
    return [(file.name, state.st_size, state.st_mtime_ns) for file, state in found]


def _rows(recipe: Recipe, home: Path) -> Any:
    """The files that prompts come from, as they now are."""
    verifiers = [source.verifier for source in recipe.prompts]
    return _files(recipe.prompts, home) + own_code.identities(verifiers, home)


def _files(sources: Sequence[Source], home: Path) -> list[Any]:
    """The files of sources, as they now are."""
    names = [path for s in sources if isinstance(s, Files) for path in s.paths]
    found = [_as_it_is(Path(), str(file)) for name in names for file in files(home, name)]
    folders = [s.folder(home) for s in sources if isinstance(s, Hub)]
    return found + [_as_it_is(Path(), str(folder)) for folder in folders if folder]


def _weights(model: Model | Served, home: Path) -> Any:
    """A model folder of the user's as it now is, or what another run has made; nothing for one made
    here or on the Hub."""
    if isinstance(model, OfRun):
        return other_runs.digest_of_model(model, home)
    return _as_it_is(home, model.path) if isinstance(model, Weights) else None


def _own_rewards(recipe: Recipe, home: Path) -> list[str] | None:
    """The code of rewards of a person's own; None where there are none."""
    grpo = recipe.teacher.grpo
    return (own_code.identities(grpo.rewards.own, home) or None) if grpo else None


STAGES = [
    # name, what of the recipe it reads, whose output it reads, what makes it
    Stage(
        "prompts",
        _prompts,
        (),
        stages.prompts,
        outside=_rows,
        loads=_never,
    ),
    Stage(
        "benchmarks",
        _benchmarks,
        (),
        dataset_stages.benchmarks,
        outside=lambda recipe, home: _files(recipe.benchmarks, home),
        loads=_never,
    ),
    Stage(
        "teacher-base",
        lambda r: [r.teacher.base, r.seed, *stages.rendering()],
        ("prompts",),
        stages.teacher_base,
        outside=lambda r, home: _weights(r.teacher.base, home),
        loads=lambda r: isinstance(r.teacher.base, Tiny),
    ),
    Stage(
        "teacher",
        lambda r: [r.teacher.grpo, r.seed, chat.VERSION],
        ("prompts", "teacher-base"),
        stages.teacher,
        outside=_own_rewards,
        loads=lambda r: r.teacher.grpo is not None,
    ),
    Stage(
        "other-teachers",
        lambda r: r.teacher.others or None,
        (),
        stages.other_teachers,
        outside=lambda r, home: [_weights(other, home) for other in r.teacher.others],
        loads=_never,
    ),
    Stage(
        "judge",
        _judge,
        (),
        stages.judge,
        keeps=True,
        outside=lambda r, home: r.judge and _weights(r.judge.model, home),
        loads=lambda r: not (r.judge and isinstance(r.judge.model, Served)),
    ),
    Stage(
        "samples",
        lambda r: [r.sampling, r.seed, chat.VERSION, rounds.VERSION],
        ("prompts", "teacher", "other-teachers", "judge"),
        stages.samples,
        keeps=True,
        loads=_draws_here,
    ),
    Stage(
        "student-base",
        lambda r: r.student and [r.student.base, r.seed, *stages.rendering()],
        ("prompts",),
        stages.student_base,
        outside=lambda r, home: r.student and _weights(r.student.base, home),
        loads=lambda r: bool(r.student and isinstance(r.student.base, Tiny)),
    ),
    Stage(
        "difficulty",
        _difficulty,
        ("prompts", "student-base", "judge"),
        stages.difficulty,
        keeps=True,
    ),
    Stage(
        "measures",
        lambda r: build.versions(r.filters),
        ("prompts", "benchmarks", "samples"),
        dataset_stages.measures,
        keeps=True,
        loads=_never,
    ),
    Stage(
        "dataset",
        _dataset,
        ("prompts", "teacher", "samples", "measures", "difficulty"),
        dataset_stages.dataset,
        keeps=True,
        loads=_never,
    ),
    Stage("student", _student, ("dataset", "student-base"), stages.student),
    Stage("control", _control, ("samples", "dataset", "student-base"), dataset_stages.control),
    *(
        Stage(
            f"scores-{model}",
            _examined(model, section),
            ("prompts", model, "judge"),
            _scores(model),
            keeps=True,
            loads=_draws_here if model == "teacher" else _always,
        )
        for model, section in (
            ("teacher-base", lambda r: r.teacher.is_raised),
            ("teacher", lambda r: r.teacher),
            ("student-base", lambda r: r.student and not student_base_examined_as(r)),
            ("student", lambda r: r.student),
            ("control", _control),
        )
    ),
]


def stages_of(recipe: Recipe) -> list[Stage]:
    """The table for a recipe: where it raises its teacher stage by stage, those stages stand before
    `samples`, each with its examination, and `teacher` is the last one's model."""
    steps = recipe.teacher.steps
    if not steps:
        return STAGES
    rows = [row for step in steps for row in _raising(step, step is steps[-1])]
    last = replace(
        named("teacher"),
        reads=lambda r: ["the last of its stages"],
        needs=(steps[-1].name,),
        make=raising.last,
        outside=lambda recipe, home: None,
        loads=_never,
    )
    others = [stage for stage in STAGES if stage.name != "teacher"]
    place = others.index(named("samples"))
    return [*others[:place], *rows, last, *others[place:]]


def _raising(step: Step, is_last: bool) -> list[Stage]:
    """The rows of one stage of a teacher; the last one's model is examined as the teacher."""
    told = step.told
    if step.samples:
        return [
            Stage(
                step.name,
                lambda r: raising.reads_to_sample(r, step),
                ("prompts", step.before),
                raising.rejection,
                keeps=True,
                outside=lambda r, home: [other_runs.rows_now(each, home) for each in step.data],
            )
        ]
    if isinstance(told, Grpo):
        row = Stage(
            step.name,
            lambda r: [told, r.seed, chat.VERSION],
            ("prompts", step.before),
            raising.grpo,
            outside=lambda r, home: own_code.identities(told.rewards.own, home) or None,
        )
    else:
        row = Stage(
            step.name,
            lambda r: raising.reads_to_learn(r, step),
            ("prompts", step.starts, *step.rows),
            raising.sft,
            outside=lambda r, home: [other_runs.rows_now(each, home) for each in step.data],
        )
    examined = Stage(
        f"scores-{step.name}",
        _examined(step.name, lambda r: r.teacher),
        ("prompts", step.name, "judge"),
        _scores(step.name),
        keeps=True,
    )
    return [row] if is_last else [row, examined]


def wanted(recipe: Recipe) -> list[Stage]:
    """The stages that the recipe asks for, in order."""
    return [stage for stage in stages_of(recipe) if stage.reads(recipe) not in (None, False)]


def named(name: str, recipe: Recipe | None = None) -> Stage:
    """The stage of that name, of this recipe."""
    table = stages_of(recipe) if recipe else STAGES
    return next(stage for stage in table if stage.name == name)
