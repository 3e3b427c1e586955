"""The statement over a version: what in-toto and SLSA want is there, and its digests are right."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of
from versions import manifest

from factory.versions.folder import manifest_of, provenance_of
from factory.versions.manifest import Cost, Input, Manifest, Teacher, json_schema, read
from factory.versions.provenance import statement

URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HEX = re.compile(r"[0-9a-f]{32,}")
REVISION = "e53f048856ff4f594e959d75785d2c2d37b678ee"


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    context = run_of(folder, {"p": [(RIGHT, YES), (WRONG, NO)]})
    made(context)
    found = context.run.current_version()
    assert found
    return found


def is_statement(told: dict[str, Any]) -> None:
    """The fields that the two specifications want, and the forms of those that may be there."""
    assert set(told) == {"_type", "subject", "predicateType", "predicate"}
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    names = [subject["name"] for subject in told["subject"]]
    assert len(names) == len(set(names)) > 0
    assert all(HEX.fullmatch(subject["digest"]["sha256"]) for subject in told["subject"])
    assert set(told["predicate"]) == {"buildDefinition", "runDetails"}
    build, run = told["predicate"]["buildDefinition"], told["predicate"]["runDetails"]
    assert URI.fullmatch(build["buildType"])
    assert build["externalParameters"]
    assert set(build) <= {"buildType", "externalParameters", "internalParameters",
                          "resolvedDependencies"}  # fmt: skip
    assert URI.fullmatch(run["builder"]["id"])
    assert set(run) <= {"builder", "metadata", "byproducts"}
    assert set(run["metadata"]) <= {"invocationId", "startedOn", "finishedOn"}
    assert all(TIME.fullmatch(run["metadata"][key]) for key in ("startedOn", "finishedOn")
               if key in run["metadata"])  # fmt: skip
    for resource in [*build["resolvedDependencies"], *run["byproducts"]]:
        known = {"uri", "digest", "name", "downloadLocation", "mediaType", "content", "annotations"}
        assert set(resource) <= known
        assert {"uri", "digest", "content"} & set(resource), "a descriptor needs one of them"
        assert "uri" not in resource or URI.fullmatch(resource["uri"])
        assert all(HEX.fullmatch(value) for value in resource.get("digest", {}).values())


def test_a_version_s_statement_is_one_and_covers_every_file(version: Path):
    told = json.loads(provenance_of(version).read_bytes())
    is_statement(told)
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in told["subject"]}
    assert digests.pop("rows") == read(version).digest
    files = [f for f in version.rglob("*") if f.is_file() and f != provenance_of(version)]
    assert digests == {
        str(file.relative_to(version)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def test_all_that_rows_came_from_is_told(tmp_path: Path):
    hub: dict[str, Any] = {
        "what": "prompts",
        "name": "gsm8k",
        "origin": "openai/gsm8k",
        "revision": REVISION,
    }
    teacher: dict[str, Any] = {
        "name": "org/r1",
        "revision": REVISION,
        "digest": "b" * 32,
        "template": "{{ x }}",
    }
    whole = manifest(
        recipe={"name": "trial"}, software={"polars": "2.1.0", "commit": f"{REVISION}+changed"},
        inputs=[Input(**hub, digest="a" * 32, rows=9, license="MIT"),
                Input(what="benchmark", name="own", origin="q.jsonl", digest="c" * 32, rows=2,
                      files={"q.jsonl": "d" * 64})],
        teachers=[Teacher(**teacher, draws=5, rows=2)], cost=Cost(draws=5),
        judge={"name": "judge", "revision": None, "digest": "f" * 32, "template": None},
    )  # fmt: skip
    manifest_of(tmp_path).write_text(whole.model_dump_json())
    told = json.loads(statement(tmp_path, whole))
    is_statement(told)
    found = told["predicate"]["buildDefinition"]["resolvedDependencies"]
    by_name = {resource["name"]: resource for resource in found}
    assert by_name["prompts gsm8k"]["uri"] == f"hf://datasets/openai/gsm8k@{REVISION}"
    assert by_name["benchmark own: q.jsonl"]["digest"] == {"sha256": "d" * 64}
    assert by_name["teacher org/r1"]["digest"]["gitCommit"] == REVISION
    template = hashlib.sha256(b"{{ x }}").hexdigest()
    assert by_name["teacher org/r1, its chat template"]["digest"]["sha256"] == template
    assert by_name["reasoning-factory, its code"]["annotations"] == {"changed": True}
    assert {"judge judge", "polars"} <= by_name.keys()


def test_a_manifest_is_as_its_schema_says(version: Path):
    import jsonschema

    told, schema = json.loads(manifest_of(version).read_bytes()), json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told | {"home": "/home/me"}, schema)
    assert Manifest.model_validate(told)
