"""What each rule says of one sample: the measure, the setting it is compared with, the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from factory.audit.subject import Subject
from factory.versions.grounds import grounds
from factory.versions.manifest import Compared, Ground
from filters.rules import Rules

Outcome = Literal["well", "faulty", "not measured", "not judged"]


@dataclass(frozen=True)
class Limit:
    """A setting as a line in a measure's histogram."""

    name: str
    """As `length.max_tokens`, with the domains of its entry behind it."""
    sign: str
    value: float
    alone: bool
    """Whether the rule compares nothing else."""

    @property
    def words(self) -> str:
        """Which side drops, as `drops > 8,192`; a condition beside others drops none by itself."""
        return f"{'drops' if self.alone else 'condition'} {self.sign} {number(self.value)}"


@dataclass(frozen=True)
class Told:
    """One reason of a filter, of one sample."""

    reason: str
    compared: str
    """As `tokens 9,012, drops > max_tokens 8,192`."""
    outcome: Outcome


@dataclass(frozen=True)
class Judged:
    """What one filter says of a sample."""

    filter: str
    outcome: Outcome
    told: list[Told]
    measures: dict[str, Any]


class Grounds:
    """The rules of a subject, entry by entry."""

    def __init__(self, subject: Subject) -> None:
        """Read what each reason goes by."""
        self.measures = subject.measures()
        self.rules = subject.filters.active()
        self._of = {
            (name, n): grounds(Rules(rules.filter, (entry,)))
            for name, rules in self.rules.items()
            for n, entry in enumerate(rules.entries)
        }

    def limits(self) -> dict[str, list[Limit]]:
        """Measure -> the settings that it is compared with."""
        found: dict[str, list[Limit]] = {}
        for name, rules, n, ground in self._all():
            for one in ground.compared:
                if isinstance(one.value, int | float) and not isinstance(one.value, bool):
                    domains = ", ".join(rules.entries[n].domains or ())
                    label = f"{name}.{one.setting}" if one.setting else name
                    label = f"{label} ({domains})" if domains else label
                    limit = Limit(label, one.sign, float(one.value), len(ground.compared) == 1)
                    there = found.setdefault(one.measure, [])
                    if limit not in there:
                        there.append(limit)
        return found

    def judged(self, sample: Mapping[str, Any]) -> list[Judged]:
        """What every filter says of a sample."""
        had = set(sample.get("reasons") or ())
        return [self._judged(name, rules, sample, had) for name, rules in self.rules.items()]

    def _judged(self, name: str, rules: Rules, sample: Mapping[str, Any], had: set[str]) -> Judged:
        measures = {column: sample.get(column) for column in self.measures.get(name, ())}
        entry = rules.entry(sample.get("domain"))
        if entry is None:
            return Judged(name, "not judged", [], measures)
        own = self._of[name, rules.entries.index(entry)]
        unmeasured = entry.not_measured
        told = [_told(reason, ground, sample, had) for reason, ground in own.items()]
        if unmeasured in had:
            told.append(Told(unmeasured, sample.get(f"{name}_error") or "", "not measured"))
        outcomes = {one.outcome for one in told}
        ranked: tuple[Outcome, ...] = ("faulty", "not measured", "well")
        worst: Outcome = next((one for one in ranked if one in outcomes), "well")
        return Judged(name, worst, told, measures)

    def _all(self) -> Iterator[tuple[str, Rules, int, Ground]]:
        for (name, n), own in self._of.items():
            for ground in own.values():
                yield name, self.rules[name], n, ground


def _told(reason: str, ground: Ground, sample: Mapping[str, Any], had: set[str]) -> Told:
    measured = [sample.get(name) for name in ground.measures if name in sample]
    several = len(ground.compared) > 1
    words = "; ".join(_compared(one, sample, several) for one in ground.compared)
    if not words:
        words = ", ".join(
            f"{name} {number(sample.get(name))}" for name in ground.measures if name in sample
        )
    if reason in had:
        return Told(reason, words, "faulty")
    unknown = bool(measured) and all(value is None for value in measured)
    return Told(reason, words, "not measured" if unknown else "well")


def _compared(one: Compared, sample: Mapping[str, Any], several: bool) -> str:
    limit = f"{one.setting} {number(one.value)}" if one.setting else number(one.value)
    drops = "condition" if several else "drops"
    return f"{one.measure} {number(sample.get(one.measure))}, {drops} {one.sign} {limit}"


def number(value: object) -> str:
    """A value in words: three digits behind a point, thousands apart; none is not measured.

    >>> [number(one) for one in (8192, 0.41234, 3.0, True, None, "stop")]
    ['8,192', '0.412', '3', 'yes', 'not measured', 'stop']
    """
    match value:
        case None:
            return "not measured"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() if value != value:
            return "not measured"
        case float():
            far = abs(value) >= 1e15 or 0 < abs(value) < 0.001
            return f"{value:.3g}" if far else f"{value:,.3f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(map(number, value)) or "none"
    return str(value)
