"""A recipe may name a folder of packages that programs in the sandbox find."""

import pytest

from factory.errors import RecipeError
from factory.generations.work import rules_of
from filters.verifiers.code import sandbox


def test_the_folder_lies_beside_the_recipe_and_is_told_to_the_sandbox(tmp_path):
    (tmp_path / "packages").mkdir()
    recipe = tmp_path / "rules.yaml"
    recipe.write_text("filters: {language: {}}\nsandbox_packages: packages\n")
    try:
        rules_of(recipe)
        assert sandbox.packages == (tmp_path / "packages").resolve()
    finally:
        sandbox.provide(None)
    recipe.write_text("filters: {language: {}}\n")
    rules_of(recipe)
    assert sandbox.packages is None


def test_a_folder_that_is_not_there_is_told_with_the_nearest_name(tmp_path):
    (tmp_path / "packages").mkdir()
    recipe = tmp_path / "rules.yaml"
    recipe.write_text("filters: {language: {}}\nsandbox_packages: package\n")
    with pytest.raises(RecipeError, match="there is no such folder") as raised:
        rules_of(recipe)
    assert "rules.yaml:2" in str(raised.value)
    assert "did you mean" in str(raised.value)
