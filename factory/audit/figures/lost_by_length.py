"""Lost draws by length: whether prompts whose other draws are long lose more of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.intervals import HOW, explained
from factory.audit.figures.lengths import cut

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

SECTION = "lost"
QUARTERS = ("shortest quarter", "second quarter", "third quarter", "longest quarter")
NONE = "no draw ended"
COLUMNS = {
    "length": "prompts in four parts by the mean length of their draws that ended; those of which "
    "none ended stand by themselves",
    "tokens": "mean length of the draws that ended, the longest of this part; null: none ended",
    "prompts": "prompts in this part",
    "samples": "their samples",
    "lost": "those that did not come to their own end and are not correct",
    **explained({"share_lost": "those as a share of the samples, 0 to 1"}),
}


def lost_by_length(counted: Counted) -> Figure:
    """Of prompts in quarters by the length of their draws that ended, the share that is lost."""
    title = "Draws lost by length of the prompt's other draws"
    if not counted.has("completion_tokens"):
        why = "tokens are not counted here"
        return Figure("lost.by_length", SECTION, title, pl.DataFrame(), {}, missing=why)
    gone = cut(counted)
    means = _means(counted, ~gone)
    part, ends = _quarters(means)
    groups = counted.groups
    labels = [*QUARTERS, NONE]
    parts = {"overall": part[groups.prompt]}
    told = replace(groups, codes=parts, labels={"overall": labels}).told(
        pl.DataFrame({"lost": gone & ~counted.verdicts["correct"]}),
        {"share_lost": ("lost", "samples")},
    )
    longest = pl.Series([*ends, None], dtype=pl.Float64)
    table = told.rename({"group": "length"}).with_columns(
        tokens=pl.col("length").replace_strict(labels, longest, return_dtype=pl.Float64)
    )
    return Figure(
        key="lost.by_length",
        section=SECTION,
        title=title,
        table=table.select(list(COLUMNS)),
        columns=COLUMNS,
        chart=Chart("intervals", x="length", y="share_lost", low="share_lost_low",
                    high="share_lost_high"),
        note="Where the share grows with the length, what is lost is long, and not lost by chance: "
        f"the rows are shorter than the draws would have been. {HOW}",
    )  # fmt: skip


def _means(counted: Counted, ended: pl.Series) -> np.ndarray:
    """By prompt, the mean tokens of the draws that ended; NaN: none did."""
    import numpy as np

    groups = counted.groups
    tokens = counted.samples["completion_tokens"]
    own = ended & tokens.is_not_null()
    none = pl.Series([None], dtype=tokens.dtype).new_from_index(0, tokens.len())
    sums = np.bincount(groups.prompt, weights=groups.sums(tokens.zip_with(own, none)))
    counts = np.bincount(groups.prompt, weights=groups.sums(own))
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _quarters(means: np.ndarray) -> tuple[np.ndarray, list[float | None]]:
    """By prompt, the number of its part; and the longest mean of each quarter."""
    import numpy as np

    known = means[~np.isnan(means)]
    if not len(known):
        return np.full(len(means), len(QUARTERS)), [None] * len(QUARTERS)
    ends = np.quantile(known, [0.25, 0.5, 0.75, 1.0], method="lower")
    part = np.searchsorted(ends, np.nan_to_num(means, nan=np.inf), side="left")
    return part, ends.tolist()
