"""The mix file: which versions and datasets become one, and how much of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from factory.errors import RecipeError
from factory.recipe.paths import files
from factory.recipe.selection import TOLERANCE, Count, Quotas
from factory.recipe.sources import Files, Hub
from factory.recipe.splits import Splits
from factory.recipe.strict import Strict

HUB = "hf://"


class MixPart(Strict):
    """One part of a mix: a version, or anybody's table."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What the part is called; rows have it in the column `part`."""
    place: str
    """A version's folder, a run's, a dataset on the Hub as `hf://org/name@1.2.0`, or files: a file,
    a pattern or a folder, relative to this file."""
    rows: Count | None = None
    """Rows of it at most; left out: all."""
    share: float | None = Field(None, gt=0, le=1)
    """Its share of the mix, in place of `rows`, 0 to 1."""
    domains: list[str] = Field(default_factory=list)
    """Only its rows of these domains; left out: of all."""
    sources: list[str] = Field(default_factory=list)
    """Only its rows of these sources; left out: of all."""
    license: str | None = None
    """Licence of its rows, in place of what they say: you answer for it."""
    generator: str | None = None
    """Who wrote its rows, where they do not say so."""
    domain: str | None = None
    """Domain of its rows, where they do not say so."""
    language: str | None = None
    """Language of its questions, likewise: en."""
    columns: str | None = None
    """Which columns hold what in anybody's table, as `question: q, generation: a`; left out: by
    their names (docs/any-dataset.md)."""
    config: str | None = None
    """Configuration of anybody's dataset on the Hub."""
    split: str = "train"
    """Its split, of such a dataset; of a version `train` too."""

    @field_validator("place")
    @classmethod
    def _is_there(cls, place: str, info: ValidationInfo) -> str:
        """A missing file is found before anything starts."""
        home = (info.context or {}).get("home")
        if home is not None and not place.startswith(HUB) and not (home / place).is_dir():
            files(home, place)
        return place

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.rows and self.share:
            raise ValueError(f"{self.name}: name `rows` or `share`, not both")
        return self


class Near(Strict):
    """Questions that say nearly what one of an earlier part says."""

    min_similarity: float = Field(0.8, ge=0.7, le=1)
    """Least similarity of a near-duplicate, 0.7 to 1 (docs/filters.md, duplicates)."""


class Mix(Strict):
    """Several datasets into one. What an earlier part has, no later part brings again."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the dataset."""
    seed: int = Field(0, ge=0)
    """Where all chance comes from."""
    parts: list[MixPart] = Field(min_length=1)
    """What it is made of, the part that comes first in doubt first."""
    near: Near | None = None
    """Leave out questions that are near one of an earlier part; left out: the same ones only."""
    benchmarks: list[Annotated[Files | Hub, Field(discriminator="source")]] = Field([])
    """Questions that no row may have, as in a recipe: rows whose question stands in one are left
    out."""
    quotas: Quotas = Quotas()
    """Most rows of a domain or source, over all parts."""
    rows: int | None = Field(None, ge=1)
    """Rows in all; with shares their sum. Left out: all there are."""
    take: Literal["random", "shortest", "longest"] = "random"
    """Which rows come first where `rows`, shares or quotas leave some out."""
    splits: Splits = Splits()
    """Shares of the prompts in `validation` and `test`."""
    formats: list[Literal["prompt_completion", "sharegpt"]] = Field(default_factory=list)
    """Further forms of the data, each a config of its own. The others tell of draws, which a
    mix has not."""

    @model_validator(mode="after")
    def _parts_go_together(self) -> Self:
        names = [part.name for part in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"parts: two are called {', '.join(twice)}")
        shares = [part.share for part in self.parts if part.share]
        if shares and len(shares) < len(self.parts):
            raise ValueError("parts: all parts have `share`, or none")
        if shares and abs(sum(shares) - 1) > TOLERANCE:
            raise ValueError(f"parts: the shares are {sum(shares):g} together, expected 1")
        if self.rows and any(part.rows for part in self.parts):
            raise ValueError("rows is the sum of the parts' rows: leave it out, or give shares")
        return self


def of_places(places: Sequence[str], name: str) -> Mix:
    """The mix of all that some places have, in their order.

    Raises:
        RecipeError: one of them is not there.
    """
    names: dict[str, str] = {}
    for place in places:
        short = (
            place.removeprefix(HUB) if place.startswith(HUB) else "-".join(Path(place).parts[-2:])
        )
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", short).strip("-._") or "part"
        names[place] = plain if plain not in names.values() else f"{plain}-{len(names) + 1}"
    parts = [{"name": own, "place": place} for place, own in names.items()]
    try:
        return Mix.model_validate({"name": name, "parts": parts}, context={"home": Path()})
    except ValidationError as error:
        words = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise RecipeError(words) from None
