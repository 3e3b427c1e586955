"""Run by the Python of the checker mlcroissant: validate a croissant.json, and load its rows.

Prints JSON: `faults`, `warnings`, `rows` of the record set `default`, and what `@graph` has of
provenance.
"""

import json
import sys

import mlcroissant  # pyrefly: ignore[missing-import]


def plain(value: object) -> object:
    """Texts are bytes there, and numbers numpy's."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.item() if hasattr(value, "item") else value


dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = dataset.metadata.ctx.issues
rows = [plain(row) for row in dataset.records(record_set="default")]
told = {"faults": sorted(issues.errors), "warnings": sorted(issues.warnings), "rows": rows}
print(json.dumps(told))
