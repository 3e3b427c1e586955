"""Where to look in a sample: what its filters point at, as passages of its question and reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from factory.audit.reading import Passage
from filters import Filters
from filters.filter import Filter
from filters.places import Part, Place
from filters.text.thinking import CLOSE, OPEN

MOST = 40
"""Passages of one reason that are told; the last one says how many more there are."""


def passages(
    sample: Mapping[str, Any], filters: Filters, reasons: Iterable[str]
) -> tuple[Passage, ...]:
    """The passages behind some reasons, in order of their starts.

    Args:
        sample: its columns, measures and texts, as `Filter.places` reads them.
        filters: the rules in force.
        reasons: those that it has, or that it is near to.
    """
    found = []
    for reason in dict.fromkeys(reasons):
        entry = entry_of(filters, reason, sample.get("domain"))
        if entry is not None and reason != entry.not_measured:
            found += _of_reason(entry, reason, sample)
    return tuple(sorted(found, key=lambda one: (one.where, one.start, -one.end)))


def entry_of(filters: Filters, reason: str, domain: str | None) -> Filter | None:
    """The entry of a recipe that gives a sample of this domain this reason."""
    for rules in filters.active().values():
        if reason in rules.reasons():
            return rules.entry(domain)
    return None


def _of_reason(entry: Filter, reason: str, sample: Mapping[str, Any]) -> list[Passage]:
    try:
        places = entry.places(reason, sample)
    except Exception:  # somebody's own filter; what it points at is a help, not a fact
        return []
    found = list(_located(places[:MOST], reason, sample))
    if len(places) > MOST and found:
        last = found.pop()
        words = f"{last.words}; {len(places) - MOST:,} more are not marked"
        found.append(Passage(last.start, last.end, reason, words, last.where))
    return found


def _located(places: list[Place], reason: str, sample: Mapping[str, Any]) -> Iterator[Passage]:
    text = sample.get("text") or ""
    starts: dict[Part, int | None] = {
        "question": 0,
        "text": 0,
        "reasoning": reasoning_at(text, sample.get("reasoning")),
        "response": response_at(text, sample.get("response")),
    }
    for part, first, end, words in places:
        start = starts[part]
        if start is not None and first < end:
            where = "question" if part == "question" else "text"
            yield Passage(start + first, start + end, reason, " ".join(words.split()), where)


def reasoning_at(text: str, reasoning: str | None) -> int | None:
    """Where the thinking stands in a reply; None where it does not."""
    if not reasoning:
        return None
    opens, closes = text.find(OPEN), text.find(CLOSE)
    inside = opens >= 0 and (closes < 0 or opens < closes)
    at = text.find(reasoning, opens + len(OPEN) if inside else 0)
    return at if at >= 0 else None


def response_at(text: str, response: str | None) -> int | None:
    """Where the response stands in a reply; None where it does not."""
    at = text.rfind(response) if response else -1
    return at if at >= 0 else None
