"""How a teacher is raised, stage by stage: `teacher.stages` of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from factory.recipe.dataset import Dataset
from factory.recipe.mix import HUB, Mix, MixPart
from factory.recipe.models import Training
from factory.recipe.sampling import Sampling
from factory.recipe.sources import Files, Hub
from factory.recipe.strict import Strict
from filters import Filters


class Data(MixPart):
    """Rows to learn from: the dataset of a run, a version, or anybody's table."""

    name: str = Field("", pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What it is called in tables; left out: its place's last part."""
    run: str | None = None
    """Folder of a run whose dataset it is, relative to the recipe's folder."""
    place: str = ""
    """In place of `run`: a version's folder, a dataset on the Hub as `hf://org/name@1.2.0`, or
    files of conversations (a file, a pattern, a folder), relative to the recipe's folder."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.run) == bool(self.place):
            raise ValueError("name `run` or `place`, one of them")
        return self

    def part(self, taken: Sequence[str] = ()) -> MixPart:
        """As a mix has it, under a name that no other part has."""
        place = self.run or self.place
        last = place.removeprefix(HUB).partition("@")[0].rstrip("/").split("/")[-1]
        plain = self.name or "".join(c if c.isalnum() or c in "._-" else "-" for c in last)
        name = plain.strip("-._") or "rows"
        if name in taken:
            name = f"{name}-{len(taken) + 1}"
        told = self.model_dump(exclude={"name", "run", "place"})
        return MixPart(name=name, place=place, **told)


class Sft(Strict):
    """Fine-tuning on conversations, as R1's cold start (arXiv 2501.12948, 2.3.1)."""

    data: list[Data] = Field(min_length=1)
    """What it learns from. Of several the first keeps a prompt that two have; rows on held-out
    prompts are left out."""
    start: Literal["previous", "base"] = "previous"
    """Which model learns: the one that the stages before have made, or the base again."""
    training: Training = Training()
    """How it is trained."""


class Rejection(Strict):
    """Rejection sampling: the model so far answers the prompts, filters choose, and a model learns
    from what is left (2.3.3). The first half is a run of its own in the stage's folder."""

    sampling: Sampling | None = None
    """How the model is asked; left out: as the recipe's `sampling`."""
    filters: Filters | None = None
    """What is dropped; left out: the recipe's `filters`."""
    dataset: Dataset | None = None
    """What is chosen of the rest; left out: as the recipe's `dataset`."""
    mix: list[Data] = Field(default_factory=list)
    """Other rows that are learnt beside the chosen ones, as R1's 200,000 of no reasoning."""
    start: Literal["base", "previous"] = "base"
    """Which model learns: the base again, as R1 does it, or the one that was asked."""
    training: Training = Training(epochs=2)
    """How it is trained."""

    @model_validator(mode="after")
    def _room_for_its_own(self) -> Self:
        if sum(part.share or 0 for part in self.mix) >= 1:
            raise ValueError("mix: the shares leave nothing for the rows that were sampled")
        return self


def mixed(
    data: Sequence[Data],
    name: str,
    seed: int,
    benchmarks: Sequence[Files | Hub] = (),
    own: str | None = None,
) -> Mix:
    """What is learnt from, as a mix file would say it.

    Args:
        data: the parts.
        name: what the mix is called.
        seed: where its chance comes from.
        benchmarks: questions that no row may have.
        own: a place whose rows come before the others' and fill what their shares leave.
    """
    parts: list[MixPart] = []
    if own is not None:
        shares = [part.share for part in data if part.share]
        rest: dict[str, Any] = {"share": round(1 - sum(shares), 6)} if shares else {}
        parts.append(MixPart(name="sampled", place=own, **rest))
    for each in data:
        parts.append(each.part([part.name for part in parts]))
    return Mix(name=name, seed=seed, parts=parts, benchmarks=[*benchmarks])


def folder_of(place: str, home: Path) -> Path:
    """Where a run lies that a recipe names."""
    return home / Path(place).expanduser()
