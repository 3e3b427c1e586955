"""Rejections: what each filter and reason takes alone and together, and what is redundant."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained
from factory.audit.figures.thresholds import of_reason

SECTION = "filters"
TOGETHER = (
    "A filter that compares samples with those that are accepted (duplicates) is counted as it "
    "judged; `--what-if` judges anew."
)


def rejections(counted: Counted) -> list[Figure]:
    """Filters alone, their reasons, both together, and the yield without each."""
    return [
        _filters(counted),
        _values(counted),
        _left_out(counted),
        _reasons(counted),
        _overlap(counted, "overlap", "filter"),
        _overlap(counted, "overlap.reasons", "reason"),
    ]


def _filters(counted: Counted) -> Figure:
    import numpy as np

    faults = counted.faults
    only, total = faults.only(), len(faults.filters)
    first = dict(counted.samples["dropped_by"].drop_nulls().value_counts().iter_rows())
    alone = (faults.of_filters * faults.counts[:, np.newaxis]).sum(axis=0)
    gained = np.bincount(only + 1, weights=faults.counts, minlength=total + 1)[1:].astype(int)
    accepted = int(counted.accepted.sum())
    prompts = _prompts_gained(counted)
    rows = [
        (name, int(alone[n]), first.get(name, 0), int(gained[n]), int(alone[n] - gained[n]),
         accepted + int(gained[n]), prompts[n], _redundant(int(alone[n]), int(gained[n])))
        for n, name in enumerate(faults.filters)
    ]  # fmt: skip
    columns = {
        "filter": "in the order of the funnel",
        "alone": "samples that it drops, whatever others say",
        "first": "those of them that no filter before it drops",
        "only": "those of them that no other filter drops: what is gained if it is left out",
        "shared": "those of them that others drop as well",
        "accepted_without": "samples that would be accepted without it",
        "prompts_gained": "prompts that would have an accepted sample without it, and have none",
        "redundant": "covered: others drop all that it drops; never: it drops nothing; no",
    }
    numbers = dict.fromkeys([*columns][1:-1], pl.Int64())
    schema = {"filter": pl.String(), **numbers, "redundant": pl.String()}
    return Figure(
        key="rejections",
        section=SECTION,
        title="What each filter drops, alone and with others",
        table=pl.DataFrame(rows, schema=schema, orient="row"),
        columns=columns,
        chart=Chart("bars", x="filter", y="only"),
        note=f"A filter of which `only` is 0 could be left out here. {TOGETHER}",
        missing=None if counted.faults.filters else "no filter is in use",
    )


def _redundant(alone: int, only: int) -> str:
    if not alone:
        return "never"
    return "no" if only else "covered"


def _prompts_gained(counted: Counted) -> list[int]:
    """By filter, prompts without an accepted sample that would get one without it."""
    import numpy as np

    groups, faults = counted.groups, counted.faults
    cells = groups.prompt
    has = np.bincount(cells, weights=groups.sums(counted.accepted)) > 0
    only = faults.only()[faults.pattern]
    prompt = cells[groups.cell]
    open_ = (only >= 0) & ~has[prompt]
    pairs = np.unique(only[open_].astype(np.int64) * len(has) + prompt[open_])
    return np.bincount(pairs // max(len(has), 1), minlength=len(faults.filters)).tolist()


def _values(counted: Counted) -> Figure:
    """Well, faulty and not measured: of each filter and group."""
    import numpy as np

    faults, groups = counted.faults, counted.groups
    tables = []
    for number, name in enumerate(faults.filters):
        kinds = faults.with_any(name) * 1 + faults.not_measured(name) * 2
        of_samples = kinds.astype(np.uint8)[faults.pattern]
        if (outside := _not_judged(counted, number)) is not None:
            of_samples[outside.to_numpy()] = 3
        well, faulty, unmeasured, unjudged = groups.by_cell(of_samples, 4)
        told = groups.told_of_cells(
            {"well": well, "faulty": faulty, "not_measured": unmeasured, "not_judged": unjudged,
             "measured": well + faulty},
            {"share_faulty": ("faulty", "measured")},
        )  # fmt: skip
        tables.append(told.drop("measured").select(pl.lit(name).alias("filter"), pl.all()))
    columns = {
        "filter": "in the order of the funnel",
        **BY,
        "well": "samples without a fault",
        "faulty": "samples that have one of its faults",
        "not_measured": "samples that it could not measure: neither well nor faulty",
        "not_judged": "samples of whose domain it says nothing",
        **explained({"share_faulty": "faulty, as a share of well and faulty, 0 to 1"}),
    }
    return Figure(
        key="filters.values",
        section=SECTION,
        title="Well, faulty and not measured, by filter and group",
        table=pl.concat(tables) if tables else pl.DataFrame(),
        columns=columns if tables else {},
        chart=Chart("intervals", x="filter", y="share_faulty", low="share_faulty_low",
                    high="share_faulty_high", series="group"),
        note=f"What is not measured is in neither part of the share. {HOW}",
        missing=None if tables else "no filter is in use",
    )  # fmt: skip


def _not_judged(counted: Counted, number: int) -> pl.Series | None:
    """Whether a sample is of a domain that the filter has no entry for, and has no reason of it;
    None: it judges all domains."""
    faults = counted.faults
    rules = counted.subject.filters.active().get(faults.filters[number])
    if rules is None or rules.judge(None):
        return None
    judged = counted.samples["domain"].is_in(sorted(rules.domains)).fill_null(False)
    return ~judged & ~pl.Series(faults.of_filters[:, number][faults.pattern])


def _left_out(counted: Counted) -> Figure:
    """The yield of each group without each filter."""
    faults, groups = counted.faults, counted.groups
    gain = faults.only() + 1
    gain[~faults.of_filters.any(axis=1)] = len(faults.filters) + 1
    kinds = groups.counts(gain[faults.pattern], len(faults.filters) + 2)
    rows = [
        (by, label, name, sum(own), own[-1], own[place + 1], (own[-1] + own[place + 1]) / sum(own))
        for by, counts in kinds.items()
        for label, own in zip(groups.labels[by], counts.tolist(), strict=True)
        if sum(own)
        for place, name in enumerate(faults.filters)
    ]
    columns = {
        "by": BY["by"],
        "group": BY["group"],
        "filter": "the filter that is left out",
        "samples": "samples in the group",
        "accepted": "those that are accepted with all filters",
        "gained": "further ones that are accepted without it",
        "share_without": "accepted without it, as a share of the samples, 0 to 1",
    }
    texts, counts_ = (
        dict.fromkeys([*columns][:3], pl.String()),
        dict.fromkeys([*columns][3:6], pl.Int64()),
    )
    return Figure(
        key="left_out",
        section=SECTION,
        title="What each group gains if a filter is left out",
        table=pl.DataFrame(
            rows, schema=texts | counts_ | {"share_without": pl.Float64()}, orient="row"
        ),
        columns=columns,
        note=TOGETHER,
        missing=None if counted.faults.filters else "no filter is in use",
    )


def _reasons(counted: Counted) -> Figure:
    import numpy as np

    faults = counted.faults
    has = (faults.of_reasons * faults.counts[:, np.newaxis]).sum(axis=0)
    alone = faults.of_reasons.sum(axis=1) == 1
    only = (faults.of_reasons[alone] * faults.counts[alone, np.newaxis]).sum(axis=0)
    rows = [
        (faults.owner[reason], reason, int(has[n]), int(only[n]))
        for n, reason in enumerate(faults.reasons)
    ]
    schema = {
        "filter": pl.String(),
        "reason": pl.String(),
        "samples": pl.Int64(),
        "only": pl.Int64(),
    }
    share = pl.col("samples") / max(counted.samples.height, 1)
    rules = of_reason(counted.subject)
    goes_by = pl.Series([rules.get(reason) or None for reason in faults.reasons], dtype=pl.String)
    return Figure(
        key="reasons",
        section=SECTION,
        title="Samples with each reason",
        table=pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            share=share, goes_by=goes_by
        ),
        columns={
            "filter": "whose reason it is",
            "reason": "a fault; NAME_not_measured: the filter could not say",
            "samples": "samples that have it, whatever else they have",
            "only": "those of them that have no other",
            "share": "samples that have it, as a share of all, 0 to 1",
            "goes_by": "what it compares, with the settings; null: nothing so plain",
        },
        chart=Chart("bars", x="reason", y="samples", series="filter"),
        missing=None if counted.faults.filters else "no filter is in use",
    )


def _overlap(counted: Counted, key: str, of: str) -> Figure:
    """A row a pair of filters, or of reasons that samples have."""
    import numpy as np

    faults = counted.faults
    names = faults.filters if of == "filter" else faults.reasons
    has = (faults.of_filters if of == "filter" else faults.of_reasons).astype(np.int64)
    both = has.T @ (has * faults.counts[:, np.newaxis])
    sizes = np.diagonal(both)
    there = [n for n, size in enumerate(sizes) if size]
    rows = [
        (names[a], names[b], int(both[a, b]), both[a, b] / sizes[a],
         both[a, b] / (sizes[a] + sizes[b] - both[a, b]))
        for a in there for b in there
    ]  # fmt: skip
    texts = {of: pl.String(), "other": pl.String(), "both": pl.Int64()}
    schema = texts | {"share_of_first": pl.Float64(), "jaccard": pl.Float64()}
    return Figure(
        key=key,
        section=SECTION,
        title=f"Samples that two {of}s drop together",
        table=pl.DataFrame(rows, schema=schema, orient="row"),
        columns={
            of: f"a {of}; those that drop nothing are left out",
            "other": f"another {of}, or the same",
            "both": "samples that both drop",
            "share_of_first": "those as a share of what the first drops, 0 to 1",
            "jaccard": "those as a share of what either drops, 0 to 1",
        },
        chart=Chart("matrix", x="other", series=of, y="share_of_first"),
        note="Read a row: of what this one drops, so much is dropped by the other as well.",
        missing=None if rows else "no filter drops anything",
    )
