"""What the two commands write: a table of all samples, the funnel, and pages to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table

from factory.errors import LedgerError
from factory.generations import noted
from factory.generations.columns import said
from factory.generations.judging import FATES, Sums, with_rules
from factory.generations.parts import FEW, Work, counted
from factory.recipe.rules import Rules
from factory.store.shards import write_text, write_through
from filters.text.shorten import shorten

KEPT = {"file": pl.Int32(), "row": pl.Int64(), "draw": pl.Int32()}
MOST = 0.5
"""Share of the samples with one reason above which it is told."""
FILES = (
    "## Files",
    "",
    "- `kept/`: the rows that have a kept sample, in the form in which they came. Of a row with",
    "  several generations the dropped ones are left out, and what lists say of them.",
    "- `decisions.parquet`: every sample by its place, `sample_id`, with `fate` (kept, dropped,",
    "  unread), `dropped_by`, all `reasons`, its measures, and `rule_REASON` true where that rule",
    "  drops it.",
    "- `funnel.json`: the table above, by domain too, with rules and columns, for programs.",
    "- `measures/`: what was measured; with other thresholds the same command starts from it.",
)
INSIDE = ("file", "row")
"""Columns of the work, not of its results: `sample_id` says the place."""


def write_rows(
    tables: Iterable[pl.DataFrame], work: Work, file: Path, fates: bool, texts: bool = False
) -> tuple[Sums, pl.DataFrame]:
    """Write judged samples into one Parquet file, table by table.

    Args:
        tables: from `judging.judged`.
        work: what was measured.
        file: where they go; it is whole after a crash, or not there.
        fates: whether the file says what became of each.
        texts: whether each part's texts are put beside, read again.

    Returns:
        The sums, and `file`, `row` and `draw` of what is kept.
    """
    import pyarrow.parquet as pq

    sums, kept, writer = Sums(), [pl.DataFrame(schema=KEPT)], None
    note = noted.note(work, file.parent)
    temporary = file.with_name(file.name + ".tmp")
    again = _texts(work) if texts else None
    try:
        for rows in tables:
            sums.add(rows, work.filters)
            kept.append(rows.filter(pl.col("fate") == "kept").select(list(KEPT)))
            told = with_rules(rows, work.filters).drop(*INSIDE, *(() if fates else FATES))
            if again:
                told = told.hstack(again(rows.height))
            table = told.to_arrow(compat_level=pl.CompatLevel.oldest())
            table = table.replace_schema_metadata({noted.KEY: note})
            writer = writer or pq.ParquetWriter(temporary, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer:
            writer.close()
    write_through(temporary, file)
    _must_close(sums)
    return sums, pl.concat(kept)


def _texts(work: Work) -> Callable[[int], pl.DataFrame]:
    """Gives the texts of the next so many samples."""
    chunks, waiting = work.chunks(), pl.DataFrame(schema={"prompt": pl.String, "text": pl.String})

    def next_ones(count: int) -> pl.DataFrame:
        nonlocal waiting
        pieces = [waiting]
        while sum(piece.height for piece in pieces) < count:
            pieces.append(next(chunks)[1].select("prompt", "text"))
        both = pl.concat(pieces)
        waiting = both[count:]
        return both[:count]

    return next_ones


def _must_close(sums: Sums) -> None:
    left = sums.steps["left"][-1] if sums.steps is not None and sums.steps.height else None
    readable = sums.samples - sums.unread
    if left is not None and left != sums.kept:
        raise LedgerError(
            f"the sums do not close: {readable} judged, {left} left, {sums.kept} kept"
        )


def funnel_table(sums: Sums) -> Table:
    """The funnel for a terminal."""
    table = Table(box=None)
    table.add_column("filter")
    for name in ("samples", "dropped", "left", "alone it drops"):
        table.add_column(name, justify="right")
    readable = sums.samples - sums.unread
    table.add_row("read", f"{sums.samples:,}", f"{sums.unread:,} unread", f"{readable:,}", "")
    for step in _steps(sums):
        names = ("entering", "dropped", "left", "dropped_alone_total")
        table.add_row(step["filter"], *(f"{step[name]:,}" for name in names))
    table.add_row("kept", "", "", f"{sums.kept:,}", "")
    return table


def measures_table(work: Work, sums: Sums, errors: dict[str, int]) -> Table:
    """What was measured, and what each filter's rules would drop, where it has any."""
    ruled = {name for name, rules in work.filters.active().items() if len(rules.reasons()) > 1}
    table = Table(box=None)
    table.add_column("filter")
    for name in ("samples", "errors", "would drop", "share"):
        table.add_column(name, justify="right")
    readable = sums.samples - sums.unread
    for step in _steps(sums):
        name, drops = step["filter"], step["dropped_alone_total"]
        told = (f"{drops:,}", f"{drops / readable:.1%}" if readable else "")
        told = told if name in ruled else ("no limits", "")
        table.add_row(name, f"{readable:,}", f"{errors.get(name, 0):,}", *told)
    return table


