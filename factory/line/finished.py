"""What a finished stage leaves: its record, and the fingerprint of what it read."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from factory import ledger
from factory.line.context import Context, Line
from factory.line.done import Done
from factory.line.table import Stage
from factory.progress import Report
from factory.recipe import Recipe
from factory.records import digest, now
from factory.run_folder import RunFolder
from factory.store.shards import write_text
from factory.versions.software import program


def fingerprint(stage: Stage, recipe: Recipe, home: Path, done: dict[str, Done]) -> str:
    """Digest of all that the stage reads; `done` must hold those it needs that are wanted."""
    section, outside = _plain(stage.reads(recipe)), stage.outside(recipe, home)
    return digest(
        stage.name, section, outside, [done[name].output for name in stage.needs if name in done]
    )


def finished(run: RunFolder, stage: Stage) -> Done | None:
    """What the stage's folder says, or None when it is not finished or its files are not there."""
    marker = run.done(stage.name)
    if not marker.exists():
        return None
    done = Done.model_validate_json(marker.read_bytes())
    sizes = ((marker.parent / path, size) for path, size in done.files.items())
    whole = all(file.is_file() and file.stat().st_size == size for file, size in sizes)
    return done if whole else None


def claim(run: RunFolder, stage: Stage, print_of: str) -> Done | None:
    """Bring the stage's folder to this fingerprint; returns its record when it is already finished
    and misses nothing.

    Unfinished work of the same fingerprint stays, to be taken up again. Work of another is moved
    to `old/NAME-FINGERPRINT`, and comes back from there when the recipe goes back.
    """
    folder, note = run.stage(stage.name), run.claim(stage.name)
    if not stage.keeps:
        if note.exists() and note.read_text() != print_of:
            away = run.aside(stage.name, note.read_text())
            away.parent.mkdir(exist_ok=True)
            folder.rename(away)
        aside = run.aside(stage.name, print_of)
        if not folder.exists() and aside.exists():
            aside.rename(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = note.with_name(f"{note.name}.tmp")
    fresh.write_text(print_of)
    fresh.rename(note)  # a full disk must not leave it empty: work would be moved away for it
    run.failure(stage.name).unlink(missing_ok=True)
    done = finished(run, stage)
    return done if done and done.fingerprint == print_of and not done.missing else None


def make(
    stage: Stage,
    recipe: Recipe,
    home: Path,
    run: RunFolder,
    report: Report,
    say: Callable[[str], None] = print,
    line: Line | None = None,
) -> Done:
    """Do the stage's work in its claimed folder, check its sums, and write its `stage.json`.

    `line` runs recipes, for a stage that is a run of its own.

    Raises:
        LedgerError: when a sum does not close; the stage is then not finished.
    """
    began, started = now(), time.monotonic()
    folder, done, claim = run.stage(stage.name), run.done(stage.name), run.claim(stage.name)
    done.unlink(missing_ok=True)
    result = stage.make(Context(recipe, home, run, stage.name, report, say, line))
    ledger.check(stage.name, result.accounts)
    record = Done(
        fingerprint=claim.read_text(),
        output=result.output,
        note=result.note,
        accounts=result.accounts,
        started=began,
        command=run.command(),
        program=program(),
        seconds=round(time.monotonic() - started, 1),
        files={
            str(file.relative_to(folder)): file.stat().st_size
            for file in result.files or sorted(folder.rglob("*"))
            if file.is_file() and file != claim
        },
        missing=result.missing,
    )
    write_text(record.model_dump_json(indent=1), done)
    return record


def _plain(section: Any) -> Any:
    """A part of a recipe as JSON-able values."""
    if isinstance(section, BaseModel):
        return section.model_dump(mode="json")
    return [_plain(part) for part in section] if isinstance(section, list | tuple) else section
