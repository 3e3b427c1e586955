"""The card's YAML: what the Hub shows, searches and loads by. All of it is read from the files."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.versions.card.licences import License
from factory.versions.card.words import REPOSITORY, TASKS, is_language, size_of
from factory.versions.folder import DEFAULT, license_of, shards_of
from factory.versions.formats.configs import configs
from factory.versions.manifest import Manifest

TAGS = ("reasoning", "distillation", "synthetic", "reasoning-factory")


def front_matter(
    folder: Path, manifest: Manifest, told: Mapping[str, Any], licence: License
) -> str:
    """The YAML of a card, between its marks.

    Args:
        folder: of the version; its files are looked at.
        manifest: of the version; `files` need not be whole.
        told: the version's statistics.
        licence: of the rows.
    """
    from ruamel.yaml import YAML

    forms = forms_of(folder)
    fields = {
        "pretty_name": manifest.name,
        "language": languages(told),
        "license": licence.id,
        "license_name": licence.name,
        "license_link": license_of(folder).name if licence.own_file else None,
        "size_categories": [size_of(manifest.rows)],
        "task_categories": list(TASKS),
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "source_datasets": source_datasets(manifest),
        "tags": list(TAGS),
        "configs": forms,
        "dataset_info": [_info(folder, form) for form in forms],
    }
    yaml, text = YAML(), io.StringIO()
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = False, True, 10_000
    yaml.dump({key: value for key, value in fields.items() if value}, text)
    return f"---\n{text.getvalue()}---\n"


def languages(told: Mapping[str, Any]) -> list[str]:
    """The languages of the rows that have a code which the Hub takes, the commonest first."""
    counts = told.get("counts", {}).get("language", [])
    return [row["value"] for row in counts if row["value"] and is_language(row["value"])]


def source_datasets(manifest: Manifest) -> list[str]:
    """The datasets on the Hub that rows came from."""
    named = (source.origin for source in manifest.inputs if source.what != "benchmark")
    return list(dict.fromkeys(name for name in named if REPOSITORY.fullmatch(name)))


def forms_of(folder: Path) -> list[dict[str, Any]]:
    """A config for each form of the rows, `default` first."""
    return configs(str(file.relative_to(folder)) for file in folder.glob("*/*.parquet"))


def _info(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Schema and sizes of a config, as its files have them."""
    import pyarrow.parquet as pq
    from datasets import Features

    name = config["config_name"]
    form = DEFAULT if name == "default" else name
    files = shards_of(folder, form=form)
    schema = pq.read_schema(files[0])
    splits, loaded = [], 0
    for split in (part["split"] for part in config["data_files"]):
        metas = [pq.read_metadata(file) for file in shards_of(folder, split, form)]
        size = sum(_bytes(meta) for meta in metas)
        rows = sum(meta.num_rows for meta in metas)
        splits.append({"name": split, "num_bytes": size, "num_examples": rows})
        loaded += size
    return {
        "config_name": name,
        "features": Features.from_arrow_schema(schema)._to_yaml_list(),
        "splits": splits,
        "download_size": sum(file.stat().st_size for file in files),
        "dataset_size": loaded,
    }


def _bytes(meta: Any) -> int:
    """Of a file's pages before they were compressed."""
    return sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups))


def fields_of(card: str) -> dict[str, Any]:
    """The YAML of a card as values.

    Raises:
        ValueError: it has none.
    """
    from ruamel.yaml import YAML

    marks = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    if marks is None:
        raise ValueError("the card does not begin with YAML between two lines of ---")
    return YAML(typ="safe").load(marks[1])
