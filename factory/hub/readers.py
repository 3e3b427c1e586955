"""What the students that a recipe names will see of a version that is to be published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.hub.refusing import Refusal
from factory.run_folder import RunFolder
from factory.versions.manifest import Manifest
from sft import seen


def seen_by_students(
    version: Path, manifest: Manifest
) -> tuple[list[dict[str, Any]], list[Refusal]]:
    """What each student sees of all rows, and a refusal where one could not be looked at.

    Args:
        version: its folder. In a run, the run's recipe says where tokenizers lie; a manifest does
            not tell folders.
        manifest: of the version; what it says of students already is taken as it is.
    """
    recipe, home = _recipe(version, manifest)
    named = [] if manifest.students else seen.named(recipe)
    if not named:
        return manifest.students, []
    try:
        return seen.seen(version, seen.located(named, home), lambda *_, **__: None), []
    except FactoryError as error:
        return [], [Refusal("student", f"a student could not be looked at: {error}")]


def _recipe(version: Path, manifest: Manifest) -> tuple[Mapping[str, Any], Path]:
    run = RunFolder(version.parent.parent)
    if not run.noted_recipe.exists():
        return manifest.recipe, Path()
    recipe, home = run.recipe()
    return recipe.model_dump(mode="json"), home
