"""Stops: what sliders need to give the funnel at other settings, counted beforehand.

A page has a million samples in some thousand cells and sums them where `filters.judge` would look
at samples: the numbers are the same at every combination of stops.
"""

from __future__ import annotations

import polars as pl

from factory.audit.stops.cells import Cells, cells_of, kinds_of
from factory.audit.stops.counted import Reason, Setting, Stops
from factory.audit.stops.fitting import fitting
from factory.audit.stops.plan import Plan, planned
from factory.audit.subject import Subject

__all__ = ["Reason", "Setting", "Stops", "stops"]

BYTES = 300_000
"""Of all cells, gzipped."""
DOMAINS = 20
"""Most domains that cells tell apart; of more, the smallest are `others`."""
OTHERS = "others"
FATES = ("chosen", "kept", "spare", "dropped")
"""Fates of samples that rules were applied to."""


def stops(subject: Subject, most: int = BYTES) -> Stops:
    """What sliders need of a subject.

    Args:
        most: bytes of all cells, gzipped; where they would be more, settings have fewer stops.
    """
    table = subject.samples.filter(pl.col("fate").is_in(FATES))
    floats = [name for name, kind in table.schema.items() if kind.is_float()]
    table = table.with_columns(pl.col(floats).fill_nan(None))
    domains, codes = _domains(table)
    plan = planned(subject.filters, table)
    _take_foreign(plan, subject)
    found = fitting(cells_of(plan, table, codes), most)
    return _told(found, table.height, domains)


def _told(found: Cells, samples: int, domains: list[str | None]) -> Stops:
    plan = found.plan
    reasons = [
        Reason(one.filter, one.name, one.settings, ["".join("01"[bit] for bit in p) for p in own])
        for one, own in zip(plan.moved, (p.astype(int) for p in found.patterns), strict=True)
    ]
    return Stops(
        samples=samples,
        domains=domains,
        filters=plan.filters,
        settings=plan.settings,
        reasons=reasons,
        cells=found.single,
        clusters=kinds_of(found.clustered),
        compared=plan.compared,
        alone=found.alone,
        held=plan.held,
    )


def _take_foreign(plan: Plan, subject: Subject) -> None:
    """Filters that dropped samples and are not here: their drops stay."""
    for rule in subject.manifest.rules if subject.manifest else []:
        if rule.filter not in plan.filters:
            theirs = pl.col("reasons").list.set_intersection(list(rule.reasons)).list.len() > 0
            plan.filters.append(rule.filter)
            plan.still.append([theirs.fill_null(False)])
            plan.held[rule.filter] = "it is not here: its drops stay as they are"


def _domains(table: pl.DataFrame) -> tuple[list[str | None], pl.Series]:
    """The domains that cells tell apart, most first, and the place of each sample's."""
    counts = table.group_by("domain").len().sort(-pl.col("len").cast(pl.Int64), "domain")
    names: list[str | None] = counts["domain"].to_list()
    few = names if len(names) <= DOMAINS else [*names[: DOMAINS - 1], OTHERS]
    places = pl.Series([min(place, len(few) - 1) for place in range(len(names))], dtype=pl.UInt8)
    told = counts.select("domain", place=places)
    found = table.select("domain").join(
        told, on="domain", how="left", nulls_equal=True, maintain_order="left"
    )
    return few, found["place"].alias("domain")
