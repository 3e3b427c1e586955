"""What a recipe takes from other runs: models and datasets, found, known again, or missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory import models
from factory.errors import RecipeError, nearest
from factory.line.done import Done
from factory.models import Located
from factory.recipe import Recipe
from factory.recipe.mix import HUB
from factory.recipe.models import Model, OfRun
from factory.recipe.paths import files
from factory.recipe.raising import Data, folder_of
from factory.recipe.served import Served
from factory.run_folder import RunFolder
from factory.versions.folder import manifest_of
from factory.versions.manifest import read


def model(of: OfRun, home: Path) -> Located:
    """The model that another run has made.

    Raises:
        RecipeError: there is no such run or stage, or it is not finished.
    """
    run = _run(of.run, home)
    _done(run, of.stage)
    folder = run.stage(of.stage)
    if not run.has_model(of.stage):
        there = ", ".join(with_models(run))
        raise RecipeError(
            f"{folder}: this stage makes no model. Stages of that run that do: {there}"
        )
    found = models.located(folder)
    if not Path(found.path).is_dir():
        raise RecipeError(f"{folder}: its model is not at {found.path} any more")
    return found.model_copy(update={"name": f"{run.path.resolve().name}-{of.stage}"})


def version(place: str, home: Path) -> Path:
    """The dataset version that another run stands for now.

    Raises:
        RecipeError: there is no such run, or its dataset is not finished.
    """
    run = _run(place, home)
    _done(run, "dataset")
    found = run.current_version()
    if found is None or not manifest_of(found).exists():
        raise RecipeError(f"{run.path}: its dataset has no version. {_how(run)}")
    return found


def with_models(run: RunFolder) -> list[str]:
    """The stages of a run that have a model."""
    return [folder.name for folder in sorted(run.path.glob("*")) if run.has_model(folder.name)]


def digest_of_model(of: OfRun, home: Path) -> str:
    """What changes when that run makes another model."""
    return _done(_run(of.run, home), of.stage).output


def rows_now(data: Data, home: Path) -> Any:
    """What changes when given rows do: a version's digest, or the files as they are; None for those
    of the Hub.

    Raises:
        RecipeError: it is another run's dataset, and not finished.
    """
    if data.run:
        return read(version(data.run, home)).digest
    folder = folder_of(data.place, home)
    if data.place.startswith(HUB):
        return None
    if manifest_of(folder).exists():
        return read(folder).digest
    if RunFolder(folder).noted_recipe.exists():
        return read(version(data.place, home)).digest
    states = [(file.name, file.stat()) for file in files(home, data.place)]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


def missing(recipe: Recipe, home: Path) -> Iterator[str]:
    """What of other runs is not there, a sentence each."""
    bases: list[Model | Served] = [recipe.teacher.base]
    bases += [recipe.student.base] if recipe.student else []
    for of in bases:
        if isinstance(of, OfRun):
            try:
                model(of, home)
            except RecipeError as error:
                yield str(error)
    for data in (data for step in recipe.teacher.steps for data in step.data if data.run):
        try:
            rows_now(data, home)
        except RecipeError as error:
            yield str(error)


def origin(base: Model | Served, home: Path) -> Model | Served:
    """What a model began with, through all runs that it came from."""
    if not isinstance(base, OfRun):
        return base
    there, their_home = _run(base.run, home).recipe()
    learnt = there.student if base.stage in ("student", "student-base", "control") else None
    return origin(learnt.base if learnt else there.teacher.base, their_home)


def _run(place: str, home: Path) -> RunFolder:
    folder = folder_of(place, home)
    run = RunFolder(folder)
    if not run.noted_recipe.exists():
        there = folder.parent.glob("*") if folder.parent.is_dir() else ()
        hint = nearest(folder.name, [f.name for f in there if RunFolder(f).noted_recipe.exists()])
        raise RecipeError(
            f"{place}: no run is there (looked for {folder}){hint or '.'} `factory run` makes it: "
            f"`factory run THE-OTHER-RECIPE --into {folder}`"
        )
    return run


def _done(run: RunFolder, stage: str) -> Done:
    """The record of another run's stage."""
    marker = run.done(stage)
    if marker.exists():
        return Done.model_validate_json(marker.read_bytes())
    if run.stage(stage).is_dir():
        raise RecipeError(f"{run.path}: its stage {stage} is not finished. {_how(run)}")
    there = [f.name for f in sorted(run.path.glob("*")) if run.done(f.name).exists()]
    hint = nearest(stage, there)
    raise RecipeError(
        f"{run.path}: it has no stage {stage}{hint or '.'} Finished there: "
        f"{', '.join(there) or 'none'}. {_how(run)}"
    )


def _how(run: RunFolder) -> str:
    return f"`factory status {run.path}` says how far it is, `factory run` with its recipe ends it"
