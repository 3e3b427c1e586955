"""A run as it was when one of its versions was made: its draws, verdicts, prompts and measures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from factory.errors import StageError, first_fault
from factory.recipe import Recipe
from factory.records import rows_digest
from factory.run_folder import RunFolder
from factory.store import verdicts
from factory.store.draws import Draws
from factory.store.shards import among
from factory.versions import build, compare
from factory.versions.folder import decisions_of
from factory.versions.manifest import Manifest


@dataclass(frozen=True)
class Then(RunFolder):
    """Reads the run's folder and writes nothing into it."""

    draws_then: pl.DataFrame = field(default_factory=pl.DataFrame)
    """`sample_id` of the draws that counted, as far as they are there."""
    prompts_then: pl.DataFrame = field(default_factory=pl.DataFrame)
    """The prompt table."""
    rounds_then: tuple[str, ...] = ()
    """The rounds of later verdicts that counted, as far as they are there."""
    scratch: Path = Path()
    """Stands for the folders of measures and versions."""

    def stage(self, name: str) -> Path:
        """A stage's folder; of measures and versions another one."""
        if name in ("measures", "dataset"):
            return self.scratch / name
        return super().stage(name)

    def prompts(self) -> pl.DataFrame:
        """The prompt table."""
        return self.prompts_then

    def current(self) -> pl.DataFrame:
        """`sample_id` of the draws that counted."""
        return self.draws_then

    def draws_noted(self) -> None:
        """Nothing: the draws are looked at."""

    def applied(self, stage: str) -> list[str]:
        """The rounds of later verdicts that counted."""
        return list(self.rounds_then)

    def draws(self, stage: str = "samples", elsewhere: str | None = None) -> Draws:
        """A stage's sealed draws, with the verdicts that counted."""
        rounds = [verdicts.of_round(self.rounds(stage), name) for name in self.rounds_then]
        return Draws(self.shards(stage, elsewhere), rounds)


def recipe_then(run: RunFolder, manifest: Manifest) -> tuple[Recipe, Path]:
    """The run's recipe with the rules, selection and seed of a version; and its folder.

    Raises:
        StageError: this program does not know these rules.
    """
    noted, home = run.recipe()
    told = {name: manifest.recipe[name] for name in ("filters", "dataset", "seed")}
    plain = noted.model_dump(mode="json") | told
    try:
        return Recipe.model_validate(plain, context={"filters_home": home}), home
    except ValidationError as error:
        raise StageError(
            f"the manifest's recipe cannot be applied by this version of the program: "
            f"{first_fault(error)}. Install the version that it names under software"
        ) from None


def opened(
    run: RunFolder, recipe: Recipe, manifest: Manifest, version: Path, scratch: Path
) -> tuple[Then, list[str]]:
    """The run as it was, and what of it is not there any more, in words.

    Args:
        version: the folder of the manifest; its record of decisions names the draws.
        scratch: an empty folder.
    """
    made_by, gone = manifest.made_by, []
    prompts, found = _prompts(run, made_by.get("prompts"))
    if not found:
        gone.append("the prompt table is another one now")
    ids, lost = _draws(run, recipe, version)
    if lost.len():
        gone.append(f"{lost.len():,} draws are gone from the samples, as {', '.join(lost[:3])}")
    rounds = []
    for name in made_by.get("verdicts", []):
        if (run.rounds("samples") / name).is_dir():
            rounds.append(name)
        else:
            gone.append(f"the verdicts of round {name} are gone")
    then = Then(run.path, ids, prompts, tuple(rounds), scratch)
    return then, gone + _measures(run, recipe, manifest, then.stage("measures"))


def _prompts(run: RunFolder, wanted: str | None) -> tuple[pl.DataFrame, bool]:
    """The prompt table with this digest, of today or moved aside, and whether there is one."""
    aside = run.path.glob(f"old/prompts-*/{run.prompt_table.name}")
    for file in (run.prompt_table, *sorted(aside)):
        if file.exists() and rows_digest([table := pl.read_parquet(file)]) == wanted:
            return table, True
    return run.prompts(), False


def _draws(run: RunFolder, recipe: Recipe, version: Path) -> tuple[pl.DataFrame, pl.Series]:
    """The draws that counted and are there, and those that are not."""
    file = decisions_of(version)
    ids = pl.read_parquet(file, columns=["sample_id"]) if file.exists() else run.current()
    there = Draws(run.shards("samples", recipe.sampling.shards)).read(["sample_id"], ids)
    lost = ids.join(there, on="sample_id", how="anti")["sample_id"]
    return among(ids, there), lost


def _measures(run: RunFolder, recipe: Recipe, manifest: Manifest, home: Path) -> list[str]:
    """A folder of measures as the version had them, of links; and what is another now."""
    there, told = run.stage("measures"), []
    home.mkdir()
    for folder in there.glob("*@*"):
        (home / folder.name).symlink_to(folder.resolve())
    now = build.versions(recipe.filters)
    for name, was in manifest.measures.items():
        if name not in now or str(now[name]) == str(was):
            continue
        told.append(f"the measure {name} was version {was}, and is {now[name]} now")
        today, old = home / f"{name}@{now[name]}", there / f"{name}@{was}"
        if old.is_dir():  # what was stored then counts
            today.unlink(missing_ok=True)
            today.symlink_to(old.resolve())
    compared: dict[str, str] = {}
    for name, identity in manifest.made_by.get("compared", {}).items():
        found = next(iter(there.glob(f"{name}@*/{identity}")), None)
        if found is None:
            told.append(f"the comparison {identity} of {name} is gone")
        else:
            compared[name] = str(found.relative_to(there))
    if compared:
        compare.noted(home).write_text(json.dumps(compared))
    return told
