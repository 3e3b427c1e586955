"""A dataset version of what is sampled already: the stages measures and dataset alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.errors import StageError
from factory.line.finished import Done, fingerprint, finished
from factory.line.run import Scheduler
from factory.line.run_lock import held
from factory.line.table import Stage, named, wanted
from factory.progress import Progress
from factory.recipe import Recipe
from factory.run_folder import RunFolder

BUILD = ("measures", "dataset")


def build(recipe: Recipe, home: Path, folder: Path, progress: Progress) -> dict[str, Done]:
    """Measure what is not measured, and make the version that the recipe stands for.

    Args:
        home: the folder that relative paths in the recipe start from.
        folder: a run's.

    Raises:
        RunInUse: another process holds the folder.
        StageError: an earlier stage is not done, or was done for another recipe.
    """
    run = RunFolder(folder)
    if not folder.is_dir():
        raise StageError(f"{folder}: no run folder, so no samples. `factory run RECIPE` makes both")
    with held(run) as lock, progress:
        done = _standing(run, recipe, home)
        run.note(recipe, home)
        return Scheduler(recipe, home, run, lock, progress, map(named, BUILD), done).all()


def _standing(run: RunFolder, recipe: Recipe, home: Path) -> dict[str, Done]:
    """The records of the stages that these two read.

    Raises:
        StageError: one is not finished, or is finished for another recipe.
    """
    done: dict[str, Done] = {}
    how = f"`factory run RECIPE --into {run.path}` makes it"
    for stage in _before(recipe):
        record = finished(run, stage)
        if record is None:
            raise StageError(
                f"{run.path}: its stage {stage.name} is not done, and a version is built from "
                f"finished samples. {how}"
            )
        try:
            print_of = fingerprint(stage, recipe, home, done)
        except (OSError, ValueError):  # its files are not on this machine: it stands as it is
            print_of = record.fingerprint
        if record.fingerprint != print_of:
            raise StageError(
                f"{run.path}: its stage {stage.name} was made by another recipe, or from files "
                f"that have changed since. {how} anew, and keeps the draws that still count"
            )
        done[stage.name] = record
    return done


def _before(recipe: Recipe) -> Iterator[Stage]:
    """The stages that these two read, and those that these read, in order."""
    needed = {need for name in BUILD for need in named(name).needs}
    stages = wanted(recipe)
    for stage in reversed(stages):
        if stage.name in needed:
            needed |= set(stage.needs)
    return (stage for stage in stages if stage.name in needed - set(BUILD))
