"""A card as the Hub will take it, checked offline: by `datasets`' own parsers and our tables."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from factory.errors import StageError
from factory.versions.card.front_matter import fields_of
from factory.versions.card.words import LICENSES, SIZE_NAMES, is_language


def check_card(card: str, files: Iterable[str], place: Path | str = "the card") -> None:
    """Refuse a card that the Hub would refuse, or by which `datasets` would not load.

    Args:
        card: its text.
        files: of the same version, by their paths in it.
        place: is named in the error.

    Raises:
        StageError: naming every fault.
    """
    if faults := list(card_faults(card, list(files))):
        told = "".join(f"\n- {fault}" for fault in faults)
        raise StageError(
            f"{place}: the Hub, or whoever loads the dataset, would not take its YAML:{told}"
        )


def card_faults(card: str, files: list[str]) -> Iterator[str]:
    """What is wrong with a card, a sentence each."""
    try:
        fields = fields_of(card)
    except Exception as error:  # of the YAML parser, too
        yield f"no YAML can be read: {error}"
        return
    if not isinstance(fields, dict):
        yield "its YAML is no mapping"
        return
    yield from _words(fields, files)
    yield from _configs(fields, files)
    yield from _parsed(card)


def _words(fields: dict[str, Any], files: list[str]) -> Iterator[str]:
    licence = fields.get("license")
    if licence not in LICENSES:
        yield f"license: {licence!r} is none of the Hub's ids"
    if licence == "other" and not (fields.get("license_name") and fields.get("license_link")):
        yield "license: other needs license_name and license_link"
    link = fields.get("license_link")
    if link and "://" not in link and link not in files:
        yield f"license_link: {link} is no file of this version"
    for code in fields.get("language", []):
        if not isinstance(code, str) or not is_language(code):
            yield f"language: {code!r} is no ISO code (no is written 'no' in YAML)"
    for size in fields.get("size_categories", []):
        if size not in SIZE_NAMES:
            yield f"size_categories: {size!r} is none of the Hub's"
    for key in ("tags", "source_datasets", "task_categories"):
        if wrong := [value for value in fields.get(key, []) if not isinstance(value, str)]:
            yield f"{key}: {wrong[0]!r} is no text"


def _configs(fields: dict[str, Any], files: list[str]) -> Iterator[str]:
    names = [config.get("config_name") for config in fields.get("configs", [])]
    if not names:
        yield "configs: there is none, so all tables would be loaded as one"
    if len(set(names)) < len(names):
        yield "configs: two of them have one name"
    for config in fields.get("configs", []):
        for part in config.get("data_files", []):
            pattern = part.get("path") if isinstance(part, dict) else None
            if pattern is None or not fnmatch.filter(files, pattern):
                yield f"configs: {config.get('config_name')}: {pattern} matches no file"
    infos = fields.get("dataset_info", [])
    told = {info.get("config_name") for info in infos if isinstance(info, dict)}
    if strangers := told - set(names):
        yield f"dataset_info: {sorted(map(str, strangers))} are no configs"


def _parsed(card: str) -> Iterator[str]:
    """By those who will read it."""
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    try:
        data: Any = DatasetCard(card).data
        MetadataConfigs.from_dataset_card_data(data)
        DatasetInfosDict.from_dataset_card_data(data)
    except Exception as error:  # each parser has its own
        yield f"datasets cannot read it: {type(error).__name__}: {error}"
