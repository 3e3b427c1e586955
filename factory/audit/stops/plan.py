"""Which settings get sliders, where these stop, and which rules they move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from factory.audit.stops.counted import Setting
from factory.audit.stops.values import Value, measure_of, stops_of
from factory.versions.grounds import grounds
from factory.versions.manifest import Ground
from filters import Filters
from filters.duplicates import Duplicates
from filters.filter import Filter
from filters.rules import Rules

MOST = {1: 64, 2: 10, 3: 5, 4: 3}
"""Settings that move a reason together -> the stops that each may have."""


@dataclass(frozen=True)
class Moved:
    """A reason that sliders move."""

    filter: int
    """Place of its filter."""
    name: str
    entry: Filter
    takes: pl.Expr
    """Which samples the entry judges."""
    settings: list[int]
    """Places of its sliders in `Plan.settings`."""

    @property
    def alone(self) -> bool:
        """Whether its rule looks at each sample by itself, as those of our own filters do."""
        return type(self.entry).__module__.startswith("filters.") and not type(self.entry).source


@dataclass(frozen=True)
class Plan:
    """What sliders there are, and what they move."""

    filters: list[str] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    still: list[list[pl.Expr]] = field(default_factory=list)
    """For each filter: whom it drops wherever sliders are."""
    compared: int | None = None
    """Place of the filter that asks which samples the others accept."""
    judged: pl.Expr = field(default_factory=lambda: pl.lit(False))
    """Which samples that one judges."""
    held: dict[str, str] = field(default_factory=dict)

    def at(self, settings: list[Setting]) -> Plan:
        """The same with other stops."""
        return replace(self, settings=settings)


def planned(filters: Filters, table: pl.DataFrame) -> Plan:
    """The sliders of these rules.

    Args:
        table: samples with their measures, which stops are chosen by.
    """
    plan = Plan()
    for name, rules in filters.active().items():
        plan.filters.append(name)
        plan.still.append([])
        if "accepted" not in rules.asks():
            for entry in rules.entries:
                _take(plan, name, rules, entry, table)
        elif isinstance(rules.entries[0], Duplicates):
            takes = rules.takes(rules.entries[0])
            plan = replace(plan, compared=len(plan.filters) - 1, judged=takes)
        else:
            reason = pl.col("reasons").list.set_intersection(rules.reasons()).list.len() > 0
            plan.still[-1].append(reason.fill_null(False))
            plan.held[name] = "it asks which samples the others accept: its drops stay as they are"
    return plan


def drops(rule: pl.Expr | None, takes: pl.Expr) -> pl.Expr:
    """Expression: whether a rule drops a sample: it is a fault, or nobody can say."""
    return pl.lit(False) if rule is None else (takes & rule).fill_null(True)


def _take(plan: Plan, name: str, rules: Rules, entry: Filter, table: pl.DataFrame) -> None:
    """Take in the reasons of an entry."""
    number, takes = len(plan.filters) - 1, rules.takes(entry)
    told = grounds(Rules(rules.filter, (entry,)))
    moved = {reason: _numbers(entry, ground) for reason, ground in told.items()}
    if several := [reason for reason, keys in moved.items() if len(keys) > max(MOST)]:
        plan.held[name] = f"too many settings work together for sliders: {', '.join(several)}"
        moved |= {reason: [] for reason in several}
    places: dict[str, int] = {}
    for key in dict.fromkeys(key for keys in moved.values() for key in keys):
        together = max(len(keys) for keys in moved.values() if key in keys)
        by = (told[reason] for reason, keys in moved.items() if key in keys)
        setting = _setting(name, rules, entry, key, by, table, MOST[together])
        if len(setting.values) > 1:
            places[key] = len(plan.settings)
            plan.settings.append(setting)
        else:
            plan.held[setting.name] = "at no other value would another sample be dropped"
    for reason, rule in entry.reasons().items():
        if at := [places[key] for key in moved[reason] if key in places]:
            plan.moved.append(Moved(number, reason, entry, takes, at))
        else:
            plan.still[-1].append(drops(rule, takes))


def _numbers(entry: Filter, ground: Ground) -> list[str]:
    """The settings of a reason that are numbers now."""
    values = {key: getattr(entry, key) for key in ground.settings}
    return [
        key
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _setting(
    name: str,
    rules: Rules,
    entry: Filter,
    key: str,
    by: Iterable[Ground],
    table: pl.DataFrame,
    most: int,
) -> Setting:
    """A slider; with one stop where it could go nowhere."""
    own = entry.domains is not None or len(rules.entries) > 1
    domains = f"[{','.join(entry.domains or ())}]" if own else ""
    measure = next(filter(None, (measure_of(ground, key, table) for ground in by)), None)
    values: list[Value] = stops_of(entry, key, table[measure] if measure else None, most)
    label = " ".join((type(entry).model_fields[key].description or "").split())
    now = values.index(getattr(entry, key))
    return Setting(f"{name}{domains}.{key}", name, key, label, values, now, measure)
