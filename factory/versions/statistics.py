"""Distributions over the rows of a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from factory.versions.folder import shards_of, statistics_of

AT_ONCE = 2000
"""Rows whose texts are in memory at once."""
NAMED = ("source", "domain", "language", "license", "teacher", "verifier")
"""Columns whose values are counted."""
KEPT = ("prompt_id", *NAMED, "completion_tokens")
LENGTHS = {
    "tokens": "tokens of the reply, by its teacher's tokenizer",
    "characters": "characters of the reply",
    "thinking_characters": "characters of its thinking, without tags",
    "question_characters": "characters of all that was asked",
}
"""What is measured of each row."""
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
FIRST_EDGE = 32
"""The histograms of lengths end their first bin here; each next one is twice as wide."""
RATE_BINS = 10
OPEN, CLOSE = "<think>", "</think>"


class Seen:
    """What is counted of rows, as they come by on their way into files: these need not be read
    again, which takes longer than all else. It remembers lengths and ids, no text."""

    def __init__(self) -> None:
        self._pieces: list[pl.DataFrame] = []

    def watch(self, rows: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The same rows."""
        for table in rows:
            self._pieces += map(_measured, table.iter_slices(AT_ONCE))
            yield table

    def rows(self) -> pl.DataFrame:
        """A row for each, with `LENGTHS` and `KEPT`."""
        return pl.concat(self._pieces, how="diagonal") if self._pieces else pl.DataFrame()


def write_statistics(
    version: Path,
    decided: pl.DataFrame | None = None,
    fates: pl.DataFrame | None = None,
    seen: Seen | None = None,
) -> None:
    """Write the statistics of a version whose rows are written.

    Args:
        version: its folder.
        seen: who saw all of its rows; left out: they are read.
        decided: every draw with its fate and `verdict`, where there were draws.
        fates: every prompt with its `pass_rate`, where it was asked.
    """
    if seen is None:
        seen = Seen()
        for _ in seen.watch(_pieces(shards_of(version))):
            pass
    told: dict[str, Any] = _of_rows(seen.rows())
    if decided is not None:
        told |= _of_draws(decided)
    if fates is not None and {"pass_rate", "prompt_id"} <= set(fates.columns):
        told |= {"pass_rates": _of_rates(fates)}
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    statistics_of(version).write_text(text + "\n", encoding="utf-8")


def read_statistics(version: Path) -> dict[str, Any]:
    """The statistics of a version; nothing where it has none."""
    file = statistics_of(version)
    return json.loads(file.read_bytes()) if file.exists() else {}


