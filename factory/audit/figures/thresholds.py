"""The thresholds that measures are held against, from what the rules say they go by."""

from __future__ import annotations

from collections.abc import Iterable

from factory.audit.subject import Subject
from factory.versions.grounds import grounds
from factory.versions.manifest import Ground
from filters.rules import Rules


def thresholds(subject: Subject) -> dict[str, dict[str, float]]:
    """By measure, the numbers that rules compare it with, by the name of the setting.

    A setting is named `length.max_tokens`; of a filter with several entries by the domains of the
    entry as well, `length[math].max_tokens`. A number that is no setting is named by its reason.
    """
    found: dict[str, dict[str, float]] = {}
    active = subject.filters.active()
    for name, rules in active.items():
        for entry in rules.entries:
            which = ""
            if len(rules.entries) > 1:
                which = f"[{','.join(entry.domains) if entry.domains else 'others'}]"
            _add(found, f"{name}{which}", grounds(Rules(rules.filter, (entry,))).items())
    for rule in subject.manifest.rules if subject.manifest else ():
        if rule.filter not in active:
            _add(found, rule.filter, rule.grounds.items())
    return found


def of_reason(subject: Subject) -> dict[str, str]:
    """By reason, what it compares, in the words of its settings: `tokens > max_tokens 8192`."""
    told: dict[str, str] = {}
    for rules in subject.filters.active().values():
        for reason, ground in grounds(rules).items():
            told[reason] = ", ".join(
                f"{one.measure} {one.sign} {f'{one.setting} ' if one.setting else ''}{one.value}"
                for one in ground.compared
            )
    return told


def _add(
    found: dict[str, dict[str, float]], name: str, all_of_it: Iterable[tuple[str, Ground]]
) -> None:
    for reason, ground in all_of_it:
        for one in ground.compared:
            if isinstance(one.value, int | float) and not isinstance(one.value, bool):
                label = f"{name}.{one.setting}" if one.setting else reason
                found.setdefault(one.measure, {})[label] = float(one.value)
