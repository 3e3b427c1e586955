"""The tables of docs/data.md: files, columns and types, as the page says them."""

import re
from pathlib import Path

import polars as pl

from filters import FILTERS

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
ALIKE = {
    r"^control/": "student/",
    r"^scores-[^/]+/": "samples/",
    r"/(held-out|given-up/[^/]+)/(part|step)-": "/rollouts/part-",
}
"""Places whose tables are as those of another, which the page tells of."""
MEASURES = "measures/FILTER@VERSION/part-N.parquet"


def documented() -> dict[str, dict[str, str]]:
    """File of a table, as the page has it -> its columns, each with its type; `*` for measures."""
    found = {}
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        if file := re.search(r"^`(\S+\.parquet)`", section, re.MULTILINE):
            rows = re.findall(r"^\| `(\w+)` \| ([\w()]+) \| \S", section, re.MULTILINE)
            found[file[1]] = dict(rows) | ({"*": ""} if "*measures*" in section else {})
    return found


def in_words(schema: pl.Schema) -> dict[str, str]:
    """Types of columns as the page writes them: a struct's fields are in the meaning."""
    return {
        name: re.sub(r"Struct\(.*\)(?=\))", "Struct", str(kind)) for name, kind in schema.items()
    }


def difference(file: str, schema: pl.Schema) -> str:
    """What the page says of a table that is not so; empty where it is right."""
    told, there = documented()[file], in_words(schema)
    if told.pop("*", None) is not None:
        measures = {name for filter in FILTERS.values() for name in filter.columns}
        there = {name: kind for name, kind in there.items() if name not in measures - told.keys()}
    lacking, gone = there.items() - told.items(), told.items() - there.items()
    return f"{file}: the page lacks {sorted(lacking)}, has {sorted(gone)}" * bool(lacking or gone)


def page_of(path: Path) -> str:
    """The table that a run's file belongs to, by its path in the run; empty where there is none."""
    place = str(path)
    for told, same in ALIKE.items():
        place = re.sub(told, same, place)
    patterns = {
        file: re.sub(r"[A-Z]{2,}|N|\\\*", "[^/]+", re.escape(file)) for file in documented()
    }
    return next((file for file, pattern in patterns.items() if re.fullmatch(pattern, place)), "")
