"""Lengths: how long right samples are, how long wrong ones, and the difference of one prompt's.

In tokens; where nobody counted these in characters, as the filters saw them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.bins import bins_of, counts
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained
from factory.audit.figures.spread import COLUMNS, Spread

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

SECTION = "lengths"
KINDS = ("correct", "incorrect", "unverifiable", "no verdict", "cut")
"""Verdicts, and draws that were cut: how long these would be nobody knows."""
CUT = ("length", "abort", "loop", "language")

WITHIN = BY | {
    "samples": "samples in the group",
    "pairs": "prompts, by teacher and strategy, that have right and wrong samples",
    "longer": "those of which the wrong ones are longer",
}
WITHIN |= explained(
    {
        "wrong_longer": "share of the pairs in which the wrong samples are longer, 0 to 1",
        "right_length": "length of the right samples, mean of the prompts' means",
        "wrong_length": "length of the wrong ones",
        "more": "by how much the wrong ones of the same prompt are longer",
    }
)
LENGTHS = {
    "tokens": ("completion_tokens",),
    "characters": ("thinking_chars", "response_chars"),
    "characters of thinking": ("chain_chars",),
}
"""Unit -> the columns that are added up; the first unit that is known is taken."""


class Measured(NamedTuple):
    """How long samples are."""

    lengths: pl.Series
    """Null: not known."""
    unit: str
    missing: str | None
    """Why no length is known."""


def lengths(counted: Counted) -> list[Figure]:
    """Lengths by verdict: histogram, quantiles by group, and the difference within prompts."""
    measured, kinds = _measured(counted), _kinds(counted)
    return [question(counted, measured, kinds) for question in (_histogram, _by_group, _within)]


def _measured(counted: Counted) -> Measured:
    for unit, columns in LENGTHS.items():
        if counted.has(columns[0]):
            first, *others = (counted.samples[name] for name in columns)
            for other in others:  # where there is no response, it has no characters
                first = first + other.fill_null(0)
            return Measured(first, unit, None)
    why = "nobody counted tokens, and `format` and `chain` are not in use"
    return Measured(counted.samples["completion_tokens"], "tokens", why)


def _kinds(counted: Counted) -> np.ndarray:
    import numpy as np

    kinds = np.zeros(counted.samples.height, np.uint8)
    for number, which in enumerate([*counted.verdicts.values(), cut(counted)]):
        kinds[which.to_numpy()] = number
    return kinds


def cut(counted: Counted) -> pl.Series:
    """Whether a sample did not come to its own end, or its thinking did not; as far as anybody
    knows."""
    return finish(counted).is_in(CUT).fill_null(False) | unfinished(counted).fill_null(False)


def finish(counted: Counted) -> pl.Series:
    """How samples ended: as the store says, or the measure of `truncation`; null: not known."""
    there = [name for name in ("finish_reason", "finish") if name in counted.samples.columns]
    return counted.samples.select(pl.coalesce(there)).to_series()


def unfinished(counted: Counted) -> pl.Series:
    """Whether the thinking never ended, as `truncation` measured it; null: not known."""
    if "unfinished" in counted.samples.columns:
        return counted.samples["unfinished"]
    return pl.Series([None], dtype=pl.Boolean).new_from_index(0, counted.samples.height)


def _histogram(counted: Counted, measured: Measured, kinds: np.ndarray) -> Figure:
    import numpy as np

    there = measured.lengths.is_not_null().to_numpy()
    known, own = measured.lengths.drop_nulls().to_numpy(), kinds[there]
    rows, log = [], False
    if len(known):
        edges, log = bins_of(np.sort(known))
        for name, found in zip(KINDS, counts(known, own, len(KINDS), edges), strict=True):
            rows += [
                (edges[n], edges[n + 1], name, count, count / sum(found))
                for n, count in enumerate(found)
                if count
            ]
    lacks = np.bincount(kinds[~there], minlength=len(KINDS)).tolist()
    rows += [(None, None, name, n, None) for name, n in zip(KINDS, lacks, strict=True) if n]
    columns = {
        "from": f"{measured.unit} where the bin begins; null: not counted",
        "to": f"{measured.unit} where it ends, not in it",
        "verdict": ", ".join(KINDS),
        "samples": "how many",
        "share": "those as a share of all with this verdict, 0 to 1",
    }
    kinds_ = [pl.Float64(), pl.Float64(), pl.String(), pl.Int64(), pl.Float64()]
    return Figure(
        key="lengths",
        section=SECTION,
        title=f"{measured.unit.capitalize()} of right and wrong samples",
        table=pl.DataFrame(rows, schema=dict(zip(columns, kinds_, strict=True)), orient="row"),
        columns=columns,
        chart=Chart("histogram", x="from", x_end="to", y="share", series="verdict", log=log),
        note="Cut samples stand by themselves: they are as long as they were let.",
        missing=measured.missing,
    )


def _by_group(counted: Counted, measured: Measured, kinds: np.ndarray) -> Figure:
    spread = Spread.of(measured.lengths)
    table = spread.by(counted.groups, kinds, KINDS, "verdict")
    columns = {"by": BY["by"], "group": BY["group"], "verdict": ", ".join(KINDS)}
    return Figure(
        key="lengths.by",
        section=SECTION,
        title=f"{measured.unit.capitalize()} of right and wrong samples, by group",
        table=table,
        columns=columns | {"samples": "samples whose length is known"}
        | {name: f"{measured.unit}: {what}" for name, what in COLUMNS.items()},
        chart=Chart("intervals", x="group", y="median", low="q25", high="q75", series="verdict"),
        note="Bars go from a quarter to three quarters of the samples: they are no intervals of "
        "the median.",
        missing=measured.missing,
    )  # fmt: skip


def _within(counted: Counted, measured: Measured, kinds: np.ndarray) -> Figure:
    """Of prompts with right and wrong samples, the mean of the wrong less that of the right."""
    import numpy as np

    groups = counted.groups
    tokens = measured.lengths
    there = tokens.is_not_null()
    of = [pl.Series(kinds == KINDS.index(name)) & there for name in ("correct", "incorrect")]
    none = pl.Series([None], dtype=tokens.dtype).new_from_index(0, tokens.len())
    sums = [groups.sums(tokens.zip_with(which, none)) for which in of]
    sizes = [groups.sums(which) for which in of]
    both = (sizes[0] > 0) & (sizes[1] > 0)
    means = [s / np.maximum(n, 1) for s, n in zip(sums, sizes, strict=True)]
    cells = {
        "samples": groups.sizes,
        "pairs": both.astype(int),
        "longer": (both & (means[1] > means[0])).astype(int),
        "right": np.where(both, means[0], 0.0),
        "wrong": np.where(both, means[1], 0.0),
        "difference": np.where(both, means[1] - means[0], 0.0),
    }
    table = groups.told_of_cells(
        cells,
        shares={"wrong_longer": ("longer", "pairs")},
        means={
            "right_length": ("right", "pairs"),
            "wrong_length": ("wrong", "pairs"),
            "more": ("difference", "pairs"),
        },
    ).drop("right", "wrong", "difference")
    missing = measured.missing
    if missing is None and not both.any():
        missing = "no prompt has a right and a wrong sample that both came to their end"
    return Figure(
        key="lengths.within",
        section=SECTION,
        title="How much longer wrong samples are than right ones of the same prompt",
        table=table,
        columns=WITHIN,
        chart=Chart("intervals", x="group", y="more", low="more_low", high="more_high",
                    series="by"),
        note=f"In {measured.unit}. Wrong samples are longer because hard prompts need more, or "
        "because they went astray: within a prompt only the second is left. Cut samples are left "
        f"out. {HOW}",
        missing=missing,
    )  # fmt: skip
