"""Texts of anybody's generations, read again from the tables that they stand in: nobody keeps a
copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from factory.audit.subject import TEXTS
from factory.errors import StageError
from factory.generations import inputs
from factory.generations.samples import Told, asked, place_of_row, samples
from factory.prompts.rows import BadRow, Opened
from filters.text.thinking import split

PLACE: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "file": pl.Int32(),
    "row": pl.Int64(),
    "in_row": pl.Int32(),
    "answer": pl.String(),
}
"""Where a sample stands: number of its table, of the row in it and of the generation in that row,
from 0."""
PIECE, BYTES = 1000, 32_000_000
"""Samples in memory at once, and characters of their texts, about."""


def places(rows: pl.DataFrame) -> pl.DataFrame:
    """Where samples stand, as `PLACE`.

    Args:
        rows: all samples of the tables in order, those without a text too. `file` and `row` are
            counted where they are not told: a row has one sample at least.
    """
    if "row" not in rows.columns:
        of_row = place_of_row(pl.col("sample_id")).rle_id().cast(pl.Int64)
        rows = rows.with_columns(file=pl.col("source").rle_id().cast(pl.Int32), row=of_row)
        rows = rows.with_columns(row=pl.col("row") - pl.col("row").min().over("file"))
    if "answer" not in rows.columns:
        rows = rows.with_columns(answer=pl.lit(None, pl.String()))
    readable = with_questions(rows)
    return readable.select("sample_id", "prompt_id", "file", "row", in_row="draw", answer="answer")


def with_questions(rows: pl.DataFrame) -> pl.DataFrame:
    """Samples that can be read; where nobody knows the question, their row stands for it."""
    if rows["error"].null_count() < rows.height:
        rows = rows.filter(pl.col("error").is_null())
    if not rows["prompt_id"].null_count():
        return rows
    row = place_of_row(pl.col("sample_id"))
    return rows.with_columns(pl.coalesce("prompt_id", row).alias("prompt_id"))


@dataclass(frozen=True)
class TableTexts:
    """Texts as tables have them."""

    tables: Sequence[inputs.Table]
    told: Told
    places: pl.DataFrame
    """As `PLACE`, in the order of the tables."""
    rows: int | None = None
    """Rows that were read at most."""
    _opened: dict[int, Opened] = field(default_factory=dict)

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """The texts of these samples, as `TEXTS`, in their order.

        Raises:
            StageError: a table is not as it was.
            RecipeError: it cannot be read any more.
        """
        known = self.places.filter(pl.col("sample_id").is_in(list(ids)))
        wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
        found = [
            text
            for (file,), own in known.sort("file", "row").group_by("file", maintain_order=True)
            for text in self._in_table(int(file), own)  # pyrefly: ignore  (it is a number)
        ]
        rows = pl.DataFrame(found, schema=TEXTS)
        return wanted.join(rows, on="sample_id", how="inner", maintain_order="left")

    def each(self) -> Iterator[pl.DataFrame]:
        """The texts of all samples, piece by piece.

        Raises:
            StageError: a table is not as it was.
        """
        known, waiting, size = self.places.iter_rows(named=True), [], 0
        columns = self.told.layout.columns()
        for _, _, place, cells in islice(inputs.rows(self.tables, columns), self.rows):
            for sample in samples(place, cells, self.told):
                if sample.get("error") is not None:
                    continue
                waiting.append(self._text(sample, cells, next(known, {})))
                size += len(sample["text"])
            if len(waiting) >= PIECE or size >= BYTES:
                yield pl.DataFrame(waiting, schema=TEXTS)
                waiting, size = [], 0
        if waiting:
            yield pl.DataFrame(waiting, schema=TEXTS)

    def _in_table(self, file: int, own: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """The texts of samples of one table."""
        if file not in self._opened:
            self._opened[file] = self.tables[file].opened(self.told.layout.columns())
        rows = own.partition_by("row", maintain_order=True)
        numbers = [part["row"][0] for part in rows]
        found = self._opened[file].at(numbers)
        for part, (place, cells) in zip(rows, found, strict=False):
            there = list(samples(place, cells, self.told))
            for known in part.iter_rows(named=True):
                sample = there[known["in_row"]] if known["in_row"] < len(there) else {}
                yield self._text(sample, cells, known)

    def _text(self, sample: dict[str, Any], cells: Any, known: dict[str, Any]) -> dict[str, Any]:
        """A sample as `TEXTS`, if it is the one that is known."""
        if sample.get("text") is None or sample["sample_id"] != known.get("sample_id"):
            named = known.get("sample_id") or sample["sample_id"]
            raise StageError(
                f"{named}: its table has changed since it was measured: run the command again"
            )
        own = {name: sample.get(name) for name in ("text", "reasoning", "response", "reference")}
        kept = {name: known[name] for name in ("sample_id", "prompt_id", "answer")}
        return own | kept | {"question": _question(cells, self.told)}


def _question(cells: dict[str, Any], told: Told) -> str | None:
    """All turns before the reply, each behind its role where there are several."""
    if not told.layout.asks:
        return None
    try:
        turns = asked(told.layout, cells)
    except BadRow:
        return None
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


@dataclass(frozen=True)
class KeptTexts:
    """Texts that stand beside their measures, as `factory measure --keep-text` writes them."""

    file: Path
    places: pl.DataFrame

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """The texts of these samples, as `TEXTS`, in their order."""
        wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
        rows = pl.scan_parquet(self.file).select("sample_id", "prompt", "text")
        rows = rows.filter(pl.col("sample_id").is_in(list(ids)), pl.col("text").is_not_null())
        found = self._told(rows.collect(engine="streaming"))
        return wanted.join(found, on="sample_id", how="inner", maintain_order="left")

    def each(self) -> Iterator[pl.DataFrame]:
        """The texts of all samples, piece by piece."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.file) as file:
            for batch in file.iter_batches(PIECE, columns=["sample_id", "prompt", "text"]):
                rows: Any = pl.from_arrow(batch)
                yield self._told(rows.filter(pl.col("text").is_not_null()))

    def _told(self, rows: pl.DataFrame) -> pl.DataFrame:
        thoughts = [split(text) for text in rows["text"]]
        known = self.places.select("sample_id", "prompt_id", "answer")
        known = known.filter(pl.col("sample_id").is_in(rows["sample_id"].implode()))
        told = rows.with_columns(
            pl.Series("reasoning", [one.reasoning for one in thoughts], dtype=pl.String),
            pl.Series("response", [one.response for one in thoughts], dtype=pl.String),
            question="prompt",
            reference=pl.lit(None, pl.String),
        ).join(known, on="sample_id", how="left", maintain_order="left")
        return told.select(pl.col(name).cast(kind) for name, kind in TEXTS.items())


@dataclass(frozen=True)
class NoTexts:
    """Where nobody has the texts."""

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """None of them."""
        return pl.DataFrame(schema=TEXTS)

    def each(self) -> Iterator[pl.DataFrame]:
        """None of them."""
        return iter(())
