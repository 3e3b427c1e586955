"""Patterns of reasons: which reasons samples have together, so that all overlaps are counted once.

A million samples have a few hundred patterns. Whatever is asked of reasons and filters, alone or
together, is asked of the patterns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from factory.audit.figures.coded import named
from factory.audit.subject import Subject

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

BETWEEN = "\x1f"
"""Stands in no reason's name."""
NOT_MEASURED = "_not_measured"
"""The end of the reason of a filter that could not measure."""


@dataclass(frozen=True)
class Faults:
    """The reasons of samples, by pattern."""

    filters: list[str]
    """In the order of the funnel; behind them those that dropped samples and are not here."""
    owner: Mapping[str, str]
    """Reason -> filter, of all reasons that these filters can give or samples have."""
    pattern: np.ndarray
    """By sample, the number of its pattern; shape (samples,)."""
    patterns: list[tuple[str, ...]]
    """The reasons of each."""

    @classmethod
    def of(cls, subject: Subject) -> Faults:
        """Of all samples."""

        joined = subject.samples.select(pl.col("reasons").list.join(BETWEEN).fill_null(""))
        pattern, texts = named(joined.to_series())
        patterns = [tuple(text.split(BETWEEN)) if text else () for text in texts]
        owner = _owners(subject)
        dropping = subject.samples["dropped_by"].drop_nulls().unique().sort().to_list()
        filters = list(dict.fromkeys([*_order(subject), *dropping]))
        for reason in dict.fromkeys(reason for own in patterns for reason in own):
            owner.setdefault(reason, _guess(reason, filters))
        filters = list(dict.fromkeys([*filters, *owner.values()]))
        return cls(filters, owner, pattern, patterns)

    @cached_property
    def reasons(self) -> list[str]:
        """Every reason that a filter in use can give, in the order of the funnel."""
        place = {name: number for number, name in enumerate(self.filters)}
        return sorted(self.owner, key=lambda reason: place[self.owner[reason]])

    @cached_property
    def counts(self) -> np.ndarray:
        """Samples with each pattern; shape (patterns,)."""
        import numpy as np

        return np.bincount(self.pattern, minlength=len(self.patterns))

    @cached_property
    def of_reasons(self) -> np.ndarray:
        """Whether a pattern has a reason; shape (patterns, reasons)."""
        return _incidence(self.patterns, self.reasons)

    @cached_property
    def of_filters(self) -> np.ndarray:
        """Whether a pattern has a reason of a filter; shape (patterns, filters)."""
        owners = [{self.owner[reason] for reason in own} for own in self.patterns]
        return _incidence(owners, self.filters)

    def only(self) -> np.ndarray:
        """By pattern, the number of the filter that alone has reasons; -1: none, or several."""
        import numpy as np

        one = self.of_filters.sum(axis=1) == 1
        places = self.of_filters @ np.arange(len(self.filters))
        return np.where(one, places, -1)

    def first(self, samples: pl.DataFrame) -> np.ndarray:
        """By sample, the number of the filter that drops it; of one that none drops, their
        count."""
        import numpy as np

        some = np.zeros(len(self.patterns), np.int64)
        some[self.pattern] = np.arange(len(self.pattern))
        place = {name: number for number, name in enumerate(self.filters)}
        names = samples["dropped_by"].gather(some)
        codes = [place.get(name, len(self.filters)) for name in names.to_list()]
        return np.array(codes, np.int64)[self.pattern]

    def with_any(self, filter: str) -> np.ndarray:
        """By pattern, whether the filter has another reason than that it could not measure."""
        faulty = [r for r in self.reasons if self.owner[r] == filter and not unmeasured(r, filter)]
        return self._any(faulty)

    def not_measured(self, filter: str) -> np.ndarray:
        """By pattern, whether the filter could not measure, and has no other reason."""
        mine = [r for r in self.reasons if self.owner[r] == filter and unmeasured(r, filter)]
        return self._any(mine) & ~self.with_any(filter)

    def _any(self, reasons: list[str]) -> np.ndarray:
        places = [self.reasons.index(reason) for reason in reasons]
        return self.of_reasons[:, places].sum(axis=1) > 0


def unmeasured(reason: str, filter: str) -> bool:
    """Whether a reason says that its filter could not measure."""
    return reason == f"{filter}{NOT_MEASURED}"


def _incidence(patterns: list, names: list[str]) -> np.ndarray:
    import numpy as np

    place = {name: number for number, name in enumerate(names)}
    has = np.zeros((len(patterns), len(names)), bool)
    for row, own in enumerate(patterns):
        has[row, [place[name] for name in own]] = True
    return has


def _owners(subject: Subject) -> dict[str, str]:
    known = {
        reason: name
        for name, rules in subject.filters.active().items()
        for reason in rules.reasons()
    }
    for rule in subject.manifest.rules if subject.manifest else ():
        for reason in (*rule.grounds, *rule.reasons):
            known.setdefault(reason, rule.filter)
    return known


def _order(subject: Subject) -> list[str]:
    """The filters in the order of the funnel; those of a version that are not here stand where its
    manifest has them."""
    active = list(subject.filters.active())
    noted = [rule.filter for rule in subject.manifest.rules] if subject.manifest else []
    return noted if set(active) <= set(noted) else active


def _guess(reason: str, filters: list[str]) -> str:
    """The filter of a reason that nobody has noted: the one whose name it begins with, or its
    own."""
    begins = [name for name in filters if reason.startswith(name)]
    return max(begins, key=len) if begins else reason
