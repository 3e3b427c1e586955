"""Every key of the recipe, printed from its schema: a table for each part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from factory.recipe import Recipe
from filters import FILTERS

Schema = Mapping[str, Any]

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
}
KINDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true, false"}
FILTER_PAGES = {filter.__name__: f"filters.md#{name}" for name, filter in FILTERS.items()}
"""Parts that have a page elsewhere."""


class Part(NamedTuple):
    """A mapping in the recipe: where it stands, and what its keys are."""

    path: str
    name: str
    schema: Schema

    @property
    def heading(self) -> str:
        """Its path, and its name where that says more."""
        spoken = spoken_name(self.name)
        said = spoken in (self.path.rpartition(".")[2], self.path)
        return f"`{self.path}`" + (f", {spoken}" if not said else "")

    @property
    def link(self) -> str:
        """Where its heading is, as sites make addresses of headings."""
        return "#" + re.sub(r"[^\w -]", "", self.heading).replace(" ", "-").lower()


def recipe() -> str:
    """The whole reference, in the order of the line."""
    schema = Recipe.model_json_schema()
    parts = list(_parts("", schema, schema["$defs"], set()))
    links = {part.name: part.link for part in parts} | FILTER_PAGES
    tables = [_table(schema, schema["$defs"], links)]
    for part in parts:
        table = _table(part.schema, schema["$defs"], links)
        tables.append(f"## {part.heading}\n\n{_flat(part.schema['description'])}\n\n{table}")
    return "\n\n".join(tables)


def _parts(path: str, schema: Schema, known: Schema, told: set[str]) -> Iterator[Part]:
    """Each part once, where it first stands, those of the recipe itself there; what is inside a
    part comes right after it."""
    own = set() if path else {n for v in schema["properties"].values() for n in _named(v)}
    for key, value in schema["properties"].items():
        items = "[]" if value.get("type") == "array" else ""
        inside = f"{path}.{key}{items}".lstrip(".")
        for name in _named(value):
            if name not in told and name not in FILTER_PAGES:
                told.add(name)
                yield Part(inside, name, known[name])
                elsewhere = told | own
                yield from _parts(inside, known[name], known, elsewhere)
                told |= elsewhere - own


def _named(value: Schema) -> list[str]:
    """The parts that a key's value may be."""
    found = [value["$ref"].rpartition("/")[2]] if "$ref" in value else []
    for inner in (*value.get("anyOf", ()), *value.get("oneOf", ()), value.get("items")):
        found += _named(inner) if isinstance(inner, Mapping) else []
    return found


def _table(schema: Schema, known: Schema, links: Mapping[str, str]) -> str:
    rows = []
    for key, value in schema["properties"].items():
        must = key in schema.get("required", ())
        default = "**must be there**" if must else _default(value, known)
        said = value.get("description") or (
            known[_named(value)[0]]["description"] if _named(value) else "Which kind this is."
        )
        rows.append(f"| `{key}` | {_kind(value, links)} | {default} | {_flat(said)} |")
    return "\n".join(["| key | value | default | what it is |", "|---|---|---|---|", *rows])


def _kind(value: Schema, links: Mapping[str, str]) -> str:
    """What may stand there, in a few words."""
    if options := value.get("anyOf") or value.get("oneOf"):
        kinds = [_kind(option, links) for option in options if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{spoken_name(name)}]({links[name]})"
    if "const" in value or "enum" in value:
        return ", ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"list: {_kind(value.get('items', {}), links)}"
    if value.get("type") == "object":
        return "mapping"
    bounds = [words.format(value[name]) for name, words in BOUNDS.items() if name in value]
    return ", ".join([KINDS.get(value.get("type", ""), "any value"), *bounds])


def _default(value: Schema, known: Schema) -> str:
    """What counts where the key is left out; of a part, only what its own table does not say."""
    default = value.get("default")
    if isinstance(default, dict) and _named(value):
        usual = known[_named(value)[0]]["properties"]
        said = (None, {}, [])
        default = {k: v for k, v in default.items() if v not in (*said, usual[k].get("default"))}
    if default is None or default in ({}, []):
        return ""
    if isinstance(default, dict):
        return ", ".join(f"`{key}: {_literal(value)}`" for key, value in default.items())
    return f"`{_literal(default)}`"


def _literal(value: Any) -> str:
    """As a recipe would have it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_literal(v)}" for k, v in value.items() if v != {}) + "}"
    if isinstance(value, bool) or (isinstance(value, str) and not value.isprintable()):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def spoken_name(name: str) -> str:
    """`ReasoningGym` -> `reasoning gym`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
