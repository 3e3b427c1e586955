"""Which rows somebody wants to see, as the address of a page says it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

NONE = "none"
"""A range that is wanted of rows that are not measured."""
LONGEST = 500
"""Characters of a search."""


@dataclass(frozen=True)
class Range:
    """From a value to below another; null has no end."""

    low: float | None = None
    high: float | None = None
    unmeasured: bool = False
    """Only rows that are not measured."""

    def __str__(self) -> str:
        return NONE if self.unmeasured else f"{_number(self.low)}..{_number(self.high)}"

    def words(self, measure: str) -> str:
        """In words, as `100 ≤ tokens < 200`."""
        if self.unmeasured:
            return f"{measure} not measured"
        low = "" if self.low is None else f"{_number(self.low)} ≤ "
        return f"{low}{measure}" + ("" if self.high is None else f" < {_number(self.high)}")

    @classmethod
    def read(cls, text: str) -> Range | None:
        """The range that a text says; none if it says none."""
        if text == NONE:
            return cls(unmeasured=True)
        low, dots, high = text.partition("..")
        try:
            ends = [float(end) if end.strip() else None for end in (low, high)]
        except ValueError:
            return None
        known = any(end is not None for end in ends) and not any(end != end for end in ends)
        return cls(ends[0], ends[1]) if dots and known else None


@dataclass(frozen=True)
class Asked:
    """Rows of some values, in an order."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> values; one of them will do. An empty one means that nobody knows it."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Measure -> its range."""
    search: str = ""
    """What their texts contain."""
    sort: str | None = None
    """A column to sort by; a minus before it: the largest first."""
    page: int = 1

    @classmethod
    def read(
        cls, query: Iterable[tuple[str, str]], values: Collection[str], measures: Collection[str]
    ) -> Asked:
        """What an address asks for; what it cannot mean is left out.

        Args:
            query: its parameters.
            values: columns that are chosen from by value.
            measures: columns that are chosen from by range.
        """
        facets: dict[str, tuple[str, ...]] = {}
        ranges: dict[str, Range] = {}
        ends: dict[str, dict[str, str]] = {}
        told: dict[str, str] = {}
        for name, value in query:
            kind, _, column = name.partition(".")
            if kind == "f" and column in values:
                facets[column] = tuple(dict.fromkeys((*facets.get(column, ()), value)))
            elif kind == "m" and column in measures and (wanted := Range.read(value)):
                ranges[column] = wanted
            elif kind in ("low", "high") and column in measures:
                ends.setdefault(column, {})[kind] = value
            else:
                told[name] = value
        for column, end in ends.items():  # of the form of a measure
            wanted = Range.read(f"{end.get('low', '')}..{end.get('high', '')}")
            ranges |= {column: wanted} if wanted else {}
        sort = told.get("sort", "")
        page = told.get("page", "")
        return cls(
            facets=facets,
            ranges=ranges,
            search=told.get("q", "").strip()[:LONGEST],
            sort=sort if sort.removeprefix("-") in {*values, *measures} else None,
            page=max(1, int(page)) if page.isdecimal() and len(page) < 10 else 1,
        )

    def query(self) -> list[tuple[str, str]]:
        """The parameters of an address that asks for this."""
        told = [(f"f.{name}", value) for name, values in self.facets.items() for value in values]
        told += [(f"m.{name}", str(wanted)) for name, wanted in self.ranges.items()]
        told += [("q", self.search)] if self.search else []
        told += [("sort", self.sort)] if self.sort else []
        return told + ([("page", str(self.page))] if self.page > 1 else [])

    def __str__(self) -> str:
        """The end of an address, `?…`, or nothing."""
        told = urlencode(self.query(), quote_via=quote)
        return f"?{told}" if told else ""

    def turned(self, column: str, value: str) -> Asked:
        """The same with a value of a facet, or without it if it was there; on the first page."""
        had = self.facets.get(column, ())
        now = tuple(v for v in had if v != value) if value in had else (*had, value)
        facets = {**self.facets, column: now}
        return replace(self, facets={k: v for k, v in facets.items() if v}, page=1)

    def within(self, column: str, wanted: Range | None) -> Asked:
        """The same with a range of a measure, or without one; on the first page."""
        ranges: dict[str, Range | None] = {**self.ranges, column: wanted}
        return replace(self, ranges={k: v for k, v in ranges.items() if v}, page=1)

    def sorted_by(self, column: str | None) -> Asked:
        """The same in another order: of the column sorted by already, the other way round."""
        return replace(self, sort=f"-{column}" if self.sort == column else column, page=1)

    def at(self, page: int) -> Asked:
        """The same on another page."""
        return replace(self, page=page)

    def searching(self, words: str) -> Asked:
        """The same with other words to search for."""
        return replace(self, search=words, page=1)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
