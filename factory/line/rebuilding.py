"""A version made again from the stored samples, as its manifest says, and compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from factory.line import selecting
from factory.line.as_then import opened, recipe_then
from factory.line.context import Context
from factory.line.dataset_stages import decide, made_by, rows_of
from factory.line.describing import describe
from factory.progress import Report
from factory.run_folder import RunFolder
from factory.versions.ahead import ahead
from factory.versions.content import ContentDigest
from factory.versions.folder import index_of
from factory.versions.manifest import Manifest
from factory.versions.write import write
from filters import own

SHOWN = 3
"""Ids that are named of rows that differ."""
WORDS = {
    "filters": "the rules",
    "measures": "the versions of measures",
    "choice": "how rows are chosen and put together in this program",
    "prompts": "the prompt table",
    "teacher": "the teacher that the run names",
    "draws": "what draws say, or their verdicts",
    "select": "the selection",
    "order": "the order",
    "seed": "the seed",
    "pass_rates": "the pass rates that selection goes by",
    "judge": "the judge that the run names",
    "compared": "what was compared",
    "verdicts": "the rounds of verdicts",
}
"""What of `made_by` each key tells."""


class Rebuilt(NamedTuple):
    """What came of making a version again."""

    digest: str
    """Of the rows as they were made now."""
    rows: int
    differs: list[str]
    """What is another than it was, in words."""
    folder: Path | None
    """The version that was written."""


def rebuild(
    run: RunFolder, manifest: Manifest, version: Path, into: Path | None, report: Report
) -> Rebuilt:
    """Make a version's rows again; nothing in the run or the version changes.

    Args:
        version: its folder; beside its manifest, the record of decisions says which draws counted,
            and the index what each row was.
        into: a folder to write a version into, as v1; None: compare only.

    Raises:
        StageError: the run has no prompts or samples to make rows from, or the rules are unknown.
    """
    recipe, home = recipe_then(run, manifest)
    own.look_in(home)
    with tempfile.TemporaryDirectory(dir=into and _made(into)) as scratch:
        then, differs = opened(run, recipe, manifest, version, Path(scratch))
        context = Context(recipe, home, then, "dataset", report, say=lambda words: None)
        asked = then.prompts()
        made = decide(context, asked)
        chosen = made.decided.filter(fate="chosen")
        laid, placement = selecting.laid_out(context, chosen, asked, None)
        by = made_by(context, asked)
        rows = partial(rows_of, context, laid, asked)
        if into:
            told = partial(describe, context, made)
            folder, again = write(into, rows, by, told, placement=placement)
            digest, index = again.digest, pl.read_parquet(index_of(folder))
        else:
            content, folder = ContentDigest(), None
            for table in ahead(rows(Path(scratch) / "rows")):
                content.add(table)
            digest, index = content.hexdigest(), content.each()
    differs += _makers(manifest.made_by, by, "; ".join(differs))
    if digest != manifest.digest:
        differs += _rows(version, index)
    return Rebuilt(digest, index.height, differs, folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _makers(was: dict[str, Any], now: dict[str, Any], told: str) -> Iterator[str]:
    """Makers that are others now, but for what was told more exactly."""
    for key in dict.fromkeys([*was, *now]):
        if was.get(key) == now.get(key):
            continue
        if key == "draws" and "draws are gone" in told:
            continue
        if key in ("measures", "prompts", "compared", "verdicts") and told:
            continue
        yield f"{WORDS.get(key, key)} differ from then ({_shown(was, now, key)})"


def _shown(was: dict[str, Any], now: dict[str, Any], key: str) -> str:
    return f"{key}: {_short(was.get(key))} then, {_short(now.get(key))} now"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _rows(version: Path, now: pl.DataFrame) -> Iterator[str]:
    """Rows that are not as they were, counted and some of them named."""
    if not index_of(version).exists():
        yield "no rows.parquet is beside the manifest to say which rows differ"
        return
    was = pl.read_parquet(index_of(version), columns=["sample_id", "digest"])
    both = was.join(now.select("sample_id", "digest"), on="sample_id", suffix="_now")
    changed = both.filter(pl.col("digest") != pl.col("digest_now"))
    for words, rows in (
        ("rows of then were not made", was.join(now, on="sample_id", how="anti")),
        ("rows were made that it has not", now.join(was, on="sample_id", how="anti")),
        ("rows have the same id and another content", changed),
    ):
        if rows.height:
            ids = ", ".join(rows["sample_id"].sort()[:SHOWN])
            yield f"{rows.height:,} {words}, as {ids}"
