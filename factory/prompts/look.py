"""What a run will say of its prompts, from the first rows of each source: for `factory check`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from factory.prompts.collect import Taken, check_enough, take
from factory.prompts.readers import read
from factory.recipe.sources import Files, Hub, ReasoningGym, Source

ROWS = 1_000
"""Rows of a source that are looked at."""
PROGRAMS = 20
"""The same, where a row's own program may be run to try its tests."""


def told(sources: Sequence[Source], seed: int, base: Path) -> list[str]:
    """A line for each source: how many of its first rows would become prompts, and why others not.

    Datasets on the Hub are not asked for. Questions that come again are found between sources, too.

    Args:
        sources: the recipe's prompts.
        seed: the recipe's seed, which generators start from.
        base: folder that relative paths start from.

    Raises:
        RecipeError: what the run refuses: a file, column or task that is not there, or a source
            that was read to its end and gives too few prompts.
    """
    kept: dict[str, tuple[int, str]] = {}
    instructions = {source.instruction for source in sources if source.instruction}
    lines = []
    for source, label in zip(sources, labels(sources), strict=True):
        if isinstance(source, Hub) and source.folder(base) is None:
            lines.append(f"{label}: on the Hub, it was not looked at")
            continue
        drafts = read(source, seed, base)
        if isinstance(source, ReasoningGym):
            continue  # its task and options were tried; it makes as many rows as are wanted
        most = PROGRAMS if source.verifier == "code" or ":" in source.verifier else ROWS
        found = take(source, islice(drafts, most), kept, instructions)
        more = next(drafts, None) is not None and found.prompts.height != source.rows
        if not more:
            check_enough(source, found)
        lines.append(f"{label}: {_said(found, more)}")
    return lines


def labels(sources: Sequence[Source]) -> list[str]:
    """What messages call each source: with what tells it from another of its name, if any."""
    names = [source.label for source in sources]
    return [
        f"{name} ({_which(source)})" if names.count(name) > 1 else name
        for source, name in zip(sources, names, strict=True)
    ]


def _which(source: Source) -> str:
    """What tells a source from another of its name."""
    if isinstance(source, ReasoningGym):
        return f"{source.rows:,} rows"
    return ", ".join(source.paths) if isinstance(source, Files) else source.split


def _said(found: Taken, more: bool) -> str:
    good, aside = found.prompts.height, found.set_aside
    rows = f"{found.read:,} rows" if found.read != 1 else "1 row"
    seen = f"of its first {rows}" if more else f"of {rows}"
    would = "becomes a prompt" if good == 1 else "become prompts"
    line = f"{seen}, {good:,} {would}"
    if aside.is_empty():
        line = f"{'its' if found.read == 1 else 'all'} {seen if more else rows} {would}"
    for reason, count in aside["reason"].value_counts(sort=True).iter_rows():
        line += f", {count:,} {reason}"
    for place, detail in aside.select("place", "detail").head(1).iter_rows():
        line += f"; first set aside: {place}: {detail}"
    return line + ("; the rest was not looked at" if more else "")
