"""What the pages print from the code is what the code says now."""

import re

import printed
import pytest

from filters import FILTERS
from filters.verifiers import VERIFIERS


@pytest.mark.parametrize("name", printed.PRINTED)
def test_a_page_is_not_stale(name: str):
    assert (printed.ROOT / name).read_text() == printed.page(name), "run `make docs`"


def test_every_filter_and_verifier_has_its_section():
    for page, names in (("docs/filters.md", FILTERS), ("docs/verifiers.md", VERIFIERS)):
        headings = re.findall(r"^#+ (\w+)$", (printed.ROOT / page).read_text(), re.MULTILINE)
        assert set(names) <= set(headings)
