"""What a stage is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from factory import models
from factory.ledger import Account
from factory.line.done import Done
from factory.models.student_template import untrained
from factory.progress import Progress, Report
from factory.recipe import Recipe
from factory.recipe.served import Served
from factory.run_folder import RunFolder
from factory.sampler.teacher import Teacher
from factory.store.draws import Draws

if TYPE_CHECKING:
    from factory.sampler.judging import Judging


Line = Callable[[Recipe, Path, Path, Progress], dict[str, Done]]
"""As `factory.line.run.run`."""


@dataclass(frozen=True)
class Context:
    """What a stage is given."""

    recipe: Recipe
    home: Path
    """Folder that relative paths in the recipe start from."""
    run: RunFolder
    name: str
    report: Report
    say: Callable[[str], None] = print
    """Tells people something, in words."""
    line: Line | None = None
    """Runs a recipe in a folder: for a stage that is a run of its own."""

    @property
    def folder(self) -> Path:
        """The stage's own folder."""
        return self.run.stage(self.name)

    def draws(self, stage: str = "samples") -> Draws:
        """A stage's sealed draws, with the verdicts that count now."""
        return self.run.draws(stage, self.recipe.sampling.shards)

    def asked(self, stage: str) -> Teacher:
        """The model that another stage made or found, and how it is asked."""
        model, base = self.run.model(stage), self.recipe.teacher.base
        if stage == "student-base":
            model = untrained(model)
        return Teacher(model, None if model.path or not isinstance(base, Served) else base)

    def judging(self) -> Judging | None:
        """The model that judges, and how it is asked; None where the recipe has none."""
        told = self.recipe.judge
        if told is None:
            return None
        from factory.sampler.judging import Judging

        served = told.model if isinstance(told.model, Served) else None
        return Judging(Teacher(self.run.model("judge"), served), told)

    def teachers(self) -> list[Teacher]:
        """The teacher, and those that answer beside it, each as it is asked."""
        others = [
            Teacher(
                models.located(self.run.other_teacher(number)),
                other if isinstance(other, Served) else None,
                other.sampling,
            )
            for number, other in enumerate(self.recipe.teacher.others)
        ]
        return [replace(self.asked("teacher"), asked=self.recipe.teacher.asked), *others]


@dataclass(frozen=True)
class Result:
    """What a stage hands back."""

    output: str
    """Digest of what later stages read."""
    note: str
    """In a few words, for people."""
    accounts: list[Account]
    missing: int = 0
    """Rows that could not be had, and that the next run asks for again."""
    files: Sequence[Path] | None = None
    """The files that must be there for it to be done; None: all in its folder."""
