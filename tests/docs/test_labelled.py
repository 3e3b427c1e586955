"""On the labelled texts each filter is right, but for what its page says."""

import labelled
import pytest

from filters import FILTERS

NAMES = labelled.filters_with_texts()


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_says_what_its_texts_are_labelled(name: str):
    score = labelled.score(name)
    assert score.false <= 0.02 * score.texts, score.wrong
    assert score.missed <= 0.05 * score.texts, score.wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_has_a_text_that_has_it_and_most_texts_have_a_language(name: str):
    rows = labelled.labelled(name)
    assert all(row["language"] and ("reasons" in row) != ("measures" in row) for row in rows)
    told = {reason for row in rows for reason in row.get("reasons", ())}
    told |= {name for row in rows for name, count in row.get("measures", {}).items() if count}
    used = {reason for row in rows for reason in _reasons(name, row)}
    assert used <= told


def _reasons(name: str, row: dict) -> list[str]:
    settings = row.get("settings", {})
    return list(FILTERS[name].model_validate(settings).reasons()) if "reasons" in row else []


def test_most_filters_have_texts():
    wanted = {"truncation", "format", "language", "code_blocks", "thinking", "safety"}
    assert wanted <= set(NAMES)
    assert sum(len(labelled.labelled(name)) for name in NAMES) >= 470
