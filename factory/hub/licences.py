"""What licences of sources and teachers forbid. No advice of a lawyer: a table of plain words.

Ids are the Hub's. A licence that is not here allows rows to be passed on, perhaps under conditions
(a name, the same licence) that the card states.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from factory.hub.refusing import Refusal
from factory.versions.folder import shards_of
from factory.versions.manifest import Input, Manifest, Teacher

NON_COMMERCIAL = "it allows no commercial use, and a public dataset is taken for any use"
NO_DERIVATIVES = "it allows no derivatives, and these rows are one"
OWN_WORDS = "its terms are of its own: read whether rows may be passed on"
UNKNOWN = "nobody says under which licence it is, so nothing allows to pass it on"
NO_OTHER_MODELS = "it forbids to improve other models by what this model wrote"
NAMED_MODELS = "what is trained on its words must bear its name, and its licence goes along"

_NON_COMMERCIAL = """cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
cc-by-nc-sa-4.0 fair-noncommercial-research-license intel-research apple-amlr h-research"""
_NO_DERIVATIVES = "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0"
FORBIDS = {
    **dict.fromkeys(_NON_COMMERCIAL.split(), NON_COMMERCIAL),
    **dict.fromkeys(_NO_DERIVATIVES.split(), NO_DERIVATIVES),
    **dict.fromkeys(("other", "c-uda"), OWN_WORDS),
    "unknown": UNKNOWN,
}
"""Licences under which rows may not simply be passed on, and why."""
OF_TEACHERS = {
    **FORBIDS,
    **dict.fromkeys(("llama2", "llama3"), NO_OTHER_MODELS),
    **dict.fromkeys(["llama3.1", "llama3.2", "llama3.3", "llama4", "gemma"], NAMED_MODELS),
}
"""The same of models whose words rows are."""


def forbidden(manifest: Manifest, folder: Path) -> Iterator[Refusal]:
    """What licences have against publishing a version.

    Args:
        manifest: what it is made of.
        folder: its files, for licences that rows name themselves.
    """
    by_source = [_of_source(each) for each in manifest.inputs if _in_rows(each)]
    found = [*by_source, *map(_of_teacher, manifest.teachers), *_of_rows(folder)]
    rules: dict[tuple[str, str], list[str]] = {}
    for licence, who, why in found:
        if why:
            rules.setdefault((licence, why), []).append(who)
    for (licence, why), who in rules.items():
        yield Refusal(f"license:{licence}", f"{'; '.join(who)}: {why}")


def _in_rows(source: Input) -> bool:
    return source.what != "benchmark" and source.rows > source.held_out


def _of_source(source: Input) -> tuple[str, str, str | None]:
    licence = _id(source.license)
    named = source.name if source.name == source.origin else f"{source.name} ({source.origin})"
    return licence, f"{named}, {source.rows - source.held_out:,} rows read", FORBIDS.get(licence)


def _of_teacher(teacher: Teacher) -> tuple[str, str, str | None]:
    licence = _id(teacher.license)
    forbids = OF_TEACHERS.get(licence) if teacher.license and teacher.rows else None
    return licence, f"teacher {teacher.name}, {teacher.rows:,} rows", forbids


def _of_rows(folder: Path) -> Iterator[tuple[str, str, str | None]]:
    """The licences that rows name."""
    shards = shards_of(folder)
    if not shards or "license" not in pl.read_parquet_schema(shards[0]):
        return
    named = pl.scan_parquet(shards).group_by("license").len().sort("license").collect()
    for licence, rows in named.iter_rows():
        yield _id(licence), f"{rows:,} rows name it", FORBIDS.get(_id(licence))


def _id(licence: str | None) -> str:
    return (licence or "unknown").strip().lower() or "unknown"
