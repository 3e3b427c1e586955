"""The licence of a version: that of its rows, and never one by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.versions.card.markdown import table
from factory.versions.card.words import license_id
from factory.versions.manifest import Manifest

FREE = ["cc0-1.0", "pddl", "unlicense", "wtfpl"]
PERMISSIVE = [
    "apache-2.0",
    "mit",
    "isc",
    "bsd",
    "bsd-2-clause",
    "bsd-3-clause",
    "zlib",
    "ncsa",
    "postgresql",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "odc-by",
]
RANK = dict.fromkeys(FREE, 0) | dict.fromkeys(PERMISSIVE, 1)
"""Licences under whose next higher one rows of both may be given on together."""
HIGHEST = ("cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0")
"""Beside free and permissive ones each of these is the most restrictive; two of them are not in one
order."""
SEVERAL = "several-licenses"
HEAD = """# Licences

Rows name their own licence in the column `license`: it is that of the question, as its source has
it. What a teacher wrote may be under the terms of its model as well.
"""


@dataclass(frozen=True)
class License:
    """A card's `license`, and what goes with `other`."""

    id: str
    """One of the Hub's."""
    name: str | None = None
    """`license_name`, where the id is other."""

    @property
    def own_file(self) -> bool:
        """Whether a file lists the licences."""
        return self.id == "other"


def license_of(by_rows: Mapping[str | None, int]) -> License:
    """The licence of rows that have these.

    >>> license_of({"MIT": 3}).id, license_of({None: 3}).id
    ('mit', 'unknown')
    >>> license_of({"Apache-2.0": 3, "CC-BY-SA-4.0": 1}).id
    'cc-by-sa-4.0'
    >>> license_of({"MIT": 3, None: 1})
    License(id='other', name='several-licenses')
    """
    if not by_rows or set(by_rows) == {None}:
        return License("unknown")
    ids = {name: license_id(name) for name in by_rows}
    known = {id for id in ids.values() if id}
    if None in ids.values():
        alone = next(iter(ids)) if len(ids) == 1 else None
        return License("other", _slug(alone) if alone else SEVERAL)
    if len(known) == 1:
        return License(known.pop())
    higher = known - RANK.keys()
    if len(higher) == 1 and higher <= set(HIGHEST):
        return License(higher.pop())
    if not higher:
        most = max(RANK[id] for id in known)
        top = {id for id in known if RANK[id] == most}
        return License(top.pop()) if len(top) == 1 else License("other", SEVERAL)
    return License("other", SEVERAL)


def _slug(name: str) -> str:
    plain = "".join(sign if sign.isalnum() else "-" for sign in name.lower())
    return "-".join(part for part in plain.split("-") if part)[:60] or SEVERAL


def by_rows(manifest: Manifest, statistics: Mapping[str, Any]) -> dict[str | None, int]:
    """Rows of each licence; of a version without statistics its sources' licences, uncounted."""
    counted = statistics.get("counts", {}).get("license")
    if counted is not None:
        return {row["value"]: row["rows"] for row in counted}
    return {source.license: 0 for source in manifest.inputs if source.what != "benchmark"}


def tables(manifest: Manifest, statistics: Mapping[str, Any]) -> list[str]:
    """Licences of rows, of sources and of teachers, each as a table."""
    rows = [
        [name if name else "not stated", license_id(name) or "", count]
        for name, count in by_rows(manifest, statistics).items()
    ]
    sources = [
        [source.name, source.origin, source.license or "not stated"]
        for source in manifest.inputs
        if source.what != "benchmark"
    ]
    models = [[t.name, t.license or "not known"] for t in manifest.teachers]
    return [
        table(["licence of the question", "the Hub's id", "rows"], rows),
        table(["source", "from", "licence"], sources),
        table(["teacher", "licence of the model"], models),
    ]


def license_text(manifest: Manifest, statistics: Mapping[str, Any]) -> str:
    """LICENSE.md, where one word does not say it."""
    return "\n".join([HEAD, *(f"{part}\n" for part in tables(manifest, statistics) if part)])
