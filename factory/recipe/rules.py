"""A recipe of rules alone: what `factory measure` and `factory filter` take of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from factory.recipe import Recipe, load
from factory.recipe.paths import Folder
from factory.recipe.sources import Files, Hub
from factory.recipe.strict import Strict
from filters import Filters


class Rules(Strict):
    """The keys of a recipe that say what is dropped; all others may be left out."""

    name: str = "rules"
    """A name, for people."""
    seed: int = Field(0, ge=0)
    """Where all chance comes from."""
    allow_unsandboxed: bool = False
    """Run the programs that models write without isolation where there is none: only for those that
    you would run by hand (docs/verifiers.md)."""
    sandbox_packages: Folder | None = None
    """Folder of Python packages that programs in the sandbox may import, as `pip install --target`
    makes it; relative to the recipe's folder (docs/verifiers.md)."""
    benchmarks: list[Annotated[Files | Hub, Field(discriminator="source")]] = Field([])
    """Questions that no row may have: the filter `contamination` compares with them."""
    filters: Filters
    """What is dropped, and why: one entry for each filter that is used."""

    @model_validator(mode="after")
    def _something_to_compare_with(self) -> Self:
        if self.filters.contamination and not self.benchmarks:
            raise ValueError("filters.contamination has nothing to compare with: name benchmarks")
        if self.benchmarks and not self.filters.contamination:
            raise ValueError("benchmarks are compared by filters.contamination, which is left out")
        return self


def load_rules(path: Path) -> Rules:
    """Read the rules of a recipe: of a whole one, or of one that has nothing else.

    Raises:
        RecipeError: with file, line, column, key and what was expected, for each mistake.
    """
    from factory.recipe import places

    if not _keys(path) & (set(Recipe.model_fields) - set(Rules.model_fields)):
        return places.load(path, Rules)
    whole = load(path)
    return Rules.model_construct(
        **{name: getattr(whole, name) for name in Rules.model_fields if name != "name"},
        name=whole.name,
    )


def _keys(path: Path) -> set[str]:
    """The recipe's own keys; none where it cannot be read, which is for others to say."""
    try:
        told = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, YAMLError, RecursionError):
        return set()
    return set(map(str, told)) if isinstance(told, dict) else set()
