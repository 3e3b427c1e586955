"""What each measure says, for pages, cards and people at a prompt."""

from __future__ import annotations

import inspect
import re

from filters.filter import Filter


def measures_of(filter: type[Filter]) -> dict[str, str]:
    """What each measure says, by the section `Measures:` of the filter's docstring."""
    section = (inspect.getdoc(filter) or "").partition("\nMeasures:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in entries}
