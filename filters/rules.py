"""The rules of one filter in a recipe: one entry for all samples, or one for some domains each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from filters.filter import Filter


@dataclass(frozen=True)
class Rules:
    """The entries of one filter. Each sample is judged by one of them, or by none."""

    filter: type[Filter]
    entries: tuple[Filter, ...]

    @classmethod
    def of(cls, chosen: Filter | Sequence[Filter]) -> Rules:
        """The rules that an entry, or a list of entries, of a recipe stands for.

        Raises:
            ValueError: a domain stands in two entries, two entries have no domains, or there are
                none.
        """
        entries = (chosen,) if isinstance(chosen, Filter) else tuple(chosen)
        if not entries:
            raise ValueError("the list is empty: write an entry, or leave the filter out")
        named = Counter(domain for entry in entries for domain in entry.domains or [None])
        if twice := [domain for domain, count in named.items() if count > 1]:
            what = ", ".join("entries without domains" if d is None else d for d in twice)
            raise ValueError(
                f"more than one entry for the same samples: {what}. Each domain stands in one "
                "entry, and one entry may have no domains: it judges all others"
            )
        return cls(type(entries[0]), entries)

    @property
    def domains(self) -> set[str]:
        """The domains that entries name."""
        return {domain for entry in self.entries for domain in entry.domains or ()}

    def asks(self) -> set[str]:
        """The columns that the rules look at beside the measures."""
        asked = set().union(*(entry.asks() for entry in self.entries))
        return asked | {"domain"} if self.domains else asked

    def reasons(self) -> list[str]:
        """Every reason that these rules can give."""
        own = [reason for entry in self.entries for reason in entry.reasons()]
        return list(dict.fromkeys([*own, self.entries[0].not_measured]))

    def judges(self) -> pl.Expr:
        """Expression: whether there is an entry for a sample."""
        if any(entry.domains is None for entry in self.entries):
            return pl.lit(True)
        return pl.col("domain").is_in(sorted(self.domains)).fill_null(False)

    def faults(self) -> pl.Expr:
        """Expression: the list of reasons to drop a sample, empty where no entry judges it."""
        found = pl.lit([], dtype=pl.List(pl.String))
        for entry in sorted(self.entries, key=lambda entry: entry.domains is not None):
            if entry.domains is None:
                found = entry.faults()
            else:
                found = pl.when(_of(entry.domains)).then(entry.faults()).otherwise(found)
        return found


def _of(domains: tuple[str, ...]) -> pl.Expr:
    return pl.col("domain").is_in(domains).fill_null(False)
