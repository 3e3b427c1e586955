"""On the labelled texts each filter is right, but for what its page says."""

import labelled
import pytest

from filters import FILTERS

NAMES = labelled.filters_with_texts()
FALSE = {"contamination": 0.04, "duplicates": 0.03}
MISSED = {"duplicates": 0.1}
"""Shares of the texts, where they are more than of other filters: docs/filters.md says why."""


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_says_what_its_texts_are_labelled(name: str):
    score = labelled.score(name)
    assert score.false <= FALSE.get(name, 0.02) * score.texts, score.wrong
    assert score.missed <= MISSED.get(name, 0.05) * score.texts, score.wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_has_a_text_that_has_it_and_most_texts_have_a_language(name: str):
    rows = labelled.labelled(name)
    kinds = ("reasons", "measures", "drop")
    assert all(row["language"] and sum(kind in row for kind in kinds) == 1 for row in rows)
    told = {reason for row in rows for reason in row.get("reasons", ())}
    told |= {name for row in rows for name, count in row.get("measures", {}).items() if count}
    used = {reason for row in rows for reason in _reasons(name, row)}
    assert used <= told


def _reasons(name: str, row: dict) -> list[str]:
    settings = row.get("settings", {})
    return list(FILTERS[name].model_validate(settings).reasons()) if "reasons" in row else []


def test_all_filters_have_texts_but_the_one_that_hears_a_verifier():
    assert set(FILTERS) - set(NAMES) == {"correctness"}
    rows = [row for name in NAMES for row in labelled.labelled(name)]
    assert len(rows) >= 660
    assert len({row["language"] for row in rows}) >= 30


@pytest.mark.parametrize("name", ["repetition", "contamination", "duplicates"])
def test_texts_to_drop_and_to_keep_are_of_many_languages(name: str):
    rows = labelled.labelled(name)
    for drop in (True, False):
        assert sum(row["drop"] == drop for row in rows) >= 20
        assert len({row["language"] for row in rows if row["drop"] == drop}) >= 10
