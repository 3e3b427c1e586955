"""The dataset card: what a reader of the Hub sees first. Every number in it is of the version's own
files, and what others wrote is text in it, never markup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.versions.card import licences, made, mixed, rows, trust, use
from factory.versions.card.front_matter import front_matter
from factory.versions.card.licences import License
from factory.versions.card.markdown import count, text
from factory.versions.folder import picture_of
from factory.versions.manifest import Manifest
from factory.versions.statistics import read_statistics

__all__ = ["card", "licence_of"]


def licence_of(folder: Path, manifest: Manifest) -> License:
    """The licence of a version's rows."""
    return licences.license_of(licences.by_rows(manifest, read_statistics(folder)))


def card(folder: Path, manifest: Manifest) -> str:
    """The card of a version, from its folder and what its manifest says.

    Args:
        folder: with rows, statistics and picture written.
        manifest: of the version, with the name it is published under and the repository, if any.
    """
    told, licence = read_statistics(folder), licence_of(folder, manifest)
    picture = picture_of(folder)
    sections = [
        use.load(folder, manifest),
        use.changes(manifest),
        mixed.how(manifest) if manifest.mix else made.how(manifest),
        made.funnel(manifest, picture.name if picture.exists() else None),
        made.sources(manifest, told),
        rows.distributions(told),
        rows.lengths(told),
        rows.pass_rates(told),
        rows.columns(folder),
        mixed.contamination(manifest) if manifest.mix else trust.contamination(manifest),
        trust.filters_precision(manifest),
        trust.tests(manifest),
        trust.students(manifest),
        trust.limits(manifest, told),
        trust.licences(manifest, told, licence),
        use.verify(manifest),
        made.cost(manifest),
        use.software(manifest),
        use.cite(manifest),
    ]
    head = front_matter(folder, manifest, told, licence)
    return "\n".join([head, _title(manifest, told), *(part for part in sections if part)])


def _title(manifest: Manifest, told: Mapping[str, Any]) -> str:
    """What it is, in a paragraph."""
    version = manifest.version or (f"v{manifest.number}" if manifest.number else None)
    title = f"# {text(manifest.name)}" + (f", version {text(version)}" if version else "")
    names = [text(teacher.name) for teacher in manifest.teachers]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    by = f" written by {shown}" if names else ""
    left = f"{count(manifest.rows, 'reasoning trace')}{by}"
    entered = manifest.rules[0].entering if manifest.rules else manifest.cost.draws
    of = f", chosen from {count(entered, 'draw')}" if entered > manifest.rows else ""
    prompts = told.get("prompts")
    questions = f", on {count(prompts, 'question')}" if prompts else ""
    parts = ", ".join(f"{text(count)} {text(name)}" for name, count in manifest.splits.items())
    splits = f" Splits: {parts}." if len(manifest.splits) > 1 else ""
    if manifest.mix:
        return f"{title}\n\n{text(manifest.rows)} rows {mixed.about(manifest)}{splits}\n"
    return (
        f"{title}\n\n{left}{questions}{of}: judged by verifiers, measured by filters, each with "
        f"what was measured of it. Rows are conversations: what was asked, then the reply, its "
        f"thinking between `<think>` and `</think>`.{splits}\n"
    )
