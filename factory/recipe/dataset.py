"""What the dataset is made of: the `dataset` part of a recipe, and what it needs of other parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from factory.recipe import data_tests
from factory.recipe.models import Weights
from factory.recipe.sampling import Sampling
from factory.recipe.selection import Select
from factory.recipe.sources import Source, Table
from factory.recipe.splits import Splits
from factory.recipe.strict import Strict
from filters import Filters

Format = Literal["prompt_completion", "sharegpt", "raw", "preference", "pass_rates", "examples"]
"""A form of the data beside conversations."""


class Reader(Weights):
    """A model that may learn from the rows."""

    context: int | None = Field(None, ge=64)
    """Tokens of the longest row that it takes; left out: the model's context."""


class Dataset(Strict):
    """What the dataset is made of."""

    select: Select = Select()
    """Which of the accepted samples become rows."""
    order: Literal["id", "shuffled", "length", "easy_to_hard", "interleaved"] = "id"
    """Order of the rows; `length`: short ones first; `easy_to_hard`: by pass rate; `interleaved`:
    those that think evenly between those that do not, else shuffled. A student trains in this
    order, and with `id` in one that is shuffled anew for each epoch."""

    splits: Splits = Splits()
    """Shares of the prompts in `validation` and `test`; a student trains on `train` alone."""
    formats: list[Format] = Field(default_factory=list)
    """Further forms of the data, each a config of its own beside the conversations
    (docs/versions.md)."""

    tests: list[str] = Field(default_factory=list)
    """What must hold of the rows, as `loops < 0.5 %` or `source.max_share < 40 %`; a version that
    fails one is not published (docs/versions.md)."""
    students: list[Reader] = Field(default_factory=list)
    """Models whose chat templates the rows are rendered with, to say what each would learn from
    them; only tokenizer files are needed. The recipe's own student is one of them."""

    @field_validator("tests")
    @classmethod
    def _are_tests(cls, tests: list[str]) -> list[str]:
        for text in tests:
            data_tests.parse(text)
        return tests

    @property
    def by_lot(self) -> bool:
        """Whether the recipe's seed plays a part in rows or their order."""
        return self.select.by_lot or self.order in ("shuffled", "interleaved")

    @property
    def rated_by(self) -> str | None:
        """Whose pass rates are needed, as `Difficulty.of`; None where nobody's are."""
        if self.select.difficulty:
            return self.select.difficulty.of
        rated = self.order == "easy_to_hard" or "hardest" in self.select.goes_by
        return "teacher" if rated else None


def faults(
    dataset: Dataset,
    prompts: Sequence[Source],
    filters: Filters,
    sampling: Sampling,
    student: Any,
) -> Iterator[str]:
    """What the dataset asks for that other parts of the recipe do not have, a sentence each."""
    select = dataset.select
    if "best" in select.goes_by and not filters.chain:
        yield "`best` goes by the measures of filters.chain: write `chain: {}` among the filters"
    if select.per_cluster and not (filters.duplicates and not filters.duplicates.drop):
        yield (
            "select.per_cluster goes by the clusters of filters.duplicates, and chooses itself: "
            "write `duplicates: {drop: false}` among the filters"
        )
    if dataset.order == "interleaved" and not filters.format:
        yield (
            "order: interleaved goes by the thinking that filters.format finds: write "
            "`format: {}` among the filters"
        )
    if dataset.rated_by == "student":
        yield from _nobody_to_ask(prompts, student)
    yield from data_tests.faults(dataset.tests, filters, prompts)
    yield from _unreachable(dataset, sampling)
    yield from _unknown(select, prompts)


def _nobody_to_ask(prompts: Sequence[Source], student: Any) -> Iterator[str]:
    if student is None:
        yield "difficulty.of is student, and the recipe has none: name a student, or `of: teacher`"
    voted = [source.label for source in prompts if source.verifier == "majority"]
    if voted:
        yield (
            f"difficulty.of is student, and nobody can say which of its answers to {voted[0]} are "
            "right, as the verifier is majority: write `of: teacher`"
        )


def _unreachable(dataset: Dataset, sampling: Sampling) -> Iterator[str]:
    """A band between two pass rates that so many draws can have would hold no prompt."""
    band = dataset.select.difficulty
    if band is None or band.of not in ("teacher", "student"):
        return
    draws = band.draws if band.of == "student" else _draws(sampling)
    least = 0 if band.of == "student" else 1  # of its prompt, an accepted sample is correct
    rates = (right / draws for right in range(least, draws + 1))
    if draws and not any(band.min <= rate <= band.max for rate in rates):
        yield (
            f"difficulty: no prompt can have a pass rate of {band.min:g} to {band.max:g}, as it is "
            f"a multiple of {1 / draws:.3g} with {draws} draws of each: make more draws, or widen "
            "the band"
        )


def _draws(sampling: Sampling) -> int:
    """Draws that each prompt gets; 0 where that depends on how they are judged."""
    return sampling.policy.fixed.draws if sampling.policy.fixed else 0


def _unknown(select: Select, prompts: Sequence[Source]) -> Iterator[str]:
    """Domains, sources and columns that no prompts have."""
    named: dict[str, set[str]] = {
        "domains": {
            *select.quotas.domain,
            *(domain for part in select.mix for domain in part.domains),
            *(band.domains or () if (band := select.difficulty) else ()),
        },
        "sources": {*select.quotas.source, *(s for part in select.mix for s in part.sources)},
        "columns": {select.topics.by} - {"words", "domain", "source"} if select.topics else set(),
    }
    if select.difficulty:
        named["columns"] |= {select.difficulty.of} - {"teacher", "student"}
    there: dict[str, set[str]] = {
        "domains": {source.domain for source in prompts},
        "sources": {source.label for source in prompts},
        "columns": {
            column
            for source in prompts
            if isinstance(source, Table) and (mapping := source.mapping())
            for column in mapping.keep
        },
    }
    for kind, names in named.items():
        if unknown := sorted(names - there[kind]):
            known = ", ".join(sorted(there[kind])) or "none"
            yield (
                f"select names {kind} that no prompts have: {', '.join(unknown)}; they have {known}"
            )
