"""The funnel: how many samples come to each filter, and how many it takes."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained

SECTION = "funnel"
COLUMNS = {
    "step": "a filter, or a step of the selection, in order",
    "kind": "filter or selection",
    "entering": "samples that come to it",
    "dropped": "samples that it takes, being the first to do so; of a selection: spare ones",
    "left": "samples that go on",
    "not_judged": "samples among the left of whose domain it says nothing; null: not known",
    "alone": "samples that it would drop if it were the only filter",
    "share_left": "left, as a share of all samples, 0 to 1",
}


def funnel(counted: Counted) -> list[Figure]:
    """The funnel of all samples, of each group, and what was left of each group."""
    overall = steps(counted)
    return [
        Figure(
            key="funnel",
            section=SECTION,
            title="What each filter leaves",
            table=overall,
            columns=COLUMNS,
            chart=Chart("bars", x="step", y="left"),
            note="Each filter sees what those before it left. A sample that several would drop "
            "counts for the first of them; `alone` does not mind the order.",
            missing=None if overall.height else "no filter is in use",
        ),
        _by_group(counted),
        _kept(counted),
    ]


def steps(counted: Counted) -> pl.DataFrame:
    """The filters, then the steps of the selection, with what comes to each and what is left."""
    import numpy as np

    faults, samples = counted.faults, counted.samples.height
    drops = dict(counted.samples["dropped_by"].drop_nulls().value_counts().iter_rows())
    alone = (faults.of_filters * faults.counts[:, np.newaxis]).sum(axis=0)
    rows, left = [], samples
    for name, own in zip(faults.filters, alone.tolist(), strict=True):
        entering, dropped = left, drops.get(name, 0)
        left -= dropped
        rows.append((name, "filter", entering, dropped, left, own))
    for step, spare in _spared(counted):
        rows.append((step, "selection", left, spare, left - spare, None))
        left -= spare
    kinds = [pl.String()] * 2 + [pl.Int64()] * 4
    names = ("step", "kind", "entering", "dropped", "left", "alone")
    table = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    unjudged = pl.Series("not_judged", _not_judged(counted, table), dtype=pl.Int64)
    share = pl.col("left") / max(samples, 1)
    return table.with_columns(unjudged, share_left=share).select(list(COLUMNS))


def _spared(counted: Counted) -> list[tuple[str, int]]:
    """The steps of the selection in their order, with the samples that each left out."""
    fates = counted.samples.select("fate", "spare_by")  # these alone are copied
    spare = fates.filter(fate="spare")["spare_by"].fill_null("selection")
    counts = dict(spare.value_counts(sort=True).iter_rows())
    manifest = counted.subject.manifest
    noted = manifest.selection.get("steps", []) if manifest else []
    order = dict.fromkeys([*(step["step"] for step in noted), *counts])
    return [(step, counts.get(step, 0)) for step in order]


def _not_judged(counted: Counted, table: pl.DataFrame) -> list[int | None]:
    """By step, the entering samples of whose domain the filter has no entry."""
    active = counted.subject.filters.active()
    ends = counted.samples.group_by("domain", "dropped_by").len().rows()
    gone: set[str] = set()
    found: list[int | None] = []
    for step, kind in table.select("step", "kind").iter_rows():
        rules = active.get(step) if kind == "filter" else None
        passed = [
            n for domain, by, n in ends if by not in gone and rules and not rules.judge(domain)
        ]
        found.append(sum(passed) if rules else None)
        gone.add(step)
    return found


def _by_group(counted: Counted) -> Figure:
    """In long form: a row a group and filter."""
    faults = counted.faults
    names = [*faults.filters, None]
    rows = []
    for by, counts in counted.groups.counts(faults.first(counted.samples), len(names)).items():
        for group, own in zip(counted.groups.labels[by], counts.tolist(), strict=True):
            left = sum(own)
            for name, dropped in zip(names[:-1], own, strict=False):
                if sum(own):
                    rows.append((by, group, name, left, dropped, left - dropped))
                left -= dropped
    told = ("by", "group", "step", "entering", "dropped", "left")
    kinds = [pl.String()] * 3 + [pl.Int64()] * 3
    return Figure(
        key="funnel.by",
        section=SECTION,
        title="What each filter leaves of each group",
        table=pl.DataFrame(rows, schema=dict(zip(told, kinds, strict=True)), orient="row"),
        columns={name: BY.get(name) or COLUMNS[name] for name in told},
        missing=None if counted.faults.filters else "no filter is in use",
    )


def _kept(counted: Counted) -> Figure:
    values = pl.DataFrame([counted.accepted, counted.chosen])
    shares = {"share_accepted": ("accepted", "samples"), "share_chosen": ("chosen", "samples")}
    return Figure(
        key="kept",
        section=SECTION,
        title="Share of samples that pass all filters",
        table=counted.groups.told(values, shares),
        columns=BY
        | {
            "samples": "samples in the group",
            "accepted": "those that no filter drops",
            "chosen": "those that are rows of the dataset",
        }
        | explained({
            "share_accepted": "accepted, as a share of the samples, 0 to 1",
            "share_chosen": "chosen, as a share of the samples, 0 to 1",
        }),
        chart=Chart(
            "intervals", x="group", y="share_accepted", low="share_accepted_low",
            high="share_accepted_high", series="by",
        ),
        note=HOW,
    )  # fmt: skip
