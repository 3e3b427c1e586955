"""What recipes know of the prompts' sources without importing what reads and judges them."""

import filters.verifiers
from factory.recipe import sources


def test_recipes_know_every_verifier_by_its_name():
    assert tuple(filters.verifiers.VERIFIERS) == sources.VERIFIERS
