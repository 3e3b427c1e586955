"""What each reason of a filter goes by: the measures, the settings, and how they are compared.

A version's manifest has it, so that whoever has the version alone, without this program or the
filter's code, can say why a row was dropped: `tokens 9,012 > max_tokens 8,192`.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from factory.versions.manifest import Compared, Ground
from filters.filter import Filter
from filters.rules import Rules

COMPARED = re.compile(
    r'\[\(col\("(?P<measure>\w+)"\)\) (?P<sign>[<>=!]+) \((?:dyn \w+: )?(?P<value>[^()\[\]]*)\)\]'
)
"""How polars writes a comparison of a column with a number or a text."""


def grounds(rules: Rules) -> dict[str, Ground]:
    """What each reason goes by, that any entry of a filter gives."""
    found: dict[str, Ground] = {}
    for entry in rules.entries:
        for reason, rule in entry.reasons().items():
            if reason not in found:
                settings = _settings(entry, reason)
                measures = list(dict.fromkeys(rule.meta.root_names()))
                compared = _compared(str(rule), {name: getattr(entry, name) for name in settings})
                found[reason] = Ground(measures=measures, settings=settings, compared=compared)
    return found


def _settings(entry: Filter, reason: str) -> list[str]:
    """The settings that make another rule of this reason, or none, when they are changed."""
    there = str(entry.reasons()[reason])
    found = []
    for name in type(entry).model_fields:
        if name == "domains":
            continue
        changed = entry.model_copy(update={name: _another(getattr(entry, name))})
        rule = None
        with contextlib.suppress(Exception):  # somebody's own filter may refuse such a setting
            rule = changed.reasons().get(reason)
        if rule is None or str(rule) != there:
            found.append(name)
    return found


def _another(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}?"
        case tuple():
            return (*value, "?")
        case _:
            return 1


def _compared(rule: str, settings: dict[str, Any]) -> list[Compared]:
    found = []
    for match in COMPARED.finditer(rule):
        value = _value(match["value"])
        named = [name for name, own in settings.items() if own == value and _alike(own, value)]
        told = Compared(measure=match["measure"], sign=match["sign"], value=value)
        if len(named) > 1:  # two settings of one value: the one that sounds like the measure
            named = [name for name in named if _akin(name, match["measure"])] or named
        setting = named[0] if named else None
        told = told.model_copy(update={"setting": setting})
        if told not in found:
            found.append(told)
    return found


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are of one kind: true is no 1."""
    return isinstance(one, bool) == isinstance(other, bool)


def _akin(setting: str, measure: str) -> bool:
    return bool(set(setting.split("_")) & set(measure.split("_")))


def _value(told: str) -> float | str | bool | None:
    if told.startswith('"'):
        return told.strip('"')
    if told in ("true", "false"):
        return told == "true"
    with contextlib.suppress(ValueError):
        return float(told) if re.search(r"[.e]", told) else int(told)
    return None
