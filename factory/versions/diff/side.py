"""One of the two versions that are compared: what is read of it, and only when it is wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import StageError
from factory.records import rows_digest
from factory.versions.content import ContentDigest
from factory.versions.folder import DEFAULT, decisions_of, index_of, manifest_of, shards_of
from factory.versions.layout import INDEX, conversations
from factory.versions.manifest import Manifest, Rule, read, readable

FIRST = tuple(str(of(Path())) for of in (manifest_of, index_of, decisions_of))
"""The files of a version that a diff begins with."""
LIST = pl.List(pl.String)
RECORD: dict[str, Any] = {
    **dict.fromkeys(("sample_id", "prompt_id", "fate", "spare_by", "dropped_by"), pl.String),
    "draw": pl.Int32,
    "reasons": LIST,
    **dict.fromkeys(("verdict", "verdict_reason", "key", "judged_in"), pl.String),
    **dict.fromkeys(("source", "domain", "language", "license"), pl.String),
    **dict.fromkeys(("teacher", "settings"), pl.String),
    **dict.fromkeys(("max_tokens", "completion_tokens"), pl.Int32),
}
"""What is read of the record of a draw; null where an older or a stranger's record lacks it."""
FACTS = ("source", "domain", "language", "license", "teacher", "completion_tokens", "verdict")
"""What is told of the rows of a version, whoever made it."""
IDS = ("sample_id", "id", "uuid")
"""Columns that rows of other people's datasets may be known by."""
QUESTIONS = ("prompt_id", "question", "problem", "prompt", "instruction", "input")
"""Columns that say which rows answer the same question."""
AT_ONCE = 2000
"""Rows whose texts are in memory at once."""


def _nothing(patterns: Sequence[str]) -> None:
    """A folder has what it has."""