def _pieces(files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    import pyarrow.parquet as pq

    for file in files:
        with pq.ParquetFile(file) as shard:
            there = [name for name in ("messages", *KEPT) if name in shard.schema_arrow.names]
            for batch in shard.iter_batches(AT_ONCE, columns=there):
                rows: Any = pl.from_arrow(batch)
                yield rows


def _measured(rows: pl.DataFrame) -> pl.DataFrame:
    named = [pl.col(n).cast(pl.Categorical) for n in NAMED if rows.schema.get(n) == pl.String()]
    found = [pl.col("prompt_id")] if "prompt_id" in rows.columns else []
    if "completion_tokens" in rows.columns:
        found.append(pl.col("completion_tokens").alias("tokens"))
    if isinstance(rows.schema.get("messages"), pl.List):
        text = pl.col("messages").list.eval(pl.element().struct.field("content"))
        reply = text.list.last()
        before = pl.when(reply.str.contains(CLOSE, literal=True)).then(
            reply.str.split(CLOSE)
            .list.first()
            .str.replace(OPEN, "", literal=True)
            .str.strip_chars()
            .str.len_chars()
        )
        asked = text.list.head(text.list.len() - 1)
        found += [
            reply.str.len_chars().alias("characters"),
            before.fill_null(0).alias("thinking_characters"),
            asked.list.eval(pl.element().str.len_chars()).list.sum().alias("question_characters"),
        ]
    return rows.select(*found, *named)


def _of_rows(rows: pl.DataFrame) -> dict[str, Any]:
    told: dict[str, Any] = {"rows": rows.height}
    if "prompt_id" in rows.columns:
        told["prompts"] = rows["prompt_id"].n_unique()
    told["counts"] = {name: _counts(rows[name]) for name in NAMED if name in rows.columns}
    told["lengths"] = {
        name: {"what": what, **_lengths(rows[name])}
        for name, what in LENGTHS.items()
        if name in rows.columns and rows[name].count()
    }
    if "thinking_characters" in rows.columns:
        told["thinking_rows"] = rows.filter(pl.col("thinking_characters") > 0).height
    told["by_source"] = _groups(rows, "source")
    told["by_domain"] = _groups(rows, "domain")
    return told


def _counts(column: pl.Series) -> list[dict[str, Any]]:
    """Each value with its rows, the commonest first; a null is a value, too."""
    texts = column.cast(pl.String).alias("value")
    counts = texts.value_counts().sort("count", "value", descending=[True, False], nulls_last=True)
    return [{"value": value, "rows": rows} for value, rows in counts.iter_rows()]


def _lengths(column: pl.Series) -> dict[str, Any]:
    known = column.drop_nulls()
    edges = [0, FIRST_EDGE]
    while edges[-1] <= int(known.max()):  # pyrefly: ignore
        edges.append(2 * edges[-1])
    bins = [int(((known >= low) & (known < high)).sum()) for low, high in pairwise(edges)]
    return {
        "rows": known.len(),
        "total": int(known.sum()),
        "mean": _round(known.mean()),
        "quantiles": {f"{q:g}": _round(known.quantile(q, "nearest")) for q in QUANTILES},
        "edges": edges,
        "histogram": bins,
    }


def _groups(rows: pl.DataFrame, by: str) -> list[dict[str, Any]]:
    """Of each source or domain its rows, prompts and lengths."""
    if by not in rows.columns or rows.is_empty():
        return []
    wanted = {"rows": pl.len()}
    if "prompt_id" in rows.columns:
        wanted["prompts"] = pl.col("prompt_id").n_unique()
    if "tokens" in rows.columns:
        wanted["tokens"] = pl.col("tokens").sum()
        wanted["median_tokens"] = pl.col("tokens").quantile(0.5, "nearest")
    found = rows.group_by(pl.col(by).cast(pl.String)).agg(**wanted)
    return found.sort("rows", by, descending=[True, False], nulls_last=True).to_dicts()


def _of_draws(decided: pl.DataFrame) -> dict[str, Any]:
    told: dict[str, Any] = {"draws": decided.height, "fates": _counts(decided["fate"])}
    if "verdict" in decided.columns:
        told["verdicts"] = _counts(decided["verdict"])
    if "verdict_reason" in decided.columns:
        wrong = decided.filter(pl.col("verdict_reason").is_not_null())
        told["verdict_reasons"] = _counts(wrong["verdict_reason"])
    return told


def _of_rates(fates: pl.DataFrame) -> dict[str, Any]:
    """How often the teachers were right, prompt by prompt; of several teachers each counts."""
    rates = fates["pass_rate"].drop_nulls()
    place = (rates * RATE_BINS).floor().clip(0, RATE_BINS - 1).cast(pl.Int64)
    told: dict[str, Any] = {
        "prompts": fates.height,
        "teachers": fates["teacher"].n_unique() if "teacher" in fates.columns else 1,
        "unknown": fates.height - rates.len(),
        "mean": _round(rates.mean()),
        "none_right": int((rates == 0).sum()),
        "all_right": int((rates == 1).sum()),
        "histogram": [int((place == number).sum()) for number in range(RATE_BINS)],
    }
    if "source" in fates.columns:
        by = fates.group_by("source").agg(prompts=pl.len(), mean=pl.col("pass_rate").mean())
        told["by_source"] = [
            row | {"mean": _round(row["mean"])} for row in by.sort("source").to_dicts()
        ]
    return told


def _round(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
