"""Faults: what the rules find in measured samples, put together by sample and counted by domain.

Each rule is looked at once, for all samples together; after that only samples with faults are
handled. So a million of them are judged while a person waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from filters.rules import Rules

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

STEP = ("domain", "filter", "entering", "dropped", "left", "not_judged", "dropped_alone_total")
"""The columns of a funnel."""


class Fault(NamedTuple):
    """One reason of one filter, and the numbers of the rows that have it, in order."""

    filter: str
    reason: str
    rows: np.ndarray


def found(table: pl.DataFrame, active: Mapping[str, Rules]) -> list[Fault]:
    """All faults in a table of measured samples, in the order of the funnel.

    Filters that ask for `accepted`, whether a sample has no fault so far, come after the others.
    """
    import numpy as np

    last = {name: rules for name, rules in active.items() if "accepted" in rules.asks()}
    first = {name: rules for name, rules in active.items() if name not in last}
    faults = _found(table, first)
    if last:
        accepted = np.ones(table.height, bool)
        for fault in faults:
            accepted[fault.rows] = False
        faults += _found(table.with_columns(pl.Series("accepted", accepted)), last)
    order = {name: place for place, name in enumerate(active)}
    return sorted(faults, key=lambda fault: order[fault.filter])


def _found(table: pl.DataFrame, active: Mapping[str, Rules]) -> list[Fault]:
    entries = [(name, entry) for name, rules in active.items() for entry in rules.entries]
    asked = [
        one
        for name, entry in entries
        for one in (active[name].takes(entry), *entry.reasons().values())
    ]
    # The rows are counted along: a rule may say one thing of all samples, once. Only lazy tables
    # look at several rules at the same time.
    told = table.lazy().select(
        pl.int_range(pl.len()).alias("row"), *(one.alias(f"{n}") for n, one in enumerate(asked))
    )
    columns = iter(told.collect().get_columns()[1:])
    faults = []
    for name, entry in entries:
        takes, unknown = next(columns), pl.repeat(False, table.height, eager=True)
        for reason in entry.reasons():
            rule = next(columns)
            unknown |= rule.is_null()
            faults.append(Fault(name, reason, (takes & rule).arg_true().to_numpy()))
        faults.append(Fault(name, entry.not_measured, (takes & unknown).arg_true().to_numpy()))
    return faults


def by_sample(faults: list[Fault], samples: int) -> pl.DataFrame:
    """Of so many samples the `reasons`, all in the order of the funnel, and the first's filter."""
    import numpy as np
    import pyarrow as pa

    rows = np.concatenate([np.empty(0, np.uint32), *(fault.rows for fault in faults)])
    which = np.repeat(np.arange(len(faults)), [len(fault.rows) for fault in faults])
    which = which[np.argsort(rows, kind="stable")]
    counts = np.bincount(rows, minlength=samples)
    ends = np.cumsum(counts)
    reasons = pl.Series([fault.reason for fault in faults], dtype=pl.String).gather(which)
    offsets = pl.Series(np.concatenate([[0], ends])).to_arrow()  # of numpy, pyarrow loads pandas
    lists = pa.LargeListArray.from_arrays(offsets, reasons.to_arrow())
    none = len(faults)
    first = np.where(counts > 0, np.append(which, none)[ends - counts], none)
    filters = pl.Series([*(fault.filter for fault in faults), None], dtype=pl.String)
    return pl.DataFrame({"reasons": pl.Series(lists), "dropped_by": filters.gather(first)})


def by_domain(judged: pl.DataFrame, active: Mapping[str, Rules]) -> pl.DataFrame:
    """The funnel of each domain, null first; where the table has no domains, as of null."""
    domain = "domain" if "domain" in judged.columns else pl.lit(None, pl.String).alias("domain")
    rows = judged.select(pl.int_range(pl.len()).alias("row"), domain, "reasons", "dropped_by")
    ends = rows.group_by("domain", "dropped_by").len()
    owners = pl.DataFrame(
        [(reason, name) for name, rules in active.items() for reason in rules.reasons()],
        schema={"reasons": pl.String(), "filter": pl.String()},
        orient="row",
    )
    faulty = rows.filter(pl.col("reasons").list.len() > 0).explode("reasons")
    owned = faulty.join(owners, on="reasons").group_by("domain", "filter")
    alone = {(d, name): n for d, name, n in owned.agg(pl.col("row").n_unique()).iter_rows()}
    dropped = {(d, name): n for d, name, n in ends.iter_rows()}
    steps = []
    for d, left in ends.group_by("domain").agg(pl.sum("len")).sort("domain").iter_rows():
        for name, rules in active.items():
            drops, entering = dropped.get((d, name), 0), left
            left -= drops
            passed_by = 0 if rules.judge(d) else entering
            steps.append((d, name, entering, drops, left, passed_by, alone.get((d, name), 0)))
    texts, counts = dict.fromkeys(STEP[:2], pl.String()), dict.fromkeys(STEP[2:], pl.Int64())
    return pl.DataFrame(steps, schema=texts | counts, orient="row")
