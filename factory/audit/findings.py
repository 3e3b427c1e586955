"""Findings: the few things in an audit's numbers that a person should look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from factory.audit.figures import Figure

MANY_UNMEASURED = 0.01
"""Share of samples that a filter could not measure."""
MANY_LOST = 0.02
"""Share of draws that were lost."""
MANY_UNVERIFIABLE = 0.01
"""Share of samples that nobody could judge."""
LARGE_CLUSTER = 0.01
"""Share of samples in one cluster of near-duplicates."""
DEAR = 0.2
"""Share of tokens spent on prompts that never were right."""
UNEVEN = 2.0
"""A group is hit hard where a filter drops so many times the share that it drops of all."""
FEW = 50
"""Samples below which nothing is said of a group."""


@dataclass(frozen=True)
class Finding:
    """Something to look at."""

    figure: str
    """The key of the figure that shows it."""
    text: str
    """A sentence; names of sources and the like stand in it as they are."""


Tables = Mapping[str, pl.DataFrame]


def counted(count: int, what: str) -> str:
    """So many of something.

    >>> counted(1, "sample"), counted(1200, "sample")
    ('1 sample', '1,200 samples')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def findings(figures: list[Figure]) -> list[Finding]:
    """What is worth a look, the gravest first; made of the figures' numbers alone."""
    tables = {figure.key: figure.table for figure in figures if not figure.missing}
    return [finding for look in LOOKS for finding in look(tables)]


def _keys(tables: Tables) -> Iterator[Finding]:
    if "keys" in tables:
        table = tables["keys"]
        count, rows = int(table["suspects"].sum()), int(table["rows"].sum())
        yield Finding(
            "keys",
            f"Doubtful: {counted(count, 'key')}, on which {counted(rows, 'row')} rest. Read the "
            "surest before you train.",
        )


def _contamination(tables: Tables) -> Iterator[Finding]:
    table = tables.get("contamination")
    if table is None or table.is_empty():
        return
    hits = table.filter(pl.col("reason") != "below all limits").sort("prompts", "benchmark")
    if hits.height:
        row = hits.row(-1, named=True)
        yield Finding(
            "contamination",
            f"Found in {row['benchmark']}: {counted(row['prompts'], 'prompt')}, by "
            f"{row['reason']} alone. It is evidence, no proof: read the pairs.",
        )


def _unmeasured(tables: Tables) -> Iterator[Finding]:
    for row in _overall(tables, "filters.values"):
        samples = sum(row[name] for name in ("well", "faulty", "not_measured", "not_judged"))
        if row["not_measured"] > MANY_UNMEASURED * max(samples, 1):
            yield Finding(
                "filters.values",
                f"Not measured by {row['filter']}: {counted(row['not_measured'], 'sample')} "
                f"({row['not_measured'] / samples:.1%}), dropped, and neither well nor faulty.",
            )


def _lost(tables: Tables) -> Iterator[Finding]:
    for row in _overall(tables, "lost"):
        if (row["share_lost"] or 0) > MANY_LOST:
            yield Finding(
                "lost",
                f"Lost to length or time: {counted(row['lost'], 'draw')} "
                f"({row['share_lost']:.1%}). Were all of them judged, between "
                f"{row['correct_if_wrong']:.1%} and "
                f"{row['correct_if_right']:.1%} of all would be correct.",
            )
            yield from _hardest(tables, row["share_lost"])


def _hardest(tables: Tables, overall: float) -> Iterator[Finding]:
    """Whether it is the hard prompts whose draws are lost."""
    hard = tables["lost"].filter(pl.col("by") == "difficulty", pl.col("samples") >= FEW)
    hard = hard.filter(pl.col("share_lost") > UNEVEN * overall).sort("share_lost")
    if hard.height:
        row = hard.row(-1, named=True)
        yield Finding(
            "lost",
            f"Prompts of pass rate {row['group']} lose {row['share_lost']:.1%} of their draws: "
            "what is left is easier than what was asked.",
        )


def _unverifiable(tables: Tables) -> Iterator[Finding]:
    for row in _overall(tables, "verdicts"):
        if (row["share_unverifiable"] or 0) > MANY_UNVERIFIABLE:
            reasons = tables["verdicts.reasons"].filter(verdict="unverifiable")
            counts = reasons.group_by("reason").agg(pl.sum("samples")).sort("samples", "reason")
            word, count = counts.row(-1)
            yield Finding(
                "verdicts.reasons",
                f"Unverifiable: {counted(row['unverifiable'], 'sample')} "
                f"({row['share_unverifiable']:.1%}), {count:,} for {word}: a failure of key, "
                "verifier or machine, not of the answer.",
            )


def _clusters(tables: Tables) -> Iterator[Finding]:
    table = tables.get("duplicates.largest")
    if table is None:
        return
    samples = int(tables["kept"]["samples"][0])
    row = table.sort("samples", "cluster", descending=[True, False]).row(0, named=True)
    if row["samples"] > LARGE_CLUSTER * samples and row["samples"] > 10:
        yield Finding(
            "duplicates.largest",
            f"One cluster of near-duplicates holds {row['samples']:,} samples "
            f"({row['samples'] / samples:.1%}): a template, or a fault of the comparison.",
        )


def _uneven(tables: Tables) -> Iterator[Finding]:
    """The group that a filter hits hardest, beyond what chance allows."""
    table = tables.get("filters.values")
    if table is None:
        return
    all_of_it = table.filter(by="overall").select("filter", overall="share_faulty")
    groups = table.filter(
        pl.col("by").is_in(["source", "domain", "language", "teacher"]),
        pl.col("well") + pl.col("faulty") >= FEW,
    ).join(all_of_it, on="filter")
    times = pl.col("share_faulty") / pl.col("overall")
    hit = groups.filter(
        pl.col("filter") != "correctness",
        pl.col("share_faulty") > 0.05,
        pl.col("share_faulty_low") > pl.col("overall"),
        times > UNEVEN,
    ).sort("share_faulty", "filter", "group")
    if hit.height:
        row = hit.row(-1, named=True)
        yield Finding(
            "filters.values",
            f"{row['filter']} drops {row['share_faulty']:.1%} of {row['by']} {row['group']}, and "
            f"{row['overall']:.1%} of all.",
        )


def _longer(tables: Tables) -> Iterator[Finding]:
    for row in _overall(tables, "lengths.within"):
        low, more = row["more_low"], row["more"] or 0
        if low is not None and low > 0 and more > 0.1 * row["right_length"]:
            yield Finding(
                "lengths.within",
                f"Wrong samples are longer than right ones of the same prompt by "
                f"{more / row['right_length']:.0%} ({row['wrong_length']:,.1f} and "
                f"{row['right_length']:,.1f} on average): a limit of length drops more wrong ones.",
            )


def _dear(tables: Tables) -> Iterator[Finding]:
    table = tables.get("cost.hopeless")
    if table is None:
        return
    row = table.filter(gave="never right").row(0, named=True)
    if row["share_tokens"] > DEAR:
        yield Finding(
            "cost.hopeless",
            f"Never right: {counted(row['prompts'], 'prompt')}, with {row['share_tokens']:.1%} of "
            "all tokens.",
        )


def _overall(tables: Tables, key: str) -> list[dict]:
    return tables[key].filter(by="overall").to_dicts() if key in tables else []


LOOKS: tuple[Callable[[Tables], Iterator[Finding]], ...] = (
    _keys,
    _contamination,
    _unmeasured,
    _lost,
    _unverifiable,
    _clusters,
    _uneven,
    _longer,
    _dear,
)
"""In the order in which findings are told."""
