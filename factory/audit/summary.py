"""The summary: an audit in one sentence, its funnel, and what a person should look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from factory.audit.figures import Figure
from factory.audit.findings import counted, findings
from factory.audit.subject import Subject
from filters import FILTERS

UNREAD = ("unread", "questions")
"""What is missing that is told by itself: samples and questions that cannot be read."""
NAMED = 5
"""Names in a row of them; of more it is told how many."""
UNANSWERED = {
    "verdicts": "verdicts",
    "difficulty": "pass rates",
    "lengths": "tokens",
    "keys": "suspect keys",
}
"""Section of figures -> what is said where none of them has numbers; others go by a filter."""


def sentences(subject: Subject, figures: Sequence[Figure]) -> list[str]:
    """What is said before all tables; the first is the whole in one sentence."""
    tables = {figure.key: figure for figure in figures}
    kept = tables["kept"].table
    if kept.is_empty():
        return [f"{subject.place}: no samples."]
    row = kept.filter(by="overall").row(0, named=True)
    samples, prompts = (counted(row[f"{what}s"], what) for what in ("sample", "prompt"))
    told = (
        f"{subject.place}: {samples} of {prompts}, {row['accepted']:,} pass all filters "
        f"({row['share_accepted']:.1%})"
    )
    if subject.kind != "data":  # of which nobody made a dataset
        told += f", {row['chosen']:,} are rows of the dataset"
    unread = [f"{subject.missing[one]}." for one in UNREAD if one in subject.missing]
    return [
        f"{told}.",
        *unread,
        *_takes(tables["rejections"].table),
        *_unmeasured(subject, figures),
    ]


def _takes(table: pl.DataFrame) -> Iterator[str]:
    """Which filter takes most, and which could be left out."""
    if table.is_empty():
        yield "No filter is in use."
        return
    most = table.sort("alone", descending=True, maintain_order=True).row(0, named=True)
    if most["alone"]:
        yield (
            f"{most['filter']} takes most: {most['alone']:,}; {most['only']:,} of them no other "
            "filter takes."
        )
    for word, said in (
        ("covered", "Redundant here, since others drop all that they drop"),
        ("never", "Dropped nothing"),
    ):
        names = table.filter(redundant=word)["filter"].to_list()
        if names:
            yield f"{said}: {_listed(names)}."


def _unmeasured(subject: Subject, figures: Sequence[Figure]) -> Iterator[str]:
    """Filters that are not in use, and questions that no figure has numbers for."""
    missing = [figure.key for figure in figures if figure.missing and not figure.columns]
    unused = [key.removeprefix("measure.") for key in missing if key.startswith("measure.")]
    names = [name for name in unused if name in FILTERS]
    for section, words in UNANSWERED.items():
        if all(f.missing for f in figures if f.section == section):
            names.append(words)
    names += [name for name in subject.missing if name not in (*FILTERS, *UNREAD)]
    if names:
        yield f"Not measured: {_listed(list(dict.fromkeys(names)), most=12)}."


def shown(subject: Subject, figures: Sequence[Figure]) -> Iterator[RenderableType]:
    """What `factory audit` prints."""
    first, *others = sentences(subject, figures)
    yield Text(first, style="bold")
    yield from map(Text, others)
    yield Text()
    tables = {figure.key: figure.table for figure in figures}
    yield _funnel(tables["funnel"], tables["rejections"])
    found = findings(list(figures))
    if found:
        yield Text("\nWorth a look", style="bold")
    for one in found:
        yield Text(f"- {one.text} [{one.figure}]")


def _funnel(funnel: pl.DataFrame, rejections: pl.DataFrame) -> Table:
    table = Table(box=None)
    table.add_column("filter", no_wrap=True)
    for name in ("samples", "dropped", "left", "alone it drops", "no other drops"):
        table.add_column(name, justify="right")
    only = dict(rejections.select("filter", "only").iter_rows())
    for row in funnel.iter_rows(named=True):
        spare = " spare" if row["kind"] == "selection" else ""
        alone = "" if row["alone"] is None else f"{row['alone']:,}"
        own = f"{only[row['step']]:,}" if row["step"] in only and not spare else ""
        table.add_row(
            row["step"], f"{row['entering']:,}", f"{row['dropped']:,}{spare}",
            f"{row['left']:,}", alone, own,
        )  # fmt: skip
    return table


def _listed(names: Sequence[str], most: int = NAMED) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
