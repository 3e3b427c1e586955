"""What a recipe says must hold of a version's rows: tried when it is written."""

from __future__ import annotations

from typing import Any

from factory.line import forms
from factory.line.context import Context
from factory.line.describing import Made
from factory.recipe import data_tests
from factory.versions.manifest import Manifest
from factory.versions.tested import failed, tested, words
from factory.versions.write import Draft


def described(context: Context, made: Made, draft: Draft) -> Manifest:
    """Write what a version tells beside its rows; its manifest, with the tests of its rows."""
    manifest, recipe = forms.described(context, made, draft), context.recipe
    tests = tested(draft.folder, recipe.dataset.tests, data_tests.classes(recipe.filters))
    return manifest.model_copy(update={"tests": tests})


def made_by(context: Context) -> dict[str, Any]:
    """The tests, where there are any: the same rows under other tests are another version, since
    none is changed once it is written."""
    tests = context.recipe.dataset.tests
    return {"tests": list(tests)} if tests else {}


def say(context: Context, manifest: Manifest) -> None:
    """Say which tests do not hold."""
    for test in failed(manifest):
        context.say(words(test))
