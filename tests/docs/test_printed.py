"""What the pages print from the code is what the code says now."""

import re

import printed
import pytest

from filters import FILTERS
from filters.verifiers import VERIFIERS


@pytest.mark.parametrize("name", printed.PRINTED)
def test_a_page_is_not_stale(name: str):
    assert (printed.HERE / name).read_text() == printed.page(name), "run `make docs`"


@pytest.mark.parametrize("name", printed.PRINTED)
def test_links_within_a_page_lead_to_its_headings(name: str):
    text = (printed.HERE / name).read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    there = {re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower() for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= there


def test_every_filter_and_verifier_has_its_section():
    for page, names in (("filters.md", FILTERS), ("verifiers.md", VERIFIERS)):
        headings = re.findall(r"^#+ (\w+)$", (printed.HERE / page).read_text(), re.MULTILINE)
        assert set(names) <= set(headings)
