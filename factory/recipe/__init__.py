"""The recipe: what is wanted, in the order in which it will happen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from factory.recipe import judge as judges
from factory.recipe.dataset import Dataset, faults
from factory.recipe.judge import Judge
from factory.recipe.models import OfRun
from factory.recipe.paths import Folder
from factory.recipe.raising import Rejection
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.recipe.sources import Files, Hub, Source, Table
from factory.recipe.strict import Strict
from factory.recipe.student import Evaluate, Student
from factory.recipe.teacher import Step, Teacher
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
    judge: Judge | None = None
    """Who judges what rules cannot; asked for prompts with `verifier: judge` or `rescue: judge`."""
    allow_unsandboxed: bool = False
    """Run the programs that models write without isolation where there is none: only for those that
    you would run by hand (docs/verifiers.md)."""
    sandbox_packages: Folder | None = None
    """Folder of Python packages that programs in the sandbox may import, as `pip install --target`
    makes it; relative to the recipe's folder (docs/verifiers.md)."""
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

    @property
    def own_code(self) -> dict[str, str]:
        """Functions of the user's own, `module:function`, by the key that names each."""
        found = {f"prompts[{n}].verifier": source.verifier for n, source in enumerate(self.prompts)}
        for key, grpo in self.teacher.grpos.items():
            found |= {f"{key}.rewards.{name}": name for name in grpo.rewards.own}
        return {key: name for key, name in found.items() if ":" in name}

    @property
    def endpoints(self) -> list[Served]:
        """The models that are asked behind endpoints."""
        models = [
            self.teacher.base,
            *self.teacher.others,
            *([self.judge.model] if self.judge else []),
        ]
        return [model for model in models if isinstance(model, Served)]

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
    def _a_judge_where_one_is_asked(self) -> Self:
        if wrong := judges.fault(self.judge, self.prompts, self.sampling):
            raise ValueError(wrong)
        judged = [source.label for source in self.prompts if source.verifier == "judge"]
        if judged and self.teacher.grpos:
            raise ValueError(
                "grpo is rewarded by rules, and a judge is not asked while it trains: "
                f"{', '.join(judged)} have verifier: judge. Leave grpo out, or name other rules"
            )
        return self

    @model_validator(mode="after")
    def _votes_can_be_held(self) -> Self:
        """A vote needs all draws of a prompt, and what comes before it knows no right answer."""
        for number, source in enumerate(self.prompts):
            if not isinstance(source, Table) or source.verifier != "majority":
                if isinstance(source, Table) and source.majority:
                    raise ValueError(f"prompts[{number}].majority: its verifier is not majority")
                continue
            against = {
                "columns.reference is not needed: name a verifier that compares with it": (
                    source.names_a_key
                ),
                "held_out: nobody could say which answers to them are right": source.held_out,
                "sampling.policy must be fixed, as in `fixed: {draws: 8}`": (
                    self.sampling.policy.until
                ),
                "sampling.target counts right draws as they come": self.sampling.target,
                **{f"{key} rewards right draws as they come": True for key in self.teacher.grpos},
            }
            if wrong := [words for words, there in against.items() if there]:
                raise ValueError(
                    f"prompts[{number}].verifier is majority, and votes are held when all draws "
                    f"are there: {'; '.join(wrong)}"
                )
        return self

    @model_validator(mode="after")
    def _rejections_are_recipes(self) -> Self:
        """What is sampled to raise the teacher is a run of its own, whose recipe must be sound."""
        for step in self.teacher.steps:
            if step.samples:
                try:
                    inner(self, step, "")
                except ValidationError as error:
                    words = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                    raise ValueError(f"{step.key}: {words}") from None
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

    @model_validator(mode="after")
    def _rows_can_be_chosen(self) -> Self:
        parts = (self.dataset, self.prompts, self.filters, self.sampling, self.student)
        if wrong := next(faults(*parts), None):
            raise ValueError(f"dataset: {wrong}")
        return self

    @model_validator(mode="after")
    def _domains_are_there(self) -> Self:
        there = {source.domain for source in self.prompts}
        for name, rules in self.filters.active().items():
            if unknown := sorted(rules.domains - there):
                raise ValueError(
                    f"filters.{name} names domains that no prompts have: {', '.join(unknown)}; "
                    f"the prompts are of {', '.join(sorted(there))}"
                )
        return self


def inner(recipe: Recipe, step: Step, run: str) -> Recipe:
    """The recipe of the run that a rejection stage is.

    Args:
        recipe: the one whose teacher is raised.
        step: the stage of it that samples.
        run: the folder of the outer run, relative to the recipe's.

    Raises:
        ValidationError: its parts do not go together.
    """
    told = step.told
    assert isinstance(told, Rejection)
    filters = told.filters or recipe.filters
    return Recipe(
        name=f"{recipe.name}-{step.name}",
        seed=recipe.seed,
        prompts=recipe.prompts,
        teacher=Teacher(base=OfRun(run=run, stage=step.before)),
        judge=recipe.judge,
        allow_unsandboxed=recipe.allow_unsandboxed,
        sandbox_packages=recipe.sandbox_packages,
        sampling=told.sampling or recipe.sampling,
        benchmarks=recipe.benchmarks if filters.contamination else [],
        filters=filters,
        dataset=told.dataset or recipe.dataset,
    )


def load(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: with file, line, column, key and what was expected, for each mistake.
    """
    from factory.recipe import places

    return places.load(path, Recipe)
