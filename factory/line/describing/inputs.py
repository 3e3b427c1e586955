"""Where the questions of a version came from, and those that no row may have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from factory.line.context import Context
from factory.prompts.origins import Origin, Origins, origins
from factory.recipe.sources import Source
from factory.records import rows_digest
from factory.versions.manifest import Input


def inputs(context: Context, asked: pl.DataFrame) -> list[Input]:
    """The sources of prompts, then the benchmarks, each with a digest of what was read of it."""
    recipe, run = context.recipe, context.run
    known = {origin.source: origin for origin in _read(context, "prompts", recipe.prompts)}
    found = [
        _input("prompts", name, known.get(name), rows)
        for (name,), rows in asked.group_by("source", maintain_order=True)
    ]
    if recipe.benchmarks:
        items = run.benchmarks()
        known = {
            origin.source: origin for origin in _read(context, "benchmarks", recipe.benchmarks)
        }
        found += [
            _input("benchmark", name, known.get(name), rows)
            for (name,), rows in items.group_by("benchmark", maintain_order=True)
        ]
    return found


def _read(context: Context, stage: str, sources: Sequence[Source]) -> list[Origin]:
    """As it was noted when they were read. A run of an older version has noted nothing: as they are
    now, and where their files are gone nothing but their names is known."""
    noted: Path = context.run.origins(stage)
    if noted.exists():
        return Origins.model_validate_json(noted.read_bytes()).origins
    try:
        return origins(sources, context.home).origins
    except (OSError, ValueError):
        return []


def _input(
    what: Literal["prompts", "benchmark"], name: Any, origin: Origin | None, rows: pl.DataFrame
) -> Input:
    told = origin.model_dump(exclude={"source"}) if origin else {"origin": str(name)}
    held_out = (rows["split"] == "held_out").sum() if "split" in rows.columns else 0
    digest = rows_digest([rows])
    return Input(what=what, name=name, digest=digest, rows=rows.height, held_out=held_out, **told)
