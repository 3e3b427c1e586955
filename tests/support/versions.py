"""Dataset versions that tests write, with as little told of them as there can be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from factory.records import now
from factory.versions.folder import decisions_of, manifest_of, provenance_of
from factory.versions.layout import write_plain
from factory.versions.manifest import Cost, Manifest
from factory.versions.provenance import statement
from factory.versions.write import Draft, files


def described(decisions: pl.DataFrame, **told: Any) -> Callable[[Draft], Manifest]:
    """What `write` asks for: the record of decisions, and a manifest of what is known."""

    def describe(draft: Draft) -> Manifest:
        write_plain(decisions, decisions_of(draft.folder))
        return manifest(
            number=draft.number, digest=draft.digest, rows=draft.rows, splits=draft.splits,
            parent=draft.parent, made_by=draft.made_by, cost=Cost(draws=decisions.height), **told,
        )  # fmt: skip

    return describe


def manifest(**told: Any) -> Manifest:
    """A manifest of a version without rows, but for what is told."""
    plain: dict[str, Any] = {
        "name": "trial", "number": 1, "digest": "0" * 64, "rows": 0, "splits": {},
        "created": now(), "made_by": {}, "recipe": {}, "inputs": [], "teachers": [],
        "sampling": {}, "measures": {}, "rules": [], "cost": Cost(draws=0), "ledger": {},
        "software": {}, "files": {},
    }  # fmt: skip
    return Manifest(**plain | told)


def repair(version: Path, **told: Any) -> None:
    """Make the manifest say what the folder has now, and sign that; `told`: what else it says."""
    plain = json.loads(manifest_of(version).read_bytes()) | told
    manifest = Manifest.model_validate(plain).model_copy(update={"files": files(version)})
    manifest_of(version).write_text(manifest.model_dump_json(indent=1))
    provenance_of(version).write_text(statement(version, manifest))
