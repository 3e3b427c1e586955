"""Distributions: every measure of the filters in use, with the thresholds it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.bins import Bins, bins_of, counts
from factory.audit.figures.coded import named
from factory.audit.figures.counted import Counted
from factory.audit.figures.thresholds import thresholds
from filters import FILTERS
from filters.measures import measures_of

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

SECTION = "measures"
CLASSES = ("kept", "dropped by this filter", "dropped by others")
NOT_MEASURED, NO_VALUE, INFINITE = "not measured", "no value", "infinite"
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST = 20
"""Texts that are told apart, the commonest first."""
OTHERS = "others"
SHOWN = 200
"""Characters of a text that are told."""


def measures(counted: Counted) -> list[Figure]:
    """A table of all measures, then the distribution of each; and the filters not in use."""
    limits = thresholds(counted.subject)
    columns = {name: own for name, own in _columns(counted).items() if own}
    told = [one for name, own in columns.items() for one in _of_filter(counted, name, own, limits)]
    return [_summary(told), *(one.figure for one in told), *_unused(counted, columns)]


@dataclass(frozen=True)
class _Told:
    figure: Figure
    row: dict[str, Any]
    """Of the summary."""


def _columns(counted: Counted) -> dict[str, list[str]]:
    """The measures of each filter; of one that is not here those that its grounds name."""
    found = counted.subject.measures()
    known = {column for own in found.values() for column in own}
    there = [name for name in counted.samples.columns if name not in known]
    for rule in counted.subject.manifest.rules if counted.subject.manifest else ():
        if rule.filter not in found:
            named = {measure for ground in rule.grounds.values() for measure in ground.measures}
            found[rule.filter] = [name for name in there if name in named]
    return found


def _of_filter(
    counted: Counted, name: str, columns: list[str], limits: Mapping[str, Mapping[str, float]]
) -> list[_Told]:
    faults = counted.faults
    own = faults.of_filters[:, faults.filters.index(name)]
    kinds = own * 1 + (~own & faults.of_filters.any(axis=1)) * 2
    classes = kinds.astype("uint8")[faults.pattern]
    filter = counted.subject.filters.active().get(name)
    means = measures_of(filter.filter) if filter else {}
    missing = counted.samples.select(pl.all_horizontal(pl.col(columns).is_null())).to_series()
    told = []
    for column in columns:
        values = counted.samples[column]
        if isinstance(values.dtype, pl.List):
            values = values.list.len()
        measure = _Measure(name, column, means.get(column, ""), limits.get(column, {}))
        told.append(measure.told(values, classes, missing))
    return told


@dataclass(frozen=True)
class _Measure:
    filter: str
    column: str
    meaning: str
    limits: Mapping[str, float]

    def told(self, values: pl.Series, classes: np.ndarray, missing: pl.Series) -> _Told:
        """Args: the values, the class of each sample, and whether nothing of its filter was
        measured."""
        null = values.is_null()
        lacks = {NO_VALUE: null & ~missing, NOT_MEASURED: null & missing} if null.any() else {}
        row: dict[str, Any] = {
            "filter": self.filter, "measure": self.column, "measured": int((~null).sum()),
            "no_value": int(lacks[NO_VALUE].sum()) if lacks else 0,
            "not_measured": int(lacks[NOT_MEASURED].sum()) if lacks else 0,
        }  # fmt: skip
        if values.dtype.is_numeric():
            table, bins, numbers = _numbers(values, classes)
            row |= numbers
            columns = {"from": "where the bin begins", "to": "where it ends, not in it"}
            columns["label"] = "what has no number: not measured, no value, infinite"
            chart = Chart(
                "histogram", x="from", x_end="to", y="samples", series="fate",
                thresholds=dict(self.limits), log=bins.log,
            )  # fmt: skip
        else:
            table, columns = _texts(values, classes), {"value": "what was found"}
            chart = Chart("bars", x="value", y="samples", series="fate")
        table = pl.concat([table, *_lacking(lacks, classes, table)])
        columns |= {"fate": f"{', '.join(CLASSES)}", "samples": "how many"}
        same = _same(values)
        note = f"{self.meaning[:1].upper()}{self.meaning[1:]}. " if self.meaning else ""
        if row["no_value"]:
            note += "no value: the filter looked and there was none. "
        if same is not None:
            note += f"The same in all samples that have it: {same}. "
        if self.limits:
            held = ", ".join(f"{name} {value:g}" for name, value in self.limits.items())
            note += f"Held against {held}."
        figure = Figure(
            key=f"measure.{self.filter}.{self.column}",
            section=SECTION,
            title=f"{self.filter}: {self.column}",
            table=table,
            columns=columns,
            chart=None if same is not None else chart,
            note=note.strip(),
            missing=None if row["measured"] else self._of_none(row),
        )
        return _Told(figure, row | {"thresholds": _said(self.limits)})

    def _of_none(self, row: Mapping[str, Any]) -> str:
        """Why nothing is drawn of a measure that no sample has."""
        if row["no_value"]:
            return f"no sample has a value of {self.column}"
        return f"{self.column} was not measured of any sample"


def _same(values: pl.Series) -> str | None:
    """The value, if there is one and no other: of that a picture shows nothing."""
    known = values.drop_nulls()
    if known.is_empty() or known.n_unique() > 1:
        return None
    one = known[0]
    return f"{one:g}" if isinstance(one, int | float) and not isinstance(one, bool) else str(one)


def _said(limits: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in limits.items())


def _numbers(values: pl.Series, classes: np.ndarray) -> tuple[pl.DataFrame, Bins, dict[str, Any]]:
    import numpy as np

    known, own = values.drop_nulls().to_numpy(), classes
    if values.null_count():
        own = classes[values.is_not_null().to_numpy()]
    finite = np.isfinite(known)
    endless = own[~finite]
    if len(endless):
        known, own = known[finite], own[finite]
    ordered = np.sort(known)
    bins = bins_of(ordered) if len(ordered) else Bins([0.0, 1.0], log=False)
    rows: list[tuple[Any, ...]] = []
    for name, found in zip(CLASSES, counts(known, own, len(CLASSES), bins.edges), strict=True):
        for edge, count in enumerate(found):
            if count:
                rows.append((*bins.edges[edge : edge + 2], None, name, count))
    for number, name in enumerate(CLASSES):
        if count := int((endless == number).sum()):
            rows.append((None, None, INFINITE, name, count))
    rows.sort(key=lambda row: (row[0] is None, row[0] or 0.0))
    numbers: dict[str, Any] = {}
    if len(ordered):
        numbers["mean"] = float(ordered.mean(dtype=np.float64))
        numbers |= {f"q{q * 100:02.0f}": float(_quantile(ordered, q)) for q in QUANTILES}
        numbers |= {"least": float(ordered[0]), "most": float(ordered[-1])}
    kinds = [pl.Float64(), pl.Float64(), pl.String(), pl.String(), pl.Int64()]
    names = ("from", "to", "label", "fate", "samples")
    table = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    return table, bins, numbers


def _quantile(ordered: np.ndarray, share: float) -> float:
    """The value at a share of the way, none between two values."""
    return ordered[round(share * (len(ordered) - 1))]


def _texts(values: pl.Series, classes: np.ndarray) -> pl.DataFrame:
    """The commonest values, and all others as one; a truth is true or false."""
    import numpy as np

    known = values.drop_nulls()
    own = classes[values.is_not_null().to_numpy()].astype(np.int64)
    if known.dtype == pl.Boolean:
        keys, names = known.cast(pl.UInt8).to_numpy(), ["false", "true"]
    else:
        keys, names = named(known)
    piles = np.bincount(keys * np.int64(len(CLASSES)) + own, minlength=len(names) * len(CLASSES))
    piles = piles.reshape(len(names), len(CLASSES))
    totals = piles.sum(axis=1)
    there = (key for key, total in enumerate(totals.tolist()) if total)
    ordered = sorted(there, key=lambda key: (-totals[key], names[key]))
    most = len(ordered) if len(ordered) <= MOST else MOST - 1
    told = [(names[key][:SHOWN], piles[key]) for key in ordered[:most]]
    if most < len(ordered):
        told.append((OTHERS, piles[ordered[most:]].sum(axis=0)))
    rows = [
        (name, CLASSES[place], count)
        for name, own in told
        for place, count in enumerate(own.tolist())
        if count
    ]
    schema = {"value": pl.String(), "fate": pl.String(), "samples": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _lacking(
    lacks: Mapping[str, pl.Series], classes: np.ndarray, like: pl.DataFrame
) -> list[pl.DataFrame]:
    """Rows for what has no value, in the columns of the table."""
    import numpy as np

    label = "label" if "label" in like.columns else "value"
    rows = [
        {label: name, "fate": CLASSES[number], "samples": count}
        for name, which in lacks.items()
        if which.any()
        for number, count in enumerate(np.bincount(classes[which.to_numpy()], minlength=3).tolist())
        if count
    ]
    return [pl.DataFrame(rows, schema=like.schema)] if rows else []


def _summary(told: list[_Told]) -> Figure:
    columns = {
        "filter": "whose measure it is",
        "measure": "its column",
        "measured": "samples with a value",
        "no_value": "samples that the filter looked at and found none",
        "not_measured": "samples that it did not measure",
        "mean": "of the values; null where they are no numbers",
        "least": "the least value",
        **{f"q{q * 100:02.0f}": f"{q:.0%} of the values are not above it" for q in QUANTILES},
        "most": "the largest value",
        "thresholds": "the settings that it is held against, with their values",
    }
    texts, whole = ("filter", "measure", "thresholds"), ("measured", "no_value", "not_measured")
    schema = {
        name: pl.String() if name in texts else pl.Int64() if name in whole else pl.Float64()
        for name in columns
    }
    return Figure(
        key="measures",
        section=SECTION,
        title="All measures in numbers",
        table=pl.DataFrame([one.row for one in told], schema=schema),
        columns=columns,
        missing=None if told else "no filter is in use, so nothing is measured",
    )


def _unused(counted: Counted, columns: Mapping[str, list[str]]) -> list[Figure]:
    """A figure without numbers for each filter that nothing was measured of."""
    told = counted.subject.missing
    why = "not in use: the recipe does not name it, so nothing of it is measured"
    return [
        Figure(
            key=f"measure.{name}",
            section=SECTION,
            title=name,
            table=pl.DataFrame(),
            columns={},
            missing=f"{name}: {told.get(name, why)}",
        )
        for name in FILTERS
        if name not in columns
    ]
