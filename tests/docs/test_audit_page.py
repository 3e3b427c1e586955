"""docs/audit.md has every figure and no other, with the limits that the code has."""

import re
from pathlib import Path

from subjects import subject_of

from factory.audit import findings
from factory.audit.figures import bins, languages, suspects
from factory.audit.figures.all import SECTIONS, figures
from factory.audit.written import FORMAT, LONG

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


def test_every_figure_has_its_line():
    _, _, part = PAGE.partition("## The figures")
    told = set(re.findall(r"^\| `([\w.]+)`", part, re.MULTILINE))
    own = {figure.key for figure in figures(subject_of([{}], {"length": {}}))}
    own = {key for key in own if not key.startswith("measure.")}
    assert own | {"measure.FILTER.MEASURE", "measure.FILTER"} == told


def test_every_section_has_its_heading():
    headings = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
    assert len(headings) == len(SECTIONS)


def test_the_limits_are_those_of_the_code():
    assert (findings.MANY_UNMEASURED, findings.MANY_LOST, findings.MANY_UNVERIFIABLE) == (
        0.01,
        0.02,
        0.01,
    )
    assert (findings.LARGE_CLUSTER, findings.DEAR, findings.UNEVEN, findings.FEW) == (
        0.01,
        0.2,
        2.0,
        50,
    )
    assert (bins.FEW, bins.SHARE, bins.HEAVY) == (40, 20, 8)
    assert (languages.PAIRS, suspects.SHOWN) == (50, 20)


def test_the_files_are_as_it_says():
    assert f"`format` is {FORMAT}" in PAGE
    row = next(line for line in PAGE.splitlines() if line.startswith("| `audit.parquet`"))
    assert set(LONG) <= set(re.findall(r"`(\w+)`", row))
