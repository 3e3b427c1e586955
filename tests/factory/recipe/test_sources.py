"""What recipes know of the prompts' sources without importing what reads and judges them."""

import pytest
from pydantic import ValidationError
from sources import files, write

import filters.verifiers
from factory.prompts.collect import collect
from factory.recipe import sources


def test_recipes_know_every_verifier_by_its_name():
    assert tuple(filters.verifiers.VERIFIERS) == sources.VERIFIERS


def test_prompts_carry_the_settings_of_their_verifier(tmp_path):
    write(tmp_path / "asked.jsonl", [{"q": "6 * 7?", "a": "42"}])
    for settings, carried in (
        ({}, "math"),
        ({"extraction": "announced", "tolerance": "rounded"}, "math"),  # as by default
        ({"extraction": "last"}, "math(extraction=last)"),
        ({"verifier": "numeric", "extraction": "last"}, "numeric(extraction=last)"),
    ):
        source = files("asked.jsonl", **settings)
        prompts = collect([source], seed=1, base=tmp_path).prompts
        assert prompts["verifier"].to_list() == [carried]


def test_a_vote_is_held_by_these_settings():
    source = files("asked.jsonl", columns={"question": "q"}, verifier="majority", extraction="last")
    assert source.judged_by == "majority"
    assert (source.vote or {})["of"] == "math(extraction=last)"


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"extraction": "lost"}, "'announced' or 'last'"),
        (
            {"verifier": "choice", "extraction": "last"},
            "extraction: the verifiers math and",
        ),
        (
            {"verifier": "majority", "majority": {"of": "exact"}, "tolerance": "exact"},
            "exact cannot",
        ),
    ],
)
def test_settings_that_a_verifier_has_not(settings, wrong):
    with pytest.raises(ValidationError, match=wrong):
        files("asked.jsonl", **settings)
