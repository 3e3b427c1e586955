"""The configs of a version's repository: which files are which form and split.

`examples/` is none: `datasets` reads all configs of a repository by one reader, Parquet's here, and
sessions are JSON lines that it gives only together with the package teich.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from factory.versions.folder import DEFAULT

FILE = re.compile(r"(?P<form>[^/]+)/(?P<split>\w+)-\d{5}-of-\d{5}\.parquet")
ORDER = ("train", "validation", "test")
"""Of splits in a config; others come behind."""


def configs(files: Iterable[str]) -> list[dict[str, Any]]:
    """The `configs` of a card's front matter, `default` first; each glob has files.

    Args:
        files: of the version, by their paths in it.
    """
    found: dict[str, set[str]] = {}
    for name in files:
        if file := FILE.fullmatch(name):
            found.setdefault(file["form"], set()).add(file["split"])
    forms = sorted(found, key=lambda form: (form != DEFAULT, form))
    return [
        {
            "config_name": "default" if form == DEFAULT else form,
            "data_files": [
                {"split": split, "path": f"{form}/{split}-*.parquet"}
                for split in sorted(found[form], key=_place)
            ],
        }
        for form in forms
    ]


def _place(split: str) -> tuple[int, str]:
    return ORDER.index(split) if split in ORDER else len(ORDER), split
