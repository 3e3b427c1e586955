"""The statement of who made which files from what: in-toto Statement v1, SLSA provenance v1.

https://in-toto.io/Statement/v1 and https://slsa.dev/spec/v1.0/provenance. Whoever holds a key signs
it as it is; the subjects are the version's files, its manifest included, and its set of rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.versions.folder import decisions_of, funnel_of, index_of, manifest_of, statistics_of
from factory.versions.manifest import Input, Manifest, Teacher

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:reasoning-factory:dataset-version:1"
"""The recipe is all that a person gives; stages draw, judge, measure and choose as it says."""
BUILDER = "urn:reasoning-factory:builder"
ROWS = "rows"
"""Subject: the set of rows. Its sha256 is over the rows' own, as `factory/versions/content.py`
tells."""
OWN_DIGEST = "blake2b-128"
"""What a run's own digests are: of 16 bytes, over rows or files (`factory/records.py`)."""


def statement(folder: Path, manifest: Manifest) -> str:
    """The statement over all files of a version, its manifest included, as JSON."""
    own = hashlib.sha256(manifest_of(folder).read_bytes()).hexdigest()
    digests = {name: file.sha256 for name, file in manifest.files.items()}
    digests |= {manifest_of(folder).name: own, ROWS: manifest.digest}
    told = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": d}} for name, d in digests.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"recipe": manifest.recipe},
                "internalParameters": {
                    "measures": manifest.measures,
                    "seeds": manifest.seeds,
                    "madeBy": manifest.made_by,
                },
                "resolvedDependencies": list(_dependencies(manifest)),
            },
            "runDetails": _run(folder, manifest),
        },
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def _run(folder: Path, manifest: Manifest) -> dict[str, Any]:
    times = {"startedOn": manifest.started, "finishedOn": manifest.created}
    made = f"{manifest.name}/v{manifest.number}" if manifest.number else manifest.name
    aside = [of(folder).name for of in (decisions_of, funnel_of, statistics_of, index_of)]
    return {
        "builder": {"id": BUILDER, "version": manifest.software},
        "metadata": {
            "invocationId": f"{made}@{manifest.created}",
            **{name: time for name, time in times.items() if time},
        },
        "byproducts": [
            {"name": name, "digest": {"sha256": manifest.files[name].sha256}}
            for name in aside
            if name in manifest.files
        ],
    }


def _dependencies(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """All that the rows were made from, each with a digest or an address of its own."""
    for source in manifest.inputs:
        yield from _input(source)
    for teacher in manifest.teachers:
        yield from _model("teacher", teacher)
    if told := manifest.judge:
        known: dict[str, Any] = {
            key: told.get(key) for key in ("name", "revision", "digest", "template")
        }
        yield from _model("judge", Teacher(**known, draws=0, rows=0))
    if parent := manifest.parent:
        name = f"parent version {parent.version or parent.number or ''}".strip()
        yield {"name": name, "digest": {"sha256": parent.digest}}
    for package, version in manifest.software.items():
        if package != "commit":
            yield {"name": package, "uri": f"pkg:pypi/{package}@{version}"}
    if commit := manifest.software.get("commit"):
        digest = {"gitCommit": commit.partition("+")[0]}
        changed = {"annotations": {"changed": True}} if "+" in commit else {}
        yield {"name": "reasoning-factory, its code", "digest": digest, **changed}


def _input(source: Input) -> Iterator[dict[str, Any]]:
    told = {"what": source.what, "split": source.split, "config": source.config}
    told |= {"rows": source.rows, "license": source.license, "options": source.options}
    name = f"{source.what} {source.name}"
    notes = {key: value for key, value in told.items() if value not in (None, {})}
    read = {OWN_DIGEST: source.digest} if source.digest else {}
    if source.revision:
        uri = f"hf://datasets/{source.origin}@{source.revision}"
        digest = {"gitCommit": source.revision, **read}
        yield {"name": name, "uri": uri, "digest": digest, "annotations": notes}
    elif read:
        notes |= {"origin": source.origin}
        yield {"name": name, "digest": read, "annotations": notes}
    for file, sha256 in source.files.items():
        yield {"name": f"{name}: {file}", "digest": {"sha256": sha256}}


def _model(part: str, model: Teacher) -> Iterator[dict[str, Any]]:
    name, digest = f"{part} {model.name}", {OWN_DIGEST: model.digest}
    notes = {"license": model.license, "madeFrom": model.made_from}
    notes = {key: value for key, value in notes.items() if value}
    more: dict[str, Any] = {"annotations": notes} if notes else {}
    if model.revision:
        more |= {"uri": f"hf://{model.name}@{model.revision}"}
        digest |= {"gitCommit": model.revision}
    yield {"name": name, "digest": digest, **more}
    if model.template:
        sha256 = hashlib.sha256(model.template.encode()).hexdigest()
        yield {"name": f"{name}, its chat template", "digest": {"sha256": sha256}}
