"""What a person means by a place: a run, a version, data that no run made, here or on the Hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factory.audit.subject import Subject
from factory.audit.subject.of_data import Measuring, of_data
from factory.audit.subject.of_results import of_results, results_at
from factory.audit.subject.of_run import of_run
from factory.audit.subject.of_version import of_version
from factory.errors import RecipeError, StageError, nearest
from factory.generations import inputs
from factory.hub.place import local, on_the_hub
from factory.hub.which import version_at
from factory.recipe.paths import KINDS
from factory.run_folder import RunFolder
from factory.versions.folder import MANIFEST, manifest_of


def subject_at(place: str | Sequence[str], measuring: Measuring | None = None) -> Subject:
    """What is audited at a place.

    Args:
        place: a run's folder, a version's, RUN@2, `hf://org/name@1.2.0`; what `factory measure` or
            `factory filter` left; or data, as both take it: files, patterns, folders, `org/name`.
            Several are data.
        measuring: how data is read, measured and judged.

    Raises:
        StageError: there is nothing to audit.
        RecipeError: data cannot be read, or what is said of data is said of a run.
    """
    places = [place] if isinstance(place, str) else list(place)
    asked = (measuring or Measuring()).of(places)
    if len(places) == 1 and (found := _made_here(places[0], asked)):
        return found
    missing = [one for one in places if not _is_data(one)]
    if missing:
        raise StageError(_nothing_at(missing[0]))
    return of_data(asked, " ".join(places))


def _made_here(place: str, asked: Measuring) -> Subject | None:
    """What this program made: a run, a version, or results; None for anything else."""
    if on_the_hub(place):
        return _of_the_hub(place, asked)
    path = Path(place).expanduser()
    if file := results_at(path):
        return of_results(file, asked, place)
    run = RunFolder(path)
    if run.noted_recipe.exists():
        _must_be_plain(asked, place, "a run")
        return of_run(run, place)
    if manifest_of(path).exists() or run.current_version() or _is_numbered(place):
        _must_be_plain(asked, place, "a version")
        return of_version(version_at(place), place)
    return None


def _of_the_hub(place: str, asked: Measuring) -> Subject:
    """A version that was published, or a dataset of other people."""
    if manifest_of(local(place, want=[MANIFEST])).exists():
        _must_be_plain(asked, place, "a version")
        return of_version(version_at(place), place)
    repository = on_the_hub(place)
    assert repository is not None
    return of_data(asked.of([repository.repo]).at_revision(repository.revision), place)


def _is_numbered(place: str) -> bool:
    """Whether RUN@2 is meant."""
    run, at, number = place.rpartition("@")
    return bool(at) and number.isdecimal() and not Path(place).exists() and Path(run).is_dir()


def _is_data(place: str) -> bool:
    """Whether something may be read there: what is wrong with it, its reader says better."""
    path = Path(place).expanduser()
    if path.is_dir():
        return any(path.iterdir())
    if path.exists() or any(sign in place for sign in "*?["):
        return True
    # runs/mine, where there is a folder of runs, is no dataset of somebody called `runs`
    return inputs.ON_HUB.fullmatch(place) is not None and not path.parent.is_dir()


def _must_be_plain(asked: Measuring, place: str, what: str) -> None:
    own = [*asked.own, *(["recipe"] if asked.recipe else [])]
    if own:
        names = ", ".join(f"--{name}" for name in own)
        raise RecipeError(
            f"{place} is {what}, which has its own rules and columns: leave out {names}"
        )


def _nothing_at(place: str) -> str:
    path = Path(place).expanduser()
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = nearest(path.name, beside) if not path.exists() else ""
    what = "an empty folder" if path.is_dir() else "not there"
    return (
        f"{place}: nothing to audit: it is {what}{hint or '.'} Expected a run's folder (with the "
        "recipe that it noted), a dataset version (a folder with manifest.json, RUN@NUMBER or "
        "hf://ORG/NAME@TAG), what `factory filter` or `factory measure` left, or data: files of "
        f"{', '.join(KINDS)}, a pattern, a folder, or ORG/NAME on the Hub"
    )


def version_of(subject: Subject) -> Path | None:
    """The folder of the version that a subject's fates are of; None of data that is no version."""
    if subject.run is not None:
        return subject.run.current_version()
    return version_at(subject.place) if subject.kind == "version" else None
