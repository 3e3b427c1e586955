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
            columns: of `SAMPLE`; only these are read.
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
        for shard in Shards(self.place).each([c for c in SAMPLE if c in needed]):
            rows = shard if ids is None else shard.join(ids, on="sample_id", how="semi")
            yield verdicts.over(rows, rounds).select(columns)

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
