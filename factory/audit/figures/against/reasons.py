"""Why rows of two versions are different, as `factory diff` finds it."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.against.joined import Joined
from factory.audit.subject.place import version_of
from factory.errors import StageError
from factory.versions.diff import Difference, difference
from factory.versions.diff.side import Side

MOST = 300_000
"""Rows of a version up to which reasons are looked for: of a million it takes 20 s and 3 GB."""
EXAMPLES = 5
UNEXPLAINED = "no known reason"
COLUMNS = {
    "change": "insert: a row after alone; delete: before alone; update: in both, with other values",
    "reason": "why, in a word",
    "stage": "the stage of the line that it is of",
    "rows": "rows with this reason; one of two reasons counts in both",
    "detail": "what one of them says, with the values",
    "examples": "sample_id of some of them",
}


def reasons(joined: Joined) -> Figure:
    """How many rows were added, removed and changed, by the reason."""
    found = _difference(joined)
    if isinstance(found, str):
        return _figure(pl.DataFrame(), found)
    counts = found.counts
    said = ", ".join(f"{counts[name]:,} {name}" for name in ("added", "removed", "changed"))
    return _figure(_by_reason(found), None, f"{said}, {counts['same']:,} the same.")


def _figure(table: pl.DataFrame, missing: str | None, counts: str = "") -> Figure:
    return Figure(
        key="against.reasons",
        section="against",
        title="Why rows are different",
        table=table,
        columns=COLUMNS if not missing else {},
        chart=Chart("bars", x="reason", y="rows", series="change") if table.height else None,
        note=f"{counts} A row is one that the version has; reasons are found in the records of "
        "both versions, and `factory diff` tells them row by row." if not missing else "",
        missing=missing,
    )  # fmt: skip


def _difference(joined: Joined) -> Difference | str:
    """The difference of two versions, or why there is none."""
    sides = []
    places = [side.subject.place for side in joined.sides.values()]
    for side in (joined.was.subject, joined.now.subject):
        folder = version_of(side)
        if folder is None:
            return f"{side.place} is no dataset version, so nothing tells how its rows came about"
        rows = side.manifest.rows if side.manifest else 0
        if rows > MOST:
            return (
                f"not looked for: {side.place} has {rows:,} rows. `factory diff "
                f"{' '.join(places)}` finds the reason of each"
            )
        sides.append(Side(folder, side.place))
    try:
        return difference(*sides)
    except StageError as error:
        return str(error)


def _by_reason(found: Difference) -> pl.DataFrame:
    keys = ["change", "reason", "stage"]
    lacks = found.without_reason.select(
        "change", "sample_id", reason=pl.lit(UNEXPLAINED), stage=pl.lit(None, pl.String),
        detail=pl.lit(None, pl.String),
    )  # fmt: skip
    own = ["change", "sample_id", "reason", "stage", "detail"]
    every = pl.concat([found.reasons.select(own), lacks.select(own)])
    table = every.sort("sample_id").group_by(keys).agg(
        rows=pl.col("sample_id").n_unique(),
        detail=pl.col("detail").first(),
        examples=pl.col("sample_id").unique(maintain_order=True).head(EXAMPLES).str.join(", "),
    )  # fmt: skip
    order = pl.col("change").replace_strict(
        {"delete": 0, "insert": 1, "update": 2}, return_dtype=pl.Int8
    )
    by = [order, pl.col("rows"), pl.col("reason"), pl.col("stage")]
    return table.sort(by, descending=[False, True, False, False])
