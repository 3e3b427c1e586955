"""Stored draws as they count now: shard by shard, later verdicts laid over their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from factory.records import SAMPLE
from factory.store import verdicts
from factory.store.shards import ALL, Shards


@dataclass(frozen=True)
class Draws:
    """The sealed draws of a place; nothing here changes them."""

    place: Path | str
    """A folder or any fsspec address."""
    rounds: Path | Sequence[pl.DataFrame] = ()
    """The folder of later verdicts, or some of them; nothing: what was said at first counts."""

    def each(
        self, columns: Sequence[str] = ALL, ids: pl.DataFrame | None = None
    ) -> Iterator[pl.DataFrame]:
        """The draws of one shard after the other, so that memory holds one shard.

        Args:
            columns: of `SAMPLE`; only these are read. Where a shard of an older version lacks one,
                it is null.
            ids: with a column `sample_id`: only these draws. None: all.

        Raises:
            StageError: a shard is damaged, naming it.
        """
        needed = {"sample_id", *columns}
        rounds = self.rounds
        if isinstance(rounds, Path):
            rounds = verdicts.current(rounds)
        if set(verdicts.LATER) & needed:
            needed |= {"verdict", "verdict_reason", "key"}
        else:
            rounds = ()
        wanted = None if ids is None else frozenset(ids["sample_id"])
        for shard in Shards(self.place).each([c for c in SAMPLE if c in needed], wanted):
            lacks = (c for c in needed if c not in shard.columns)
            rows = shard.with_columns(pl.lit(None, SAMPLE[c]).alias(c) for c in lacks)
            yield verdicts.over(rows, rounds).select(columns)

    def beside(
        self, table: pl.DataFrame, columns: Sequence[str], at_once: int
    ) -> Iterator[pl.DataFrame]:
        """The rows of a table with these columns of their draws beside, in order of the shards.

        Args:
            table: with a column `sample_id`; other columns than those asked for.
            columns: of `SAMPLE`.
            at_once: rows at most in one piece.

        Raises:
            StageError: a shard is damaged, naming it.
        """
        places = {id: place for place, id in enumerate(table["sample_id"])}
        others = table.drop("sample_id")
        for shard in self.each(["sample_id", *columns], table):
            for rows in shard.iter_slices(at_once):
                yield rows.hstack(others[[places[id] for id in rows["sample_id"]]])

    def read(self, columns: Sequence[str] = ALL, ids: pl.DataFrame | None = None) -> pl.DataFrame:
        """All of them at once: name few columns, or few ids.

        Raises:
            StageError: a shard is damaged, naming it.
        """
        empty = pl.DataFrame(schema={column: SAMPLE[column] for column in columns})
        return pl.concat([empty, *self.each(columns, ids)])

    def in_order(self, ids: pl.DataFrame, columns: Sequence[str] = ALL) -> pl.DataFrame:
        """The draws of these ids, in their order."""
        told = list(dict.fromkeys(["sample_id", *columns]))
        rows = self.read(told, ids)
        return ids.select("sample_id").join(rows, on="sample_id", how="left", maintain_order="left")
