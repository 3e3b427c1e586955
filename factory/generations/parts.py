"""Samples measured part by part: a killed command loses one part at most, and goes on from there.

A part is a Parquet file of samples with their measures, without their texts; beside it lie the
prompts that it met first. Where parts begin depends on the rows alone, so that an interrupted
command leaves the same files as one that was not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from factory.engines import counting
from factory.errors import RecipeError
from factory.generations import inputs
from factory.generations.samples import SAMPLE, Told, samples
from factory.generations.verdicts import judged
from factory.progress import Report
from factory.records import digest
from factory.sampler.rejudge import judged_by
from factory.store import write_table
from factory.store.shards import write_text
from filters import Filters
from filters import filter as of_filters
from filters.filter import Filter, SetFilter
from filters.text.tokens import TokenCounter

VERSION = 2
"""Raised whenever the same rows would give other parts."""
ROWS, BYTES = 5_000, 32_000_000
"""Samples of a part at most, and bytes of their texts, about: one row more may be larger."""
HEAVY = ("text", "reasoning", "response", "prompt", "reference")
"""What parts do not keep of a sample, unless a rule asks for it."""
GIVEN = {"verdict": pl.String(), "verdict_reason": pl.String(), "answer": pl.String()}
PROMPT = dict.fromkeys(["prompt_id", "source", "prompt", "reference"], pl.String())
FEW = 5
"""Texts of errors that a message shows."""


@dataclass(frozen=True)
class Work:
    """What is to be measured, and where parts lie."""

    tables: Sequence[inputs.Table]
    told: Told
    filters: Filters
    folder: Path
    judges: bool
    """Whether verifiers are asked."""
    rows: int | None = None
    """Rows to read at most, from the top; None: all."""

    @cached_property
    def measuring(self) -> list[type[Filter]]:
        """The filters that measure sample by sample, in their order."""
        chosen = [rules.filter for rules in self.filters.active().values()]
        return [filter for filter in chosen if not issubclass(filter, SetFilter)]

    @cached_property
    def identity(self) -> str:
        """Digest of all that parts depend on."""
        stamps = {filter.name: filter.stamp() for filter in self.measuring}
        verifiers = judged_by([self.told.verifier]) if self.judges else None
        rules = sorted(self._asked())
        read = [inputs.identity(self.tables), self.rows, self.told.names()]
        return digest(VERSION, read, stamps, verifiers, rules)

    @property
    def columns(self) -> list[str]:
        """What parts keep of a sample beside its measures."""
        light = [name for name in SAMPLE if name not in HEAVY and name not in GIVEN]
        asked = [name for name in HEAVY if name in self._asked()]
        if not self.verdicts:
            return [name for name in [*light, *asked] if name not in ("verifier", "key_error")]
        return [*light, *asked, *GIVEN]

    @property
    def verdicts(self) -> bool:
        """Whether samples have verdicts, by our verifiers or by a column."""
        return self.judges or self.told.layout.verdict is not None

    def count(self) -> int:
        """How many rows there are, for the progress; 0 where nobody knows."""
        total = sum(table.count() for table in self.tables)
        return total if self.rows is None else min(total, self.rows)

    def parts(self) -> list[Path]:
        """The parts that are whole."""
        return sorted(self.folder.glob("part-*.parquet"))

    def prompts(self) -> pl.DataFrame:
        """The prompts of all parts, each once."""
        known = [pl.read_parquet(path) for path in sorted(self.folder.glob("prompts-*.parquet"))]
        rows = pl.concat([pl.DataFrame(schema=PROMPT), *known])
        return rows.unique("prompt_id", keep="first", maintain_order=True)

    def of_texts(self) -> Work:
        """The same samples with their texts alone: nobody reads questions and keys again."""
        layout = self.told.layout
        asks = ["question", "compose", "system", *(["messages"] if layout.generation else [])]
        keys = ["reference", "reference_form", "reference_pattern", "question_pattern"]
        less = layout.model_copy(update=dict.fromkeys([*asks, *keys]))
        return replace(self, told=replace(self.told, layout=less))

    def _rows(self, skipped: int = 0) -> Iterator[list[dict[str, Any]]]:
        """The samples of each row, from a row on."""
        wanted = self.told.layout.columns()
        told = [self.told.of_table(table.name) for table in self.tables]
        for file, row, place, cells in islice(inputs.rows(self.tables, wanted), skipped, self.rows):
            own = {"source": self.tables[file].name, "file": file, "row": row}
            yield [sample | own for sample in samples(place, cells, told[file])]

    def chunks(self, skipped: int = 0) -> Iterator[tuple[int, pl.DataFrame]]:
        """How many rows were read, and the samples of the next ones, as `SAMPLE`."""
        waiting: list[dict[str, Any]] = []
        size, read = 0, skipped
        for group in self._rows(skipped):
            read += 1
            waiting += group
            size += sum(len(sample.get("text") or "") for sample in group)
            if len(waiting) >= ROWS or size >= BYTES:
                yield read, pl.DataFrame(waiting, schema=SAMPLE)
                waiting, size = [], 0
        if waiting:
            yield read, pl.DataFrame(waiting, schema=SAMPLE)

    def _asked(self) -> set[str]:
        return {name for rules in self.filters.active().values() for name in rules.asks()}


def measure(work: Work, report: Report, say: Callable[[str], None]) -> int:
    """Measure what is not measured yet; returns the rows that had been read before.

    Raises:
        RecipeError: none of the first rows has a text.
        StageError: the tokenizer cannot be read.
    """
    began, whole = _begun(work, say), work.folder / "whole.json"
    if whole.exists():
        report(began, began, "rows")
        return began
    total = work.count()
    report(began, max(total, began), "rows")
    number, counter = len(work.parts()), _counter(work.told.tokenizer, say)
    for read, chunk in work.chunks(began):
        chunk = chunk if counter is None else _counted(chunk, counter)
        if not number:
            _must_have_texts(chunk)
        write_table(_prompts(chunk), work.folder / f"prompts-{number:05}.parquet")
        write_table(measured(chunk, work), work.folder / f"part-{number:05}.parquet")
        write_text(json.dumps({"rows": read}), work.folder / f"read-{number:05}.json")
        number += 1
        report(read, max(total, read), "rows")
    write_text("{}", whole)  # and nobody need look again whether there are more rows
    return began


def measured(chunk: pl.DataFrame, work: Work) -> pl.DataFrame:
    """Samples with their verdicts and measures; of those without a text these are null."""
    readable = chunk.with_row_index("at").filter(pl.col("error").is_null())
    readable = judged(readable, work.judges)
    facts = [readable.select("at", *GIVEN)]
    table = readable.with_columns(pl.lit(None, of_filters.SAMPLE["token_ids"]).alias("token_ids"))
    for filter in work.measuring:
        found = filter.measured(table)
        facts.append(found.drop([name for name in found.columns if name in GIVEN]))
    beside = pl.concat(facts, how="horizontal")
    light = chunk.with_row_index("at").drop([name for name in GIVEN if name in chunk.columns])
    whole = light.join(beside, on="at", how="left", maintain_order="left")
    kept = [*work.columns, *(n for n in beside.columns if n not in ("at", *GIVEN))]
    return whole.select(list(dict.fromkeys(kept)))


def _counter(tokenizer: str | None, say: Callable[[str], None]) -> TokenCounter | None:
    if tokenizer is None:
        return None
    wanted = f"the tokenizer {tokenizer}, which counts the tokens of samples,"
    return counting.read(tokenizer, wanted, lambda file: TokenCounter(file, say))


def _counted(chunk: pl.DataFrame, counter: TokenCounter) -> pl.DataFrame:
    """Samples with the tokens of their texts, where nobody had counted them."""
    texts = chunk.select(pl.when(pl.col("completion_tokens").is_null()).then(pl.col("text")))
    counts = counter.counts(texts.to_series())
    return chunk.with_columns(pl.col("completion_tokens").fill_null(counts))


def counted(words: pl.Series) -> list[tuple[str, int]]:
    """How often each word comes, the commonest first, else by the alphabet; nulls are left out."""
    table = words.drop_nulls().alias("word").value_counts(name="count")
    return list(table.sort("count", "word", descending=[True, False]).iter_rows())


def _begun(work: Work, say: Callable[[str], None]) -> int:
    """Make the folder ready; how many rows the parts in it have read."""
    note = work.folder / "made-of.json"
    known = json.loads(note.read_bytes())["identity"] if note.exists() else None
    if known not in (None, work.identity) and work.parts():
        say("the input, the columns or the measures are others than before: it begins anew")
    if known != work.identity:
        shutil.rmtree(work.folder, ignore_errors=True)
        work.folder.mkdir(parents=True)
        write_text(json.dumps({"identity": work.identity}), note)
    read = sorted(work.folder.glob("read-*.json"))
    for path in [*work.folder.glob("part-*"), *work.folder.glob("prompts-*")]:
        if int(path.name.partition("-")[2][:5]) >= len(read):
            path.unlink()  # of a part that was cut off
    return json.loads(read[-1].read_bytes())["rows"] if read else 0


def _prompts(chunk: pl.DataFrame) -> pl.DataFrame:
    known = chunk.filter(pl.col("prompt_id").is_not_null()).select(list(PROMPT))
    return known.unique("prompt_id", keep="first", maintain_order=True)


def _must_have_texts(chunk: pl.DataFrame) -> None:
    if chunk["error"].null_count():
        return
    words = counted(chunk["error"].str.extract(r"^(\w+)"))
    counts = ", ".join(f"{count:,} {why}" for why, count in words)
    place, first = chunk.select("sample_id", "error").row(0)
    raise RecipeError(
        f"none of the first {chunk.height:,} rows has a text: {counts}; the first: {place}: "
        f"{first}. Say which columns hold what, by --columns"
    )
