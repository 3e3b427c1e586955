"""A run's folder: where everything lies, and how it is read. No other file spells these names.

What a version's folder holds, `versions/folder.py` spells: it is published without the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from factory import models
from factory.errors import RecipeError, first_fault
from factory.models import Located
from factory.prompts.benchmarks import ITEM
from factory.recipe import Recipe
from factory.store import verdicts
from factory.store.draws import Draws
from factory.store.shards import write_text
from factory.versions.folder import shards_of, version_in, versions_in
from factory.versions.manifest import Manifest, read, readable

FORMAT = 2
"""Of run folders. 2: ids of prompts are of the bare question, ids of draws know their length."""


@dataclass(frozen=True)
class RunFolder:
    """One run, `runs/NAME`: a folder a stage, and what belongs to the run as a whole."""

    path: Path

    # The run as a whole

    @property
    def noted_recipe(self) -> Path:
        """The recipe that the run was last started with."""
        return self.path / "recipe.json"

    @property
    def lock(self) -> Path:
        """Held while a process is at work here."""
        return self.path / "held-by"

    @property
    def attestation(self) -> Path:
        """Whether its teacher wrote its draws."""
        return self.path / "attest.json"

    @property
    def key_suspects(self) -> Path:
        """Prompts whose draws contradict their key."""
        return self.path / "key_suspects.parquet"

    @property
    def labels(self) -> Path:
        """What people said of its samples, a file a person."""
        return self.path / "labels"

    @property
    def contamination_report(self) -> Path:
        """What of the benchmarks was found, with pairs drawn for a person."""
        return self.path / "contamination.md"

    @property
    def scores_picture(self) -> Path:
        """pass@1 of all models."""
        return self.path / "scores.png"

    @property
    def grpo_picture(self) -> Path:
        """The curves of GRPO, where it is all that makes the teacher."""
        return self.path / "grpo.png"

    def curves(self, stage: str) -> Path:
        """The curves of one stage that is GRPO."""
        return self.grpo_picture if stage == "teacher" else self.path / f"{stage}.png"

    @property
    def raised(self) -> Path:
        """How its teacher was raised: a table of stages with their scores."""
        return self.path / "raised.md"

    def log(self, stage: str) -> Path:
        """What a stage's engine, trainer and libraries had to say."""
        return self.path / "logs" / f"{stage}.log"

    def note(self, recipe: Recipe, home: Path, command: str | None = None) -> None:
        """Note the recipe, the folder that its relative paths start from, and what was typed.

        Raises:
            RecipeError: the folder has a run of an earlier format.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self.noted_recipe.exists():
            self._noted()
        plain = recipe.model_dump(mode="json")
        told = {"format": FORMAT, "recipe": plain, "home": str(home.resolve())}
        told |= {"command": command} if command else {}
        self.noted_recipe.write_text(json.dumps(told, indent=1))

    def command(self) -> str | None:
        """What was typed to start the run last, where that is known."""
        return self._noted().get("command") if self.noted_recipe.exists() else None

    def recipe(self) -> tuple[Recipe, Path]:
        """The recipe that was noted, and its folder.

        Raises:
            RecipeError: this is no run folder, or one of an earlier format.
        """
        if not self.noted_recipe.exists():
            raise RecipeError(
                f"{self.path}: no run folder, it has no {self.noted_recipe.name}; "
                "`factory run` makes one"
            )
        told = self._noted()
        try:
            home = Path(told["home"])
            return Recipe.model_validate(told["recipe"], context={"filters_home": home}), home
        except ValidationError as error:
            raise RecipeError(
                f"{self.noted_recipe}: noted by another version of this program: "
                f"{first_fault(error)}. `factory run RECIPE` notes the recipe anew"
            ) from None

    def _noted(self) -> dict[str, Any]:
        told = json.loads(self.noted_recipe.read_bytes())
        if told.get("format") != FORMAT:
            raise RecipeError(
                f"{self.path}: this run was made by an earlier version of reasoning-factory. Its "
                "prompts and draws have other ids, which are not mixed with new ones: use another "
                "folder (--into), or move this one away"
            )
        return told

    # A stage

    def stage(self, name: str) -> Path:
        """A stage's folder."""
        return self.path / name

    def done(self, stage: str) -> Path:
        """The record of a finished stage: written last."""
        return self.stage(stage) / "stage.json"

    def claim(self, stage: str) -> Path:
        """The fingerprint that the stage's folder is for."""
        return self.stage(stage) / "claimed-by"

    def failure(self, stage: str) -> Path:
        """Why the stage failed."""
        return self.stage(stage) / "failed"

    def aside(self, stage: str, fingerprint: str) -> Path:
        """Where work of another fingerprint is kept."""
        return self.path / "old" / f"{stage}-{fingerprint}"

    # Prompts

    @property
    def prompt_table(self) -> Path:
        """All prompts, with their split."""
        return self.stage("prompts") / "table.parquet"

    @property
    def set_aside(self) -> Path:
        """Rows that became no prompt, and why."""
        return self.stage("prompts") / "set_aside.parquet"

    def origins(self, stage: str) -> Path:
        """Where the questions of a stage came from, as it was when they were read."""
        return self.stage(stage) / "origins.json"

    def prompts(self) -> pl.DataFrame:
        """The prompt table."""
        return pl.read_parquet(self.prompt_table)

    # Benchmarks

    @property
    def benchmark_items(self) -> Path:
        """The questions of the recipe's benchmarks."""
        return self.stage("benchmarks") / "items.parquet"

    def benchmarks(self) -> pl.DataFrame:
        """The questions of the recipe's benchmarks; none where it names none."""
        file = self.benchmark_items
        return pl.read_parquet(file) if file.exists() else pl.DataFrame(schema=ITEM)

    # Models

    def model(self, stage: str) -> Located:
        """The model that a stage made or found."""
        return models.located(self.stage(stage))

    def has_model(self, stage: str) -> bool:
        """Whether a stage has made or found a model."""
        return models.is_noted(self.stage(stage))

    @property
    def moved_with(self) -> Path:
        """The folder that is moved as one: this run's, or that of the run whose stage it is."""
        outer = RunFolder(self.path.resolve().parent)
        return outer.path if outer.noted_recipe.exists() else self.path

    def other_teacher(self, number: int) -> Path:
        """Where one of the further teachers is noted."""
        return self.stage("other-teachers") / str(number)

    def weights(self, stage: str) -> Path:
        """The folder of a model that a stage makes; transformers and vLLM load it."""
        return self.stage(stage) / "model"

    def training_log(self, stage: str) -> Path:
        """TRL's log of a stage that is GRPO."""
        return self.stage(stage) / "log.json"

    @property
    def grpo_log(self) -> Path:
        """TRL's log of GRPO, where it is all that makes the teacher."""
        return self.training_log("teacher")

    def training_rows(self, stage: str) -> Path:
        """What each row became that a model was to be trained on."""
        return self.stage(stage) / "rows.parquet"

    def checkpoints(self, stage: str) -> Path:
        """What a killed training goes on from."""
        return self.stage(stage) / "checkpoints"

    def score(self, model: str) -> Path:
        """The score of a model."""
        return self.stage(f"scores-{model}") / "score.json"

    # Draws

    def journal(self, stage: str) -> Path:
        """Where a stage's draws are kept as they come."""
        return self.stage(stage) / "draws"

    def shards(self, stage: str, elsewhere: str | None = None) -> Path | str:
        """Where a stage's sealed draws are: `elsewhere` is `sampling.shards` of the recipe."""
        return elsewhere if elsewhere and stage == "samples" else self.journal(stage)

    def judged(self, stage: str) -> Path:
        """What the recipe's judge said in a stage, and what that cost."""
        return self.stage(stage) / "judged"

    @property
    def judge_trial(self) -> Path:
        """How the judge did on answers whose verdicts are known."""
        return self.stage("judge") / "trial.txt"

    def rounds(self, stage: str) -> Path:
        """Later verdicts on a stage's draws."""
        return self.stage(stage) / "verdicts"

    def draws_noted(self) -> str | None:
        """The digest of the draws that count, as the stage that drew and judged them noted it last;
        None while it is not finished."""
        file = self.done("samples")
        return json.loads(file.read_bytes())["output"] if file.exists() else None

    def applied(self, stage: str) -> list[str]:
        """The rounds of later verdicts that count, the last one last."""
        return verdicts.applied(self.rounds(stage))

    @property
    def current_draws(self) -> Path:
        """Ids of the draws that the recipe stands for now; the store may hold others."""
        return self.stage("samples") / "current.parquet"

    @property
    def prompt_fates(self) -> Path:
        """What became of each prompt, with its pass rate."""
        return self.stage("samples") / "prompts.parquet"

    @property
    def student_fates(self) -> Path:
        """The same of the student's base, where the recipe goes by its pass rates."""
        return self.stage("difficulty") / "prompts.parquet"

    def failed_draws(self, stage: str) -> Path:
        """A stage's draws that could not be had, with the engine's words."""
        return self.stage(stage) / "failed.parquet"

    def unasked(self, stage: str) -> Path:
        """Prompts that a model could not be asked in a stage, and why."""
        return self.stage(stage) / "unasked.parquet"

    def draws(self, stage: str = "samples", elsewhere: str | None = None) -> Draws:
        """A stage's sealed draws, with the verdicts that count now."""
        return Draws(self.shards(stage, elsewhere), self.rounds(stage))

    def current(self) -> pl.DataFrame:
        """`sample_id` of the draws that the recipe stands for now."""
        return pl.read_parquet(self.current_draws)

    # Datasets

    @property
    def current_version_note(self) -> Path:
        """Which version the recipe stands for now."""
        return self.stage("dataset") / "current.json"

    def version(self, number: int) -> Path:
        """The folder of a dataset version."""
        return version_in(self.stage("dataset"), number)

    def versions(self) -> dict[int, Path]:
        """The folders of all dataset versions by number, in order."""
        return versions_in(self.stage("dataset"))

    def current_version(self) -> Path | None:
        """The folder of the version that the recipe stands for now; None before there is one."""
        if not self.current_version_note.exists():
            return None
        return self.version(json.loads(self.current_version_note.read_bytes())["version"])

    def note_version(self, version: Path) -> None:
        """Note the version that the recipe stands for now."""
        write_text(json.dumps({"version": int(version.name[1:])}), self.current_version_note)

    def manifest(self) -> Manifest | None:
        """The manifest of the version that the recipe stands for now; None where there is none, or
        one that an earlier version of this program wrote."""
        version = self.current_version()
        return read(version) if version and readable(version) else None

    def each_rows(self, columns: list[str], size: int = 1000) -> Iterator[pl.DataFrame]:
        """The rows to train on, in their order, at most `size` of them at a time."""
        version = self.current_version()
        return each_row_of(version, columns, size) if version else iter(())

    def rows(self, columns: list[str] | None = None) -> pl.DataFrame:
        """The rows to train on, of the version that the recipe stands for now."""
        version = self.current_version()
        return rows_of(version, columns) if version else pl.DataFrame()

    def mixes(self, stage: str) -> Path:
        """The versions that a stage has mixed of several."""
        return self.stage(stage) / "mix"

    def mixed(self, stage: str) -> Path | None:
        """The version that a stage's mix stands for now; None before there is one."""
        note = self.mixes(stage) / "current.json"
        if not note.exists():
            return None
        return version_in(self.mixes(stage), json.loads(note.read_bytes())["version"])

    def note_mixed(self, stage: str, version: Path) -> None:
        """Note the version that a stage's mix stands for now."""
        told = json.dumps({"version": int(version.name[1:])})
        write_text(told, self.mixes(stage) / "current.json")


def each_row_of(version: Path, columns: list[str], size: int = 1000) -> Iterator[pl.DataFrame]:
    """The rows of a version to train on, in their order, at most `size` of them at a time."""
    import pyarrow.parquet as pq

    for file in shards_of(version, "train"):
        with pq.ParquetFile(file) as shard:
            for batch in shard.iter_batches(size, columns=columns):
                rows: Any = pl.from_arrow(batch)
                yield rows


def rows_of(version: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """The rows of a version to train on."""
    return pl.read_parquet(shards_of(version, "train"), columns=columns)
