"""What only a run knows of a sample: its prompt's row, how it was drawn and judged, its versions,
and what students were trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from factory.audit.reading.rows import key_of
from factory.hub.published import published_in
from factory.run_folder import RunFolder
from factory.store import verdicts
from factory.store.draws import Draws
from factory.versions.folder import decisions_of, index_of

DRAWN = (
    "seed", "attempt", "settings", "finish_word", "forced_tokens", "begun_tokens", "logprob",
    "verdict", "verdict_reason", "answer", "verdict_seconds",
)  # fmt: skip
"""What is read of the stored draw."""
ASKED = ("verifier", "reference", "license", "instruction", "meta", "split")
"""What is read of the prompt."""
STUDENTS = ("student", "control")
Told = dict[str, Any]


def told(run: RunFolder, sample: Told) -> Told:
    """All of it: `prompt`, `draw`, `verdicts`, `versions`, `training`."""
    id = sample["sample_id"]
    drawn = _drawn(run, id)
    return {
        "prompt": _prompt(run, sample["prompt_id"]),
        "draw": {
            name: drawn.get(name) for name in DRAWN if not name.startswith(("verdict", "ans"))
        },
        "verdicts": list(_verdicts(run, id, drawn, sample)),
        "versions": list(_versions(run, id)),
        "training": list(_training(run, id)),
    }


def stored(run: RunFolder, beginning: str) -> str | None:
    """The id of a stored draw that begins so, whether it counts now or not; None where none, or
    several, do."""
    ids = _draws(run, ()).read(("sample_id",))["sample_id"]
    several = ids.filter(ids.str.starts_with(beginning))
    return several[0] if several.len() == 1 else None


def _draws(run: RunFolder, rounds: tuple[()] | Path) -> Draws:
    recipe, _ = run.recipe()
    return Draws(run.shards("samples", recipe.sampling.shards), rounds)


def _prompt(run: RunFolder, prompt_id: str) -> Told:
    table = pl.scan_parquet(run.prompt_table)
    names = [name for name in ASKED if name in table.collect_schema()]
    rows = table.filter(pl.col("prompt_id") == prompt_id).select(names).collect()
    found = rows.row(0, named=True) if rows.height else {}
    found["key"] = key_of(found.get("reference"))
    if found.get("meta"):
        found["meta"] = json.loads(found["meta"])
    return found


def _drawn(run: RunFolder, id: str) -> Told:
    """The draw as it was stored, by the verdict that was given first."""
    rows = _draws(run, ()).read(DRAWN, pl.DataFrame({"sample_id": [id]}))
    return rows.row(0, named=True) if rows.height else {}


def _verdicts(run: RunFolder, id: str, drawn: Told, sample: Told) -> Iterator[Told]:
    """What was said of it, first by whom the sampler asked, then in later rounds."""
    given: list[Told] = []
    if drawn:
        given.append({"round": "first", **_given(drawn)})
    folder = run.rounds("samples")
    for name in verdicts.applied(folder):
        own = verdicts.of_round(folder, name).filter(sample_id=id)
        given += ({"round": name, **_given(row)} for row in own.iter_rows(named=True))
    now = (sample["verdict"], sample["verdict_reason"])
    same = [at for at, one in enumerate(given) if (one["verdict"], one["reason"]) == now]
    yield from (one | {"counts": at == (same or [-1])[-1]} for at, one in enumerate(given))


def _given(row: Told) -> Told:
    return {
        "verifier": row.get("verifier"),
        "verdict": row["verdict"],
        "reason": row["verdict_reason"],
        "answer": row["answer"],
        "seconds": row["verdict_seconds"],
    }


def _versions(run: RunFolder, id: str) -> Iterator[Told]:
    """Its fate in each version of the run."""
    names = ("fate", "dropped_by", "spare_by", "reasons")
    home, current = run.stage("dataset"), run.current_version()
    public = {one.number: f"{one.repo}@{one.version}" for one in published_in(home)}
    for number, folder in run.versions().items():
        told: Told = {"version": f"v{number}", "published": public.get(number)}
        told["current"] = folder == current
        file = decisions_of(folder)
        own = _row(file, id, names) if file.exists() else None
        if own is None:
            yield told | {"fate": None}
            continue
        told |= own
        index = index_of(folder)
        place = _row(index, id, ("split", "shard")) if index.exists() else None
        yield told | (place or {"split": None, "shard": None})


def _training(run: RunFolder, id: str) -> Iterator[Told]:
    """What became of its row where a student was trained on it."""
    for name in STUDENTS:
        file = run.training_rows(name)
        own = _row(file, id, ("fate", "tokens", "trained_tokens")) if file.exists() else None
        yield {"model": name, "trained": file.exists()} | (own or {"fate": None})


def _row(file: Path, id: str, names: tuple[str, ...]) -> Told | None:
    """These columns of a sample in a table; None where it has no row."""
    table = pl.scan_parquet(file)
    there = [name for name in names if name in table.collect_schema()]
    rows = table.filter(pl.col("sample_id") == id).select(there).collect()
    return rows.row(0, named=True) if rows.height else None
