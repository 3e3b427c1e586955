"""Every example in a docstring of this room is true."""

import doctest
import importlib
import pkgutil

import pytest

import filters

MODULES = [found.name for found in pkgutil.walk_packages(filters.__path__, "filters.")]


@pytest.mark.parametrize("name", ["filters", *MODULES])
def test_examples(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip().endswith(".")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("filter", filters.FILTERS.values(), ids=list(filters.FILTERS))
def test_every_filter_has_an_example(filter):
    assert doctest.DocTestFinder().find(filter)[0].examples
