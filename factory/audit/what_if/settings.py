"""Other rules from texts: `length.max_tokens=8192`, `format=off`, `length[math].min_tokens=100`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from factory.errors import RecipeError, first_fault, nearest
from filters import FILTERS, Filters
from filters.filter import Filter, SetFilter
from filters.rules import Rules

TEXT = re.compile(
    r"\s*(?P<filter>[\w:]+)(?P<some>\[(?P<domains>[^\]]*)\])?(?:\.(?P<key>\w+))?\s*=\s*(?P<value>.*)",
    re.DOTALL,
)
EXAMPLE = "expected FILTER.SETTING=VALUE, as length.max_tokens=8192, or FILTER=off, or FILTER=on"
LEFT_OUT = ("off", "none", "null", "~")
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
OF_MEASURES = ("model", "label", "part")
"""Settings of a classifier that say what it measures."""


class Change(NamedTuple):
    """What a text asks for."""

    text: str
    filter: str
    domains: tuple[str, ...] | None
    """Domains whose samples it is for; none of them: for all that no entry names; null: for all."""
    key: str | None
    value: str


def changed(filters: Filters, texts: Iterable[str]) -> Filters:
    """The same rules with these changes, one after another.

    Args:
        texts: `FILTER.SETTING=VALUE`; `FILTER=off` or `on`; with `[DOMAIN,…]` behind the filter for
            samples of these domains alone, with `[]` for those of all domains that no entry names.

    Raises:
        RecipeError: a filter, setting or value is not such as there is, or new measures are needed.
    """
    for text in texts:
        change = _read(text)
        entries = _entries(filters, change)
        filters = _with(filters, change, _changed(entries, change))
    return filters


def as_recipe(before: Filters, after: Filters) -> str:
    """The filters that are different, as a recipe says them; YAML to copy."""
    own, old = after.active(), before.active()
    different = [name for name in own if name not in old or own[name].entries != old[name].entries]
    plain: dict[str, Any] = {}
    for name in different:
        section, key = _place(after, name)
        said = _plain(own[name])
        (plain.setdefault(section, {}) if section else plain)[key] = said
    lines = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    if plain:
        yaml.dump({"filters": plain}, lines)
    gone = [f"# {name}: leave it out of the filters\n" for name in old if name not in own]
    return lines.getvalue() + "".join(gone)


def _plain(rules: Rules) -> Any:
    """The entries as a recipe has them: what differs from the defaults alone."""
    told = [entry.model_dump(mode="json", exclude_defaults=True) for entry in rules.entries]
    return told if len(told) > 1 else told[0]


def _place(filters: Filters, name: str) -> tuple[str | None, str]:
    """Under which key of the filters, and as what, a recipe names a filter."""
    if name in FILTERS:
        return None, name
    for key, said in (filters.own or {}).items():
        if Rules.of(said).filter.name == name:
            return "own", key
    return "classifiers", name


def _read(text: str) -> Change:
    found = TEXT.fullmatch(text)
    if not found:
        raise RecipeError(f"{text!r}: {EXAMPLE}")
    domains = None
    if found["some"]:
        domains = tuple(one.strip() for one in found["domains"].split(",") if one.strip())
    change = Change(text, found["filter"], domains, found["key"], found["value"].strip())
    if change.key is None and change.value.lower() not in ("on", "off"):
        raise RecipeError(f"{text!r}: {EXAMPLE}")
    return change


def _entries(filters: Filters, change: Change) -> tuple[Filter, ...]:
    """The entries that the filter has now; none where it is not used."""
    for name, rules in filters.active().items():
        if change.filter in (name, _place(filters, name)[1]):
            return rules.entries
    if change.filter not in FILTERS:
        known = [*FILTERS, *filters.active()]
        raise RecipeError(
            f"{change.text!r}: no filter is called {change.filter!r}"
            f"{nearest(change.filter, known) or '.'} `factory filters` lists all"
        )
    if change.key:
        raise RecipeError(
            f"{change.text!r}: filter {change.filter} is not in use: say {change.filter}=on first"
        )
    return ()


def _changed(entries: tuple[Filter, ...], change: Change) -> tuple[Filter, ...]:
    """The entries as the change leaves them."""
    if change.key is None:
        if change.value.lower() == "on":
            return entries or (FILTERS[change.filter](),)
        return () if change.domains is None else _without(entries, change)
    if change.domains is None:
        return tuple(_set(entry, change) for entry in entries)
    if not change.domains:
        if not any(entry.domains is None for entry in entries):
            raise RecipeError(f"{change.text!r}: each entry of {change.filter} names its domains")
        return tuple(_set(e, change) if e.domains is None else e for e in entries)
    kept, own = _apart(entries, change.domains)
    return (*kept, *(_set(entry, change) for entry in own))


def _without(entries: tuple[Filter, ...], change: Change) -> tuple[Filter, ...]:
    """The entries without those that judge some domains."""
    if not change.domains:
        return tuple(entry for entry in entries if entry.domains is not None)
    if any(entry.domains is None for entry in entries):
        raise RecipeError(
            f"{change.text!r}: an entry of {change.filter} judges all domains. Change its settings "
            "for some of them, or say in the recipe which it judges"
        )
    return tuple(_apart(entries, change.domains)[0])


def _apart(entries: Sequence[Filter], domains: Sequence[str]) -> tuple[list[Filter], list[Filter]]:
    """Entries for the other domains, and entries like them for these."""
    kept, own = [], []
    for entry in entries:
        ours = [d for d in domains if d in (entry.domains or ())]
        theirs = tuple(d for d in entry.domains or () if d not in domains)
        if ours:
            own.append(entry.model_copy(update={"domains": tuple(ours)}))
        if entry.domains is None or theirs:
            kept.append(entry.model_copy(update={"domains": theirs or None}))
    named = {domain for entry in own for domain in entry.domains or ()}
    if left := tuple(domain for domain in domains if domain not in named):
        like = next((e for e in entries if e.domains is None), type(entries[0])())
        own.append(like.model_copy(update={"domains": left}))
    return kept, own


def _set(entry: Filter, change: Change) -> Filter:
    """The entry with another value of the setting."""
    key, fields = change.key or "", type(entry).model_fields
    if key not in fields or key == "domains":
        known = [name for name in fields if name != "domains"]
        raise RecipeError(
            f"{change.text!r}: filter {change.filter} has no setting {key!r}"
            f"{nearest(key, known) or '.'} Known: {', '.join(known) or 'none'}"
        )
    value = _value(change.value, allows_none=type(None) in get_args(fields[key].annotation))
    told = {name: getattr(entry, name) for name in entry.model_fields_set} | {key: value}
    try:
        new = type(entry).model_validate(told)
    except ValidationError as error:
        raise RecipeError(f"{change.text!r}: {first_fault(error)}") from None
    _must_be_measured(entry, new, change)
    return new


def _must_be_measured(entry: Filter, new: Filter, change: Change) -> None:
    """That the measures that are there are those that the setting is about."""
    compared = isinstance(entry, SetFilter) and isinstance(new, SetFilter)
    other = compared and entry.comparison() != new.comparison()
    if "classifier" in type(entry).__module__ and change.key in OF_MEASURES:
        other = getattr(entry, change.key) != getattr(new, change.key)
    if other:
        raise RecipeError(
            f"{change.text!r}: {change.key} says what is measured, not what is dropped, so stored "
            "measures do not answer it. Put it into the recipe and run `factory build`"
        )


def _value(text: str, *, allows_none: bool) -> Any:
    if allows_none and text.lower() in LEFT_OUT:
        return None
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError):
        return text


def _with(filters: Filters, change: Change, entries: tuple[Filter, ...]) -> Filters:
    """The rules with these entries of the filter; without it where there are none."""
    said: Any = entries[0] if len(entries) == 1 else entries or None
    told = {name: getattr(filters, name) for name in Filters.model_fields}
    active = {name: _place(filters, name) for name in filters.active()}
    section, key = next(
        (place for name, place in active.items() if change.filter in (name, place[1])),
        (None, change.filter),
    )
    if section:
        others = {name: one for name, one in told[section].items() if name != key}
        told[section] = {**others, **({key: said} if said else {})} or None
    else:
        told[key] = said
    try:
        return Filters.model_validate({name: one for name, one in told.items() if one is not None})
    except ValidationError as error:
        raise RecipeError(f"{change.text!r}: {first_fault(error)}") from None
