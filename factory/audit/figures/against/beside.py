"""Both sides as they are, next to each other: their funnels, and how their measures lie."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.against.joined import Joined
from factory.audit.figures.against.quantities import OUTCOMES, Quantity, apart, measures
from factory.audit.figures.bins import Bins, bins_of
from factory.audit.figures.funnel import steps
from factory.audit.figures.thresholds import thresholds
from filters import FILTERS

SECTION = "against"
LOOKED_AT = 50_000
"""Values of each side that bins are chosen by, beside the ends; all of them are counted."""
SPAN = 1 << 22
"""Whole numbers from the least to the largest that are counted one by one."""
SHAPE: dict[str, pl.DataType] = {
    "side": pl.String(),
    "from": pl.Float64(),
    "to": pl.Float64(),
    "label": pl.String(),
    "samples": pl.Int64(),
    "share": pl.Float64(),
}


def funnels(joined: Joined) -> Figure:
    """The funnels of both, filter by filter, of all their samples."""
    sides = joined.sides
    parts = [
        steps(side).filter(kind="filter").with_columns(side=pl.lit(name), filter="step")
        for name, side in sides.items()
    ]
    names = dict.fromkeys([*FILTERS, *pl.concat(parts)["filter"].to_list()])
    order = {name: number for number, name in enumerate(names)}
    place = pl.col("filter").replace_strict(order, default=0, return_dtype=pl.Int64)
    table = pl.concat(parts).sort(place, pl.col("side") == "after").select(
        "filter", "side", "entering", "dropped", "left", "not_judged", "alone", "share_left",
    )  # fmt: skip
    return Figure(
        key="against.funnels",
        section=SECTION,
        title="What each filter leaves, before and after",
        table=table,
        columns={
            "filter": "in order", "side": "before or after",
            "entering": "samples that come to it",
            "dropped": "samples that it takes, being the first to do so",
            "left": "samples that go on",
            "not_judged": "samples among the left of whose domain it says nothing",
            "alone": "samples that it would drop if it were the only filter",
            "share_left": "left, as a share of all samples of that side, 0 to 1",
        },
        chart=Chart("bars", x="filter", y="share_left", series="side"),
        note="Of all samples of each side, the common ones and the others.",
        missing=None if table.height else "no filter is in use on either side",
    )  # fmt: skip


def shapes(joined: Joined) -> Iterator[Figure]:
    """How each measure lies before and after, in the same bins."""
    limits = [thresholds(side.subject) for side in joined.sides.values()]
    theirs = measures(joined.was)
    tokens = next(one for one in OUTCOMES if one.name == "completion_tokens")
    own = [one for name, one in measures(joined.now).items() if name in theirs and not one.share]
    for one in (tokens, *own):
        if not apart(joined, one.filter):
            yield _shape(joined, one, _both(*(found.get(one.name, {}) for found in limits)))


def _both(was: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """Thresholds of both by name; of one that is another now, both."""
    found = {}
    for name in dict.fromkeys([*was, *now]):
        if was.get(name) == now.get(name):
            found[name] = now[name]
        else:
            found |= {f"{name} before": was[name]} if name in was else {}
            found |= {f"{name} after": now[name]} if name in now else {}
    return found


def _shape(joined: Joined, one: Quantity, limits: dict[str, float]) -> Figure:
    sides = {name: one.of(side) for name, side in joined.sides.items()}
    known = {name: values[np.isfinite(values)] for name, values in sides.items()}
    whole = all(side.samples.schema[one.name].is_integer() for side in joined.sides.values())
    bins = _bins([*known.values()], whole)
    parts = [_counted(name, known[name], len(sides[name]), bins, whole) for name in sides]
    none = [name for name, values in known.items() if not len(values)]
    return Figure(
        key=f"against.shape.{one.name}",
        section=SECTION,
        title=f"{one.name}, before and after",
        table=pl.concat(parts),
        columns={
            "side": "before or after", "from": "where the bin begins",
            "to": "where it ends, not in it", "label": "what has no number",
            "samples": "samples of that side in it",
            "share": "of the samples of that side that have a number, 0 to 1",
        },
        chart=Chart("histogram", x="from", x_end="to", y="share", series="side",
                    thresholds=limits, log=bins.log),
        note=f"{one.told[0].upper()}{one.told[1:]}. Of all samples of each side.",
        missing=f"not measured of any sample {' and '.join(none)}" if none else None,
    )  # fmt: skip


def _bins(sides: list[np.ndarray], whole: bool) -> Bins:
    """The bins of both sides together."""
    some = []
    for values in sides:
        if len(values):
            least = values[values > 0]
            ends = [values.min(), values.max(), *([least.min()] if len(least) else [])]
            some += [values[:: len(values) // LOOKED_AT + 1], np.array(ends)]
    if not some:
        return Bins([0.0, 1.0], log=False)
    ordered = np.sort(np.concatenate(some))
    return bins_of(ordered.astype(np.int64) if whole else ordered)


def _counted(side: str, known: np.ndarray, samples: int, bins: Bins, whole: bool) -> pl.DataFrame:
    """A row a bin, and one for the samples without a number."""
    edges = np.array(bins.edges)
    counts = _in_bins(known, edges, whole)
    rows = pl.DataFrame({"from": edges[:-1], "to": edges[1:], "samples": counts}).with_columns(
        side=pl.lit(side),
        label=pl.lit(None, pl.String),
        share=pl.col("samples") / max(1, len(known)),
    )
    lacks = {"side": side, "label": "not measured", "samples": samples - len(known)}
    rows = rows.select(list(SHAPE)).cast(pl.Schema(SHAPE))
    return pl.concat([rows, pl.DataFrame([lacks] if lacks["samples"] else [], schema=SHAPE)])


def _in_bins(known: np.ndarray, edges: np.ndarray, whole: bool) -> np.ndarray:
    """How many values are in each bin; what equals the last edge is in the last one."""
    if whole and len(known) and known.max() - known.min() < SPAN:  # three times as fast
        least = int(known.min())
        up_to = np.append(0, np.cumsum(np.bincount(known.astype(np.int64) - least)))
        places = np.clip(np.ceil(edges) - least, 0, len(up_to) - 1).astype(np.int64)
        places[-1] = len(up_to) - 1
        return np.diff(up_to[places])
    place = np.searchsorted(edges[1:-1], known, side="right")
    return np.bincount(place, minlength=len(edges) - 1)