def much_dropped(file: Path, sums: Sums) -> list[str]:
    """Reasons that most samples have, since the rule may not be meant for such data."""
    readable = sums.samples - sums.unread
    rows = pl.scan_parquet(file).select("reasons", "error").filter(pl.col("error").is_null())
    reasons = rows.select(pl.col("reasons").explode()).collect()["reasons"]
    return [
        f"{reason}: {count:,} of {readable:,} samples have this reason; is its rule meant for them?"
        for reason, count in counted(reasons)
        if count > MOST * readable
    ]


def unread(file: Path) -> list[str]:
    """What kept rows from being read: each reason with its count and its first rows."""
    rows = pl.read_parquet(file, columns=["sample_id", "error"]).drop_nulls("error")
    reason = pl.col("error").str.extract(r"^(\w+)").alias("reason")
    told = []
    for (word,), own in rows.group_by(reason, maintain_order=True):
        place, error = own.row(0)
        detail = error.removeprefix(f"{word}: ")
        told.append(f"{own.height:,} {word}, as {place}: {shorten(detail, 160)}")
    return told


def errors(file: Path) -> dict[str, int]:
    """Of how many samples a measure failed, by filter."""
    schema = pl.read_parquet_schema(file)
    named = [n for n in schema if n.endswith("_error") and n not in ("prompt_error", "key_error")]
    if not named:
        return {}
    counts = pl.scan_parquet(file).select(pl.col(named).count()).collect().row(0, named=True)
    return {name.removesuffix("_error"): count for name, count in counts.items() if count}


def verdicts(file: Path) -> str | None:
    """How many samples are right, and why the others are not, the commonest reasons first."""
    if "verdict" not in pl.read_parquet_schema(file):
        return None
    rows = pl.read_parquet(file, columns=["verdict", "verdict_reason"])
    right = rows.filter(verdict="correct").height
    told = [f"{right:,} correct"]
    for outcome in ("incorrect", "unverifiable"):
        words = rows.filter(verdict=outcome)["verdict_reason"].str.extract(r"^(\w+)")
        if reasons := ", ".join(f"{count:,} {word}" for word, count in counted(words)[:FEW]):
            told.append(f"{outcome}: {reasons}")
    return "verdicts: " + "; ".join(told)


def write_funnel(work: Work, sums: Sums, file: Path) -> None:
    """Write the numbers, for programs."""
    whole = {
        "samples": sums.samples,
        "unread": sums.unread,
        "kept": sums.kept,
        "funnel": _steps(sums),
        "funnel_by_domain": [] if sums.by_domain is None else sums.by_domain.to_dicts(),
        "filters": work.filters.model_dump(mode="json", exclude_none=True),
        "columns": work.told.layout.model_dump(mode="json", exclude_none=True),
        "input": [table.name for table in work.tables],
    }
    write_text(json.dumps(whole, indent=1, ensure_ascii=False), file)


def page(work: Work, rules: Rules, sums: Sums, file: Path) -> str:
    """The funnel as Markdown, what was read as what, and what each file is."""
    layout, names = work.told.layout, ", ".join(table.name for table in work.tables)
    lines = [
        f"# {rules.name}: {sums.kept:,} of {sums.samples:,} samples kept",
        "",
        f"Of {shorten(names, 300)}; {said(layout)}.",
        "",
        "| filter | samples | dropped | left | alone it drops |",
        "|---|---:|---:|---:|---:|",
        f"| read | {sums.samples:,} | {sums.unread:,} | {sums.samples - sums.unread:,} | |",
    ]
    counts = ("entering", "dropped", "left", "dropped_alone_total")
    for step in _steps(sums):
        lines.append(f"| {step['filter']} | {' | '.join(f'{step[name]:,}' for name in counts)} |")
    lines += ["", "## Why, and which", "", "| reason | samples | for instance |", "|---|---:|---|"]
    lines += [f"| {reason} | {count:,} | {places} |" for reason, count, places in _why(file)]
    return "\n".join([*lines, "", *FILES]) + "\n"


def _why(file: Path) -> Iterable[tuple[str, int, str]]:
    """Each reason with its count and the places of some samples; a sample may have several."""
    rows = pl.read_parquet(file, columns=["sample_id", "reasons"]).explode("reasons").drop_nulls()
    told = rows.group_by("reasons").agg(pl.len(), pl.col("sample_id").head(3))
    for reason, count, places in told.sort("len", "reasons", descending=[True, False]).iter_rows():
        yield reason, count, ", ".join(f"`{place}`" for place in places)


def _steps(sums: Sums) -> list[dict[str, Any]]:
    return [] if sums.steps is None else sums.steps.to_dicts()
