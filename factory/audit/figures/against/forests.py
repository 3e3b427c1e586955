"""Differences as figures: a point with its interval for all pairs, and one for each group."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.against.joined import Level
from factory.audit.figures.coded import ALL

SECTION = "against"
TITLES = {
    "kept": "Share kept",
    "row": "Share that are rows",
    "correct": "Share correct",
    "unverifiable": "Share unverifiable",
    "finished": "Share finished",
    "completion_tokens": "Length in tokens",
    "any_kept": "Prompts with a kept sample",
    "pass_rate": "Pass rate, unbiased",
}
ALWAYS = ("kept", "correct")
"""What is told even if it is not known."""
OF_THE_DRAW = ("finished", "completion_tokens")
"""What two sides cannot tell otherwise of one draw."""
PAIRED = {
    "samples": "A pair is a sample that both have.",
    "prompts": "A pair is a prompt: the mean of all its draws before, and of all after; each "
    "prompt counts once.",
}
BENT = (
    "Where draws went on until some were right, means over a prompt's draws are bent; the "
    "unbiased pass rate is not."
)
MCNEMAR = (
    "McNemar's test takes pairs as independent: with several draws of a prompt trust the interval."
)
COLUMNS = {
    "quantity": "what is compared",
    "kind": "outcome, prompt (of a prompt as a whole), fault (share with it) or measure",
    "unit": "of before, after and difference; share: 0 to 1; nothing: of the measure itself",
    "by": "what pairs are grouped by; overall: all of them",
    "group": "the group",
    "label": "both, for the chart",
    "pairs": "pairs with a value on both sides",
    "not_measured": "pairs without one, which are left out",
    "prompts": "prompts of the pairs",
    "before": "mean before",
    "after": "mean after",
    "difference": "after less before",
    "low": "lower end of its 95 % interval; null: it cannot be told",
    "high": "upper end of that interval",
    "turned": "pairs with another value after",
    "less": "pairs with a smaller value after",
    "more": "pairs with a larger value after",
    "mcnemar": "probability of so uneven turns by chance (McNemar, exact, two-sided); null: not a "
    "yes and no of each pair",
    "deviation": "standard deviation of the values before",
    "in_deviations": "difference over deviation, to draw all in one chart",
    "low_in_deviations": "lower end of the interval, likewise",
    "high_in_deviations": "upper end of it",
}


def forests(level: Level, table: pl.DataFrame) -> Iterator[Figure]:
    """A figure for each outcome, one for all faults and measures, and their groups as a table."""
    group = pl.when(pl.col("by") == "overall").then(pl.lit(ALL)).otherwise(
        pl.format("{}: {}", "by", "group")
    )  # fmt: skip
    told = table.with_columns(label=group)
    outcomes = told.filter(pl.col("kind").is_in(["outcome", "prompt"]))["quantity"]
    for name in dict.fromkeys([*ALWAYS, *outcomes]):
        own = told.filter(quantity=name).drop("quantity", "kind")
        settled = level == "samples" and name in OF_THE_DRAW and not own["turned"].sum()
        if name in ALWAYS or (own["pairs"].sum() and not settled):
            yield _outcome(level, name, own)
    others = told.filter(pl.col("kind").is_in(["fault", "measure"]))
    yield _faults(level, others.filter(by="overall", kind="fault"))
    yield _measures(level, others.filter(by="overall", kind="measure"))
    groups = others.filter(pl.col("by") != "overall", pl.col("pairs") > 0)
    if groups.height:
        table = groups.drop("label", "deviation")
        title = "Faults and measures by group"
        yield _figure(level, "measures.by", title, table, note=_chance(table))


def _outcome(level: Level, name: str, own: pl.DataFrame) -> Figure:
    own = own.select("label", *(n for n in own.columns if n not in ("label", "deviation")))
    chart = Chart("intervals", x="label", y="difference", low="low", high="high")
    missing = None if own["pairs"].sum() else "no pair has a value on both sides"
    known = own.filter(pl.col("mcnemar").is_not_null())
    several = known.filter(pl.col("pairs") > pl.col("prompts")).height
    notes = [MCNEMAR if several else "", BENT if level == "prompts" else "", _chance(own)]
    return _figure(level, name, TITLES[name], own, chart, " ".join(filter(None, notes)), missing)


def _faults(level: Level, overall: pl.DataFrame) -> Figure:
    table = overall.drop("label", "kind", "by", "group", "deviation").sort(
        pl.col("difference").abs(), descending=True, nulls_last=True, maintain_order=True
    )
    chart = Chart("intervals", x="quantity", y="difference", low="low", high="high")
    note = "" if table.height else "No rule of both finds a fault on either side."
    note = note or f"A fault counts whoever drops the sample first. {_chance(table)}".strip()
    return _figure(level, "faults", "Shares with each fault", table, chart, note)


def _measures(level: Level, overall: pl.DataFrame) -> Figure:
    spread = pl.when(pl.col("deviation") > 0).then(pl.col("deviation"))
    scaled = {"in_deviations": "difference", "low_in_deviations": "low",
              "high_in_deviations": "high"}  # fmt: skip
    table = overall.drop("label", "kind", "by", "group").with_columns(
        **{name: pl.col(own) / spread for name, own in scaled.items()}
    )
    table = table.sort(
        pl.col("in_deviations").abs(), descending=True, nulls_last=True, maintain_order=True
    )
    chart = Chart("intervals", x="quantity", y="in_deviations", low="low_in_deviations",
                  high="high_in_deviations")  # fmt: skip
    missing = None if table["pairs"].sum() else "no measure can be compared"
    return _figure(level, "measures", "All measures", table, chart, _chance(table), missing)


def _figure(
    level: Level,
    name: str,
    title: str,
    table: pl.DataFrame,
    chart: Chart | None = None,
    note: str = "",
    missing: str | None = None,
) -> Figure:
    return Figure(
        key=f"against.{level}.{name}",
        section=SECTION,
        title=f"{title}: after less before, paired by {level[:-1]}",
        table=table,
        columns={column: COLUMNS[column] for column in table.columns},
        chart=chart if table.height and not missing else None,
        note=f"{PAIRED[level]} {note}".strip(),
        missing=missing,
    )


def _chance(table: pl.DataFrame) -> str:
    """How many intervals would lie beside 0 if nothing were another."""
    told = table.filter(pl.col("low").is_not_null()).height
    if told < 20:
        return ""
    return (
        f"Of {told:,} intervals about {told / 20:,.0f} lie beside 0 by chance where nothing is "
        "another."
    )
