"""A version without its run: every draw's fate and measures, and the texts of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from factory.audit.subject import PROMPTS, TEXTS, Subject, as_prompts, as_samples, question_of
from factory.errors import first_fault
from factory.versions.folder import decisions_of, shards_of
from factory.versions.manifest import Manifest, read
from filters import Filters
from filters.text.thinking import split

PIECE = 1000
"""Rows of texts in memory at once."""


def of_version(folder: Path, place: str) -> Subject:
    """A version's folder.

    Args:
        place: as a person named it.

    Raises:
        StageError: it is no version, or one of another format.
    """
    manifest = read(folder)
    decided = pl.read_parquet(decisions_of(folder))
    filters, missing = rules_of(manifest, folder)
    missing["texts"] = (
        "a version has the texts of its rows alone: those of dropped and spare draws are in its run"
    )
    samples = as_samples(names_of_teachers(decided, manifest))
    return Subject(
        place=place,
        name=manifest.repo or manifest.name,
        kind="version",
        samples=samples,
        prompts=prompts_of(samples),
        filters=filters,
        texts=RowTexts(folder),
        accounts=manifest.ledger,
        manifest=manifest,
        missing=missing,
    )


def rules_of(manifest: Manifest, home: Path) -> tuple[Filters, dict[str, str]]:
    """The rules of a version, and what of them this program cannot apply.

    Args:
        home: the folder where the recipe's own code is looked for.
    """
    return rules_in(manifest.recipe.get("filters", {}), home)


def rules_in(told: dict[str, Any], home: Path) -> tuple[Filters, dict[str, str]]:
    """Rules as they were noted, and what of them this program cannot apply."""
    try:
        return Filters.model_validate(told, context={"filters_home": home}), {}
    except (ValidationError, OSError, ImportError) as error:
        known = {k: v for k, v in told.items() if k not in ("own", "classifiers")}
        why = first_fault(error) if isinstance(error, ValidationError) else str(error)
        lacks = {
            name: f"a filter of its own, which is not here ({why})"
            for kind in ("own", "classifiers")
            for name in told.get(kind) or {}
        }
        return Filters.model_validate(known), lacks


def names_of_teachers(decided: pl.DataFrame, manifest: Manifest) -> pl.DataFrame:
    """Decisions with the names of teachers in the place of their digests."""
    names = {teacher.digest: teacher.name for teacher in manifest.teachers}
    return decided.with_columns(pl.col("teacher").replace(names))


def prompts_of(samples: pl.DataFrame) -> pl.DataFrame:
    """What became of prompts, as far as samples tell; a pass rate only where nothing says that the
    number of draws went by their verdicts."""
    right = (pl.col("verdict") == "correct").sum()
    by = ["prompt_id", "source", "domain", "language", "teacher"]
    counted = samples.group_by(by, maintain_order=True).agg(draws=pl.len(), correct=right)
    table = as_prompts(counted)
    return table.select(list(PROMPTS))


@dataclass(frozen=True)
class RowTexts:
    """Texts as a version's rows have them."""

    folder: Path

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """The texts of those of these samples that are rows, as `TEXTS`, in their order."""
        wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
        found = [told.join(wanted, on="sample_id", how="semi") for told in self._pieces(list(ids))]
        rows = pl.concat([pl.DataFrame(schema=TEXTS), *found])
        return wanted.join(rows, on="sample_id", how="inner", maintain_order="left")

    def each(self) -> Iterator[pl.DataFrame]:
        """The texts of all rows, piece by piece."""
        yield from self._pieces(None)

    def _pieces(self, ids: list[str] | None) -> Iterator[pl.DataFrame]:
        import pyarrow.parquet as pq

        for shard in shards_of(self.folder):
            with pq.ParquetFile(shard) as file:
                groups = [n for n in range(file.num_row_groups) if _has(file, n, ids)]
                for batch in file.iter_batches(PIECE, groups, columns=_columns(file)):
                    rows: Any = pl.from_arrow(batch)
                    if ids is not None:
                        rows = rows.filter(pl.col("sample_id").is_in(ids))
                    if rows.height:
                        yield _told(rows)


def _has(file: Any, group: int, ids: list[str] | None) -> bool:
    """Whether one of these samples is in a group of rows: texts of others need not be read."""
    if ids is None:
        return True
    there: Any = pl.from_arrow(file.read_row_group(group, columns=["sample_id"]))
    return there["sample_id"].is_in(ids).any()


def _columns(file: Any) -> list[str]:
    wanted = ("sample_id", "prompt_id", "messages", "reference", "answer")
    return [name for name in wanted if name in file.schema_arrow.names]


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as `TEXTS`: the last turn is the reply."""
    messages = pl.col("messages")
    asked = messages.list.head(messages.list.len() - 1)
    reply = messages.list.last().struct.field("content")
    told = rows.with_columns(question=question_of(asked), text=reply)
    thoughts = [split(text or "") for text in told["text"]]
    told = told.with_columns(
        pl.Series("reasoning", [one.reasoning for one in thoughts], dtype=pl.String),
        pl.Series("response", [one.response for one in thoughts], dtype=pl.String),
    )
    lacks = (pl.lit(None, kind).alias(n) for n, kind in TEXTS.items() if n not in told.columns)
    return told.with_columns(lacks).select(pl.col(name).cast(kind) for name, kind in TEXTS.items())
