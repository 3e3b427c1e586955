"""The recipe: what is wanted, in the order in which it will happen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from factory.recipe.dataset import Dataset
from factory.recipe.sampling import Sampling
from factory.recipe.sources import Files, Hub, Source
from factory.recipe.strict import Strict
from factory.recipe.student import Evaluate, Student
from factory.recipe.teacher import Teacher
from filters import Filters


class Recipe(Strict):
    """A recipe reads top to bottom like the line itself."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run and of its folder, runs/NAME."""
    seed: int = Field(0, ge=0)
    """Where all chance comes from."""
    prompts: list[Annotated[Source, Field(discriminator="source")]] = Field(min_length=1)
    """Where the prompts come from."""
    teacher: Teacher
    """Who writes the samples."""
    allow_unsandboxed: bool = False
    """Run the programs that models write without isolation where there is none: only for those that
    you would run by hand (docs/verifiers.md)."""
    sampling: Sampling = Sampling()
    """How the teacher is asked."""
    benchmarks: list[Annotated[Files | Hub, Field(discriminator="source")]] = Field([])
    """Questions that no row may have: the filter `contamination` compares with them. Of a source
    its `name`, `columns`, `rows` and place count; the text of columns kept is a worked solution."""
    filters: Filters = Filters()
    """What is dropped, and why: one entry for each filter that is used."""
    dataset: Dataset = Dataset()
    """What the dataset is made of."""
    student: Student | None = None
    """Who learns from it; left out: the line ends at the dataset."""
    evaluate: Evaluate | None = None
    """How the models are examined; left out: they are not."""

    @model_validator(mode="after")
    def _someone_to_ask(self) -> Self:
        if self.evaluate and not any(source.held_out for source in self.prompts):
            raise ValueError("evaluate asks held-out prompts, and none of the prompts has held_out")
        return self

    @model_validator(mode="after")
    def _something_to_compare_with(self) -> Self:
        filter = self.filters.contamination
        held_out = any(source.held_out for source in self.prompts)
        if filter and not self.benchmarks and not (filter.held_out and held_out):
            raise ValueError(
                "filters.contamination has nothing to compare with: name benchmarks, or give the "
                "prompts held_out"
            )
        if self.benchmarks and not filter:
            raise ValueError("benchmarks are compared by filters.contamination, which is left out")
        return self

    @model_validator(mode="after")
    def _each_can_be_asked(self) -> Self:
        """What is said of one model, or of examinations, goes together with `sampling`."""
        others = enumerate(self.teacher.others)
        own = {f"teacher.others[{number}].sampling": other.sampling for number, other in others}
        own |= {"teacher.base.sampling": self.teacher.asked, "evaluate": self.evaluate}
        for key, asked in own.items():
            try:
                self.sampling.asking(asked)
            except ValidationError as error:
                words = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"{key} with sampling: {words}") from None
        return self

    @model_validator(mode="after")
    def _sources_are_there(self) -> Self:
        rule, there = self.sampling.policy.until, [source.label for source in self.prompts]
        if rule and (unknown := sorted(set(rule.give_up_by_source) - set(there))):
            raise ValueError(
                f"give_up_by_source has no source to go by: {', '.join(unknown)}; "
                f"the prompts are of {', '.join(there)}"
            )
        return self


def load(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: with file, line, column, key and what was expected, for each mistake.
    """
    from factory.recipe import places

    return places.load(path, Recipe)
