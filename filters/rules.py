"""The rules of one filter in a recipe: one entry for all samples, or one for some domains each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def judge(self, domain: str | None) -> bool:
        """Whether there is an entry for samples of this domain."""
        return domain in self.domains or any(entry.domains is None for entry in self.entries)

    def entry(self, domain: str | None) -> Filter | None:
        """The entry that judges samples of this domain."""
        own = [entry for entry in self.entries if domain in (entry.domains or ())]
        others = [entry for entry in self.entries if entry.domains is None]
        return next(iter([*own, *others]), None)

    def takes(self, entry: Filter) -> pl.Expr:
        """Expression: whether a sample is one for this entry."""
        if entry.domains is not None:
            return _of(entry.domains)
        return ~_of(self.domains) if self.domains else pl.lit(True)


def _of(domains: Iterable[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col("domain").eq_missing(domain) for domain in domains)
