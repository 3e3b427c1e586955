"""Every example in a docstring of prompts and recipes is true."""

import doctest
import importlib
import pkgutil

import pytest

from factory import prompts, recipe

MODULES = [
    found.name
    for room in (prompts, recipe)
    for found in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
