"""A version in Croissant's form, 1.1: files, columns, and by PROV-O where it came from.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. Paths are relative to the file,
so that it is as true of a folder as of a repository at a tag.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.versions.card import licence_of
from factory.versions.card.front_matter import forms_of
from factory.versions.card.use import bibtex
from factory.versions.card.words import REPOSITORY
from factory.versions.folder import DEFAULT, license_of, manifest_of, recipe_of, shards_of
from factory.versions.manifest import Input, Manifest, Teacher

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
CROISSANT_S = (
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)
"""Words of Croissant's own, which its context names one by one."""
PARQUET = "application/x-parquet"
HUB = "https://huggingface.co/"
OWN = "urn:reasoning-factory:"


def croissant(folder: Path, manifest: Manifest) -> str:
    """The version as Croissant, JSON-LD."""
    forms = forms_of(folder)
    told = {
        "@context": context(),
        "@type": "sc:Dataset",
        "name": manifest.name,
        "description": f"{manifest.rows:,} reasoning traces, judged by verifiers and chosen by "
        f"filters. Content digest (sha256 over rows): {manifest.digest}.",
        "conformsTo": CONFORMS_TO,
        "license": _license(folder, manifest),
        "url": f"{HUB}datasets/{manifest.repo}" if manifest.repo else f"{OWN}{manifest.digest}",
        "version": _version(manifest),
        "datePublished": manifest.created[:10],
        "creator": {"@type": "sc:Organization", "name": _creator(manifest)},
        "citeAs": bibtex(manifest),
        "isLiveDataset": False,
        "prov:wasDerivedFrom": [_entity(source) for source in manifest.inputs] or None,
        "prov:wasAttributedTo": [_agent(teacher) for teacher in manifest.teachers] or None,
        "prov:wasGeneratedBy": _activity(folder, manifest),
        "distribution": [part for form in forms for part in _files(folder, manifest, form)],
        "recordSet": [_record_set(folder, form) for form in forms],
    }
    whole = {key: value for key, value in told.items() if value is not None}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def context() -> dict[str, Any]:
    """What Croissant 1.1 wants as `@context`, and PROV-O."""
    own = {word: f"cr:{word}" for word in CROISSANT_S}
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        **own,
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "description": {"@container": "@language"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "name": {"@container": "@language"},
    }


def _version(manifest: Manifest) -> str:
    """Croissant wants three numbers, where a version has no name yet."""
    return manifest.version or f"0.{manifest.number or 0}.0"


def _creator(manifest: Manifest) -> str:
    return manifest.repo.partition("/")[0] if manifest.repo else "not stated"


def _license(folder: Path, manifest: Manifest) -> str:
    found = licence_of(folder, manifest)
    return license_of(folder).name if found.own_file else found.id


def _entity(source: Input) -> dict[str, Any]:
    """A source of questions, or a benchmark that they were compared with."""
    told: dict[str, Any] = {"@type": "prov:Entity", "name": source.name}
    if REPOSITORY.fullmatch(source.origin) and not source.files:
        told |= {"@id": f"{HUB}datasets/{source.origin}", "version": source.revision}
    else:
        told |= {"@id": f"{OWN}rows:{source.digest or source.name}", "version": None}
    used = "compared with, no row is from it" if source.what == "benchmark" else "questions"
    told |= {"description": f"{used}: {source.origin}", "license": source.license}
    return {key: value for key, value in told.items() if value is not None}


def _agent(teacher: Teacher) -> dict[str, Any]:
    """A model that wrote rows."""
    there = teacher.revision and REPOSITORY.fullmatch(teacher.name)
    told = {
        "@type": "prov:SoftwareAgent",
        "@id": f"{HUB}{teacher.name}" if there else f"{OWN}model:{teacher.digest}",
        "name": teacher.name,
        "version": teacher.revision,
    }
    return {key: value for key, value in told.items() if value is not None}


def _activity(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """The run that made it, by which program and which recipe."""
    version = manifest.software.get("reasoning-factory", "")
    told = {
        "@type": "prov:Activity",
        "@id": f"{OWN}build:{manifest.digest}",
        "name": f"{manifest.name}: drawn, judged, filtered, chosen",
        "prov:startedAtTime": manifest.started,
        "prov:endedAtTime": manifest.created,
        "prov:used": [{"@id": recipe_of(folder).name}, {"@id": manifest_of(folder).name}],
        "prov:wasAssociatedWith": {
            "@type": "prov:SoftwareAgent",
            "@id": "https://pypi.org/project/reasoning-factory/",
            "name": "reasoning-factory",
            "version": manifest.software.get("commit", version),
        },
    }
    return {key: value for key, value in told.items() if value is not None}


def _files(folder: Path, manifest: Manifest, form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The files of a form, each with its digest, and all of them together."""
    name, home = form["config_name"], _home(form["config_name"])
    for file in shards_of(folder, form=home):
        path = str(file.relative_to(folder))
        told = {
            "@type": "cr:FileObject",
            "@id": path,
            "name": file.name,
            "contentUrl": path,
            "contentSize": f"{file.stat().st_size} B",
            "encodingFormat": PARQUET,
        }
        known = manifest.files.get(path)
        yield told | ({"sha256": known.sha256} if known else {})
    yield {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "description": f"All files of the form {name}.",
        "encodingFormat": PARQUET,
        "includes": f"{home}/*.parquet",
    }


def _home(config: str) -> str:
    return DEFAULT if config == "default" else config


def _record_set(folder: Path, form: dict[str, Any]) -> dict[str, Any]:
    import pyarrow.parquet as pq

    name = form["config_name"]
    schema = pq.read_schema(shards_of(folder, form=_home(name))[0])
    fields = [_field(f"{name}/{each.name}", each.name, each.type, name) for each in schema]
    if "split" not in schema.names:
        fields.append(_split(name))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"Rows of the form {name}, of all splits.",
        **({"key": {"@id": f"{name}/sample_id"}} if "sample_id" in schema.names else {}),
        "field": [field for field in fields if field],
    }


def _split(config: str) -> dict[str, Any]:
    """The split of a row, which the name of its file tells."""
    return {
        "@type": "cr:Field",
        "@id": f"{config}/split",
        "name": "split",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": f"{config}-files"},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": r"^(\w+)-.*\.parquet$"},
        },
    }


def _field(id: str, column: str, kind: Any, config: str, path: str = "") -> dict[str, Any] | None:
    """A column, or a part of one that is nested; None for a kind that Croissant has no word for."""
    import pyarrow as pa

    inner, several = kind, pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if several:
        inner = kind.value_type
    told: dict[str, Any] = {"@type": "cr:Field", "@id": id, "name": id.rpartition("/")[2]}
    if several:
        told |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(inner) and not path:
        parts = (_field(f"{id}/{p.name}", column, p.type, config, p.name) for p in inner)
        return told | {"subField": [part for part in parts if part]}
    if (word := _word(inner)) is None:
        return None
    source: dict[str, Any] = {
        "fileSet": {"@id": f"{config}-files"},
        "extract": {"column": column},
    }
    if path:
        source["transform"] = {"jsonPath": path}
    return told | {"dataType": word, "source": source}


def _word(kind: Any) -> str | None:
    import pyarrow as pa

    words = (
        (pa.types.is_boolean, "sc:Boolean"),
        (pa.types.is_integer, "sc:Integer"),
        (pa.types.is_floating, "sc:Float"),
        (pa.types.is_string, "sc:Text"),
        (pa.types.is_large_string, "sc:Text"),
    )
    return next((word for is_one, word in words if is_one(kind)), None)
