"""What the Hub says of a card's YAML when a README.md comes in."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML, YAMLError

FRONT = re.compile(r"\A﻿?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)

CREATIVE_COMMONS = """
cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0
cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
cc-by-nc-sa-3.0 cc-by-nc-sa-4.0"""
SOFTWARE = """
apache-2.0 mit afl-3.0 agpl-3.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear
bsl-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl
lgpl-2.1 lgpl-3.0 lgpl-lr lppl-1.3c mpl-2.0 ms-pl ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl
zlib"""
DATA = "c-uda cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 odbl odc-by pddl"
MODELS = """
apple-amlr apple-ascl bigcode-openrail-m bigscience-bloom-rail-1.0 bigscience-openrail-m
creativeml-openrail-m deepfloyd-if-license fair-noncommercial-research-license gemma h-research
intel-research llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 open-mdw openrail openrail++"""
LICENSES = set(f"{CREATIVE_COMMONS} {SOFTWARE} {DATA} {MODELS} other unknown".split())
SIZES = {
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"),
    *("1B<n<10B", "10B<n<100B", "100B<n<1T", "n>1T"),
}


def metadata(card: str) -> dict[str, Any] | None:
    """The YAML in front of a card; None when there is none, or it is no mapping."""
    found = FRONT.match(card)
    if not found:
        return None
    read = YAML(typ="safe", pure=True).load(found[1])
    return read if isinstance(read, dict) else None


def check(card: str, kind: str) -> dict[str, list[dict[str, str]]]:
    """The errors for which the Hub refuses a card, and its warnings.

    Args:
        kind: `dataset` or `model`.
    """
    if not FRONT.match(card):
        return {
            "errors": [],
            "warnings": [{"message": "empty or missing yaml metadata in repo card"}],
        }
    try:
        facts = metadata(card)
    except YAMLError as error:
        return {"errors": [{"message": f"YAML Metadata Error: {error}"}], "warnings": []}
    if facts is None:
        return {"errors": [{"message": "YAML Metadata Error: no mapping"}], "warnings": []}
    found = [*_faults(facts), *(_faults_of_a_dataset(facts) if kind == "dataset" else [])]
    return {"errors": [{"message": message} for message in found], "warnings": []}


def _faults(facts: dict[str, Any]) -> list[str]:
    found = []
    for license in _listed(facts.get("license")):
        if license not in LICENSES:
            found.append(
                f'"license" must be one of {sorted(LICENSES)}. '
                'If you want to use a license not in the list you can choose "other"'
            )
    for language in _listed(facts.get("language")):
        if not re.fullmatch(r"[a-z]{2,3}(-\w+)?|code|multilingual", str(language)):
            found.append(f'"language" must only contain lowercase characters of a code: {language}')
    for key in ("tags", "datasets", "task_categories", "source_datasets"):
        if not all(isinstance(value, str) for value in _listed(facts.get(key))):
            found.append(f'"{key}" must be a string or an array of strings')
    return found


def _faults_of_a_dataset(facts: dict[str, Any]) -> list[str]:
    found = []
    for size in _listed(facts.get("size_categories")):
        if size not in SIZES:
            found.append(f'"size_categories" must be one of {sorted(SIZES)}')
    configs = facts.get("configs", [])
    if not isinstance(configs, list):
        return [*found, '"configs" must be an array']
    for config in configs:
        if not isinstance(config, dict) or not isinstance(config.get("config_name"), str):
            found.append('each of "configs" must have a "config_name"')
    return found


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
