"""Which of the accepted samples become rows: `dataset.select` of a recipe, and its ready names."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from factory.recipe.strict import Strict

Count = Annotated[int, Field(ge=1)]
"""A number of rows: 1 and more."""
TOLERANCE = 1e-6
"""What shares may lack of 1 together."""
WAYS: dict[str, dict[str, Any]] = {
    "s1": {
        "difficulty": {"of": "student", "max": 0.0},
        "per_prompt": 1,
        "prefer": "longest",
        "rows": 1000,
        "take": "mostly_longest",
        "topics": {"by": "words", "count": 50},
    },
    "limo": {
        "difficulty": {"of": "teacher", "min": 0.03, "max": 0.1},
        "per_prompt": 1,
        "prefer": "best",
        "rows": 800,
        "take": "best",
    },
}
"""What a ready name stands for, key by key; how it differs from its paper: docs/selection.md."""


class Difficulty(Strict):
    """Only prompts that are neither too easy nor too hard."""

    of: str = "teacher"
    """Whose pass rate counts: `teacher`; `student`, whose base is asked for it before it learns; or
    a column with pass rates that the prompts' mapping keeps."""
    min: float = Field(0.0, ge=0, le=1)
    """Least pass rate, 0 to 1."""
    max: float = Field(1.0, ge=0, le=1)
    """Greatest pass rate, 0 to 1."""
    domains: list[str] | None = Field(None, min_length=1)
    """Domains whose prompts are held to it; left out: all."""
    draws: int = Field(4, ge=1)
    """Draws of each prompt that the student's base makes; its pass rate is their mean."""

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"no pass rate is at least {self.min} and at most {self.max}")
        return self


class Quotas(Strict):
    """Most rows of a domain or source; those that are not named have no bound."""

    domain: dict[str, Count] = Field(default_factory=dict)
    """Most rows of each domain, as `{math: 400000}`."""
    source: dict[str, Count] = Field(default_factory=dict)
    """Most rows of each source, by its name."""


class Part(Strict):
    """One part of a mix."""

    name: str
    """What the part is called."""
    domains: list[str] = Field(default_factory=list)
    """Domains whose rows belong to it."""
    sources: list[str] = Field(default_factory=list)
    """Sources whose rows belong to it."""
    rows: Count | None = None
    """How many rows it has."""
    share: float | None = Field(None, gt=0, le=1)
    """Its share of all rows, in place of `rows`, 0 to 1."""

    @model_validator(mode="after")
    def _says_what_and_how_much(self) -> Self:
        if not self.domains and not self.sources:
            raise ValueError(f"{self.name}: name the domains, or the sources, that belong to it")
        if (self.rows is None) == (self.share is None):
            raise ValueError(f"{self.name}: name `rows` or `share`, one of them")
        return self


class Topics(Strict):
    """Topics that rows are spread over: each has as many as the others, as far as it has them."""

    by: str = "words"
    """What a prompt's topic is: `domain`, `source`, a column that the prompts' mapping keeps, or
    `words`, clusters of prompts that are made by the words they share."""
    count: int = Field(50, ge=2)
    """Clusters, where topics are by `words`."""


class Select(Strict):
    """Which of the accepted samples become rows. Its steps come in the order of these keys."""

    way: Literal["s1", "limo"] | None = None
    """A ready name for the keys below, after a paper (docs/selection.md); what is written beside it
    counts before it."""
    difficulty: Difficulty | None = None
    """Only prompts that are neither too easy nor too hard."""
    per_cluster: int | None = Field(None, ge=1)
    """Prompts, or samples, of one near-duplicate cluster at most, those with the preferred samples;
    needs `filters.duplicates` with `drop: false`."""
    per_prompt: int | None = Field(None, ge=1)
    """Rows of one prompt at most; left out: all."""
    prefer: Literal["shortest", "longest", "random", "diverse", "best"] = "shortest"
    """Which samples of a prompt come first; `diverse`: those least like each other, from the
    shortest on; `best`: by the score of `filters.chain`."""
    quotas: Quotas = Quotas()
    """Most rows of a domain or source."""
    mix: list[Part] = Field(default_factory=list)
    """The parts that the dataset is made of; rows of none of them are left out."""
    rows: int | None = Field(None, ge=1)
    """Rows in all; with a mix of shares their sum. Left out: all there are."""
    take: Literal["random", "shortest", "longest", "mostly_longest", "hardest", "best"] = "random"
    """Which rows come first where quotas, mix or `rows` leave some out; `mostly_longest`: the
    longest with a chance of 1/2, else the next with 1/2, and so on, as s1 did."""
    topics: Topics | None = None
    """Topics that `rows`, or each part of the mix, are spread over."""

    @model_validator(mode="before")
    @classmethod
    def _the_ready_ones(cls, told: Any) -> Any:
        if not isinstance(told, dict) or told.get("way") not in WAYS:
            return told
        return WAYS[told["way"]] | told

    @model_validator(mode="after")
    def _parts_are_apart(self) -> Self:
        for key in ("name", "domains", "sources"):
            told = [one for part in self.mix for one in _listed(getattr(part, key))]
            if twice := sorted({one for one in told if told.count(one) > 1}):
                raise ValueError(f"mix: two parts have the {key} {', '.join(twice)}")
        if len({part.rows is None for part in self.mix}) > 1:
            raise ValueError("mix: all parts have `rows`, or all have `share`")
        shares = sum(part.share or 0 for part in self.mix)
        if shares and abs(shares - 1) > TOLERANCE:
            raise ValueError(f"mix: the shares are {shares:g} together, expected 1")
        return self

    @model_validator(mode="after")
    def _numbers_go_together(self) -> Self:
        if self.rows and any(part.rows for part in self.mix):
            raise ValueError("rows is the sum of the mix's rows: leave it out, or give shares")
        if self.prefer == "diverse" and not self.per_prompt:
            raise ValueError("prefer: diverse takes so many samples of a prompt: name per_prompt")
        if self.topics and not self.rows and not self.mix:
            raise ValueError("topics are what `rows` or a `mix` are spread over: name one of them")
        return self

    @property
    def by_lot(self) -> bool:
        """Whether the recipe's seed plays a part."""
        limited = self.rows or self.mix or self.quotas != Quotas()
        picks = self.per_prompt or self.per_cluster
        return bool(
            (picks and self.prefer == "random")
            or (limited and self.take in ("random", "mostly_longest", "hardest"))
            or self.topics
        )

    @property
    def of_decisions(self) -> bool:
        """Whether the record of decisions tells all that other verdicts would leave as it is."""
        moves = self.difficulty or self.per_cluster or "hardest" in self.goes_by
        return not moves and not {"diverse", "best"} & self.goes_by

    @property
    def goes_by(self) -> set[str]:
        """The preferences that count."""
        return {self.prefer, self.take}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