@dataclass
class Side:
    """A version that is compared: a folder, whoever wrote it."""

    folder: Path
    name: str
    """What people call it here."""
    fetch: Callable[[Sequence[str]], object] = field(default=_nothing)
    """Brings further files of it into the folder, by patterns."""

    @cached_property
    def manifest(self) -> Manifest | None:
        """What it says of itself; None where another program wrote it."""
        return read(self.folder) if readable(self.folder) else None

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The recipe that it was made by; empty where nobody says so."""
        return self.manifest.recipe if self.manifest else {}

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Its filters by name."""
        return {rule.filter: rule for rule in self.manifest.rules} if self.manifest else {}

    def made_by(self, part: str) -> Any:
        """Something that its rows depend on."""
        return self.manifest.made_by.get(part) if self.manifest else None

    @cached_property
    def has_decisions(self) -> bool:
        """Whether it tells of every draw what became of it."""
        return decisions_of(self.folder).exists()

    @cached_property
    def noted(self) -> pl.Schema:
        """The columns of its decisions."""
        return pl.Schema(pl.read_parquet_schema(decisions_of(self.folder)))

    def decided(
        self,
        columns: Sequence[str] = tuple(RECORD),
        only: pl.DataFrame | None = None,
        by: str = "sample_id",
    ) -> pl.DataFrame:
        """These columns of what it tells of draws; null where it does not have one.

        Args:
            columns: of the record, or measures.
            only: a table with the column `by`: draws that stand in it; None: all.
        """
        if not self.has_decisions:
            return pl.DataFrame(schema={name: RECORD.get(name, pl.String) for name in columns})
        there = [pl.col(name) for name in columns if name in self.noted]
        lacks = [
            pl.lit(None, RECORD.get(name, pl.Null)).alias(name)
            for name in columns
            if name not in self.noted
        ]
        told = pl.scan_parquet(decisions_of(self.folder))
        if only is not None:
            told = told.join(only.lazy().select(by).unique(), on=by, how="semi")
        return told.select(*there, *lacks).select(list(columns)).collect(engine="streaming")

    def known(self, column: str) -> pl.DataFrame:
        """Every value of a column of its decisions, once."""
        if not self.has_decisions or column not in self.noted:
            return pl.DataFrame(schema={column: RECORD[column]})
        told = pl.scan_parquet(decisions_of(self.folder))
        return told.select(column).unique().collect(engine="streaming")

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Its rows: `sample_id`, `prompt_id`, `split`, `shard`, `digest` and `text`."""
        if not index_of(self.folder).exists():
            return self._read
        found = pl.read_parquet(index_of(self.folder))
        lacks = [pl.lit(None, INDEX[name]).alias(name) for name in INDEX if name not in found]
        return found.with_columns(lacks).select(list(INDEX))

    @cached_property
    def facts(self) -> pl.DataFrame:
        """`sample_id` and `FACTS` of its rows: from its decisions, or from the rows themselves."""
        if self.has_decisions:
            told = pl.scan_parquet(decisions_of(self.folder)).filter(fate="chosen")
            there = ["sample_id", *(name for name in FACTS if name in self.noted)]
            return told.select(there).collect(engine="streaming")
        there = [name for name in FACTS if name in self.columns]
        if not there:
            return self.rows.select("sample_id")
        return self.data(there)

    @cached_property
    def files(self) -> list[Path]:
        """The files of its rows; they are fetched where they are not here."""
        self.fetch([f"{DEFAULT}/*.parquet", "*.parquet", "**/*.parquet"])
        own = shards_of(self.folder)
        if own or manifest_of(self.folder).exists():
            return own
        some = sorted((self.folder / DEFAULT).rglob("*.parquet"))
        return some or sorted(self.folder.rglob("*.parquet"))

    @cached_property
    def columns(self) -> pl.Schema:
        """The columns of its rows; none where the rows are not here."""
        if not self.files:
            return pl.Schema()
        return pl.Schema(pl.read_parquet_schema(self.files[0]))

    def data(self, columns: Sequence[str], only: pl.DataFrame | None = None) -> pl.DataFrame:
        """`sample_id` and these columns of its rows, or of those that stand in `only`."""
        names = [name for name in columns if name != "sample_id"]
        rows = pl.scan_parquet(self.files)
        if not index_of(self.folder).exists():
            own = self._read.select("sample_id").lazy()
            rows = pl.concat([rows.select(names), own], how="horizontal")
        if only is not None:
            rows = rows.join(only.lazy().select("sample_id"), on="sample_id", how="semi")
        return rows.select("sample_id", *names).collect(engine="streaming")

    def places(self, ids: pl.DataFrame) -> pl.Series:
        """Where these rows are among the rows, or the draws of the record where rows are not here;
        `values` are read by it."""
        if self.files and not index_of(self.folder).exists():
            every = self._read.select("sample_id")
        else:
            every = self._table().select("sample_id").collect(engine="streaming")
        every = every.with_row_index("place")
        found = ids.select("sample_id").join(
            every, on="sample_id", how="left", maintain_order="left"
        )
        return found["place"]

    def values(self, columns: Sequence[str], places: pl.Series) -> pl.DataFrame:
        """These columns of the rows at these places, in their order."""
        return self._table().select(columns).collect(engine="streaming")[places]

    def _table(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.files or decisions_of(self.folder))

    @property
    def height(self) -> int:
        """How many rows, or draws, `places` are counted among."""
        return self._table().select(pl.len()).collect().item()

    @cached_property
    def _read(self) -> pl.DataFrame:
        """What an index would say, from the rows themselves, in the order of the files."""
        import pyarrow.parquet as pq

        if not self.files:
            raise StageError(f"{self.name}: no dataset, it has neither rows.parquet nor Parquet")
        found, content = [], ContentDigest()
        for number, file in enumerate(self.files):
            with pq.ParquetFile(file) as shard:
                for batch in shard.iter_batches(AT_ONCE):
                    rows: Any = pl.from_arrow(batch)
                    found.append(_indexed(rows, content, number, file.name.partition("-")[0]))
        return _told_apart(pl.concat(found))


def _indexed(rows: pl.DataFrame, content: ContentDigest, shard: int, split: str) -> pl.DataFrame:
    own = rows.with_columns(sample_id=pl.lit("")) if "sample_id" not in rows.columns else rows
    digests, _ = content.add(own)
    digests = digests.alias("digest")
    known = next(
        (name for name in IDS if name in rows.columns and rows[name].null_count() == 0), ""
    )
    ids = rows[known].cast(pl.String) if known else digests.bin.encode("hex").str.head(32)
    return pl.DataFrame(
        [ids.alias("sample_id"), questions(rows), digests, conversations(rows)]
    ).select(
        "sample_id",
        "prompt_id",
        pl.lit(split).alias("split"),
        pl.lit(shard, pl.Int32).alias("shard"),
        "digest",
        "text",
    )


def questions(rows: pl.DataFrame) -> pl.Series:
    """What tells which rows answer the same question, as `prompt_id`; null where nothing does."""
    if "prompt_id" in rows.columns:
        return rows["prompt_id"].cast(pl.String)
    asked = next((name for name in QUESTIONS if name in rows.columns), None)
    if asked:
        texts = [json.dumps(value, default=str) for value in rows[asked]]
    elif "messages" in rows.columns:
        texts = [
            json.dumps((turns or [])[:-1], default=str) for turns in rows["messages"].to_list()
        ]
    else:
        return pl.Series("prompt_id", [None] * rows.height, dtype=pl.String)
    each = [rows_digest([pl.DataFrame({"question": [text]})]) for text in texts]
    return pl.Series("prompt_id", each, dtype=pl.String)


def _told_apart(rows: pl.DataFrame) -> pl.DataFrame:
    """The same with ids of their own: the second row of an id has #2 behind it."""
    turn = pl.int_range(pl.len()).over("sample_id") + 1
    again = pl.format("{}#{}", "sample_id", turn)
    return rows.with_columns(sample_id=pl.when(turn > 1).then(again).otherwise("sample_id"))
