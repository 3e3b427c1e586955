"""Whether the reward models that a recipe names can say what it wants of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory import models
from factory.errors import RecipeError
from factory.recipe import Recipe
from factory.recipe.rewards import Preference
from filters.classifier import output_of


def check(recipe: Recipe, home: Path) -> Iterator[str]:
    """Look at each model's configuration; yields a sentence for each that is not on this machine.

    `home` is the folder that relative paths in the recipe start from.

    Raises:
        RecipeError: a model classifies no sequences, or has no such label.
    """
    for key, grpo in recipe.teacher.grpos.items():
        for name, weights in grpo.rewards.scorers.items():
            where, told = f"{key}.rewards.{name}", grpo.rewards.weighed[name]
            if (found := models.here(weights, home)) is None:
                folder = home / Path(weights.path).expanduser()
                if _is_folder(weights.path, home):
                    raise RecipeError(f"{where}: {folder} is no folder with a config.json")
                yield f"not yet here: {weights.path} of {where}, which training fetches"
                continue
            assert isinstance(told, Preference)
            try:
                output_of(Path(found.path), told.label)
            except ValueError as error:
                raise RecipeError(f"{where}: {error}") from None


def _is_folder(path: str, home: Path) -> bool:
    """Whether a name can be no repository of the Hub, which are two words."""
    return path.startswith((".", "/", "~")) or path.count("/") != 1 or (home / path).is_dir()
