"""Facts that are of a set: who is near whom, and what stands in a benchmark. Made once for a set.

Each comparison has a folder, `NAME@VERSION/IDENTITY`: the identity is a digest of all that was
compared, so other prompts, draws or benchmarks make another one and leave this as it is. In it are
the facts of prompts, those of draws, and the evidence: pairs for people.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import polars as pl

from factory.errors import LedgerError
from factory.progress import Report
from factory.prompts import benchmarks
from factory.records import digest, rows_digest
from factory.store import write_table
from factory.store.shards import write_text
from filters import Filters
from filters.contamination import Contamination
from filters.duplicates import Duplicates
from filters.filter import SetFilter

CHUNK = 1000
"""Draws whose texts are in memory at once."""
EVIDENCE, PHRASES = "evidence.parquet", "phrases.parquet"
SHOWN = 1000
"""Characters of a text or passage in the evidence."""
PAIR = {
    "method": pl.String(),
    "value": pl.Float64(),
    "weight": pl.Float64(),
    "same_key": pl.Boolean(),
    "prompt_id": pl.String(),
    "sample_id": pl.String(),
    "benchmark": pl.String(),
    "place": pl.String(),
    "passage": pl.String(),
    "question": pl.String(),
}
"""A pair of the evidence of `contamination`."""
PHRASE = {
    "phrase": pl.String(),
    "texts": pl.Int64(),
    "benchmark": pl.String(),
    "place": pl.String(),
}
"""Eight words that `contamination` did not look for."""


class Texts(Protocol):
    """Where the texts of draws are: sealed draws of a run, or anybody's generations."""

    def beside(
        self, table: pl.DataFrame, columns: Sequence[str], at_once: int
    ) -> Iterator[pl.DataFrame]:
        """The rows of a table with these columns of their draws beside, so many at once."""
        ...

    def read(self, columns: Sequence[str], ids: pl.DataFrame) -> pl.DataFrame:
        """These columns of these draws, all at once."""
        ...


@dataclass(frozen=True)
class Sets:
    """What there is to compare."""

    asked: pl.DataFrame
    """The prompt table."""
    benchmarks: pl.DataFrame
    """The recipe's benchmarks, rows of `benchmarks.ITEM`."""
    draws: Texts
    rows: pl.DataFrame
    """The draws that count, without texts."""

    @cached_property
    def prompts(self) -> pl.DataFrame:
        """The prompts to train on: `prompt_id`, `source`, `text` and `key`."""
        train = self.asked.filter(split="train")
        told = train.with_columns(text=benchmarks.questions(train), key=benchmarks.keys(train))
        return told.select("prompt_id", "source", "text", "key")

    def items(self, held_out: bool) -> pl.DataFrame:
        """The questions of all benchmarks, and those that the run holds out itself."""
        if not held_out:
            return self.benchmarks
        own = benchmarks.of_prompts(self.asked.filter(split="held_out"))
        return pl.concat([self.benchmarks, own])

    def texts(self, ids: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Those rows of draws with their `text`, in the order of the shards."""
        return self.draws.beside(ids, ("text",), CHUNK)


def compare(
    sets: Sets, filters: Filters, folder: Path, report: Report, say: Callable[[str], None]
) -> int:
    """Compare what the filters in use want compared and what was not; note which comparison counts.

    Returns:
        How many comparisons were made.
    """
    made, current = 0, {}
    for name, filter in filters.comparing().items():
        identity = _identity(filter, sets)
        home = folder / f"{name}@{filter.version}" / identity
        current[name] = str(home.relative_to(folder))
        if home.exists():
            continue
        report(0, sets.rows.height, name)
        scratch = home.with_name(f"{identity}.tmp")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        if isinstance(filter, Duplicates):
            _duplicates(filter, sets, scratch, say)
        elif isinstance(filter, Contamination):
            _contamination(filter, sets, scratch)
        scratch.rename(home)
        made += 1
    if current:
        write_text(json.dumps(current, indent=1), noted(folder))
    return made


def noted(folder: Path) -> Path:
    """Which comparison counts now, of each filter."""
    return folder / "compared.json"


def homes(folder: Path) -> dict[str, Path]:
    """The folders of the comparisons that count now, by filter."""
    file = noted(folder)
    told: dict[str, str] = json.loads(file.read_bytes()) if file.exists() else {}
    return {name: folder / home for name, home in told.items()}


def facts(filter: SetFilter, rows: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Draws with the facts of the comparison that counts now.

    Raises:
        LedgerError: a draw, or its prompt, was not compared.
    """
    home = homes(folder).get(filter.name)
    if home is None:
        raise LedgerError(f"{filter.name}: nothing was compared in {folder}")
    rows = rows.hstack(filter.nothing(rows.height))
    for key, file in (("prompt_id", _of_prompts(home)), ("sample_id", _of_draws(home))):
        if file.exists():
            found = pl.read_parquet(file)
            owed = rows.join(found, on=key, how="anti")["sample_id"]
            if owed.len():
                raise LedgerError(
                    f"{filter.name}: {owed.len()} draws not compared: {owed[:5].to_list()}"
                )
            own = rows.drop([name for name in found.columns if name != key])
            rows = own.join(found, on=key, how="left", maintain_order="left")
    return rows


def evidence(name: str, folder: Path) -> pl.DataFrame:
    """The pairs that a filter's facts rest on."""
    return pl.read_parquet(homes(folder)[name] / EVIDENCE)


def phrases(folder: Path) -> pl.DataFrame:
    """Eight words that so many prompts have that `contamination` did not look for them."""
    return pl.read_parquet(homes(folder)["contamination"] / PHRASES)


def _identity(filter: SetFilter, sets: Sets) -> str:
    """Digest of all that is compared: an id is a digest of its text."""
    parts = [filter.version, filter.comparison()]
    parts.append(rows_digest([sets.asked.select("prompt_id", "split", "reference")]))
    if isinstance(filter, Contamination):
        parts.append(rows_digest([sets.benchmarks]))
    if filter.of_draws():
        parts.append(rows_digest([sets.rows.select("sample_id")]))
    return digest(*parts)


def _of_prompts(home: Path) -> Path:
    return home / "of_prompts.parquet"


def _of_draws(home: Path) -> Path:
    return home / "of_draws.parquet"


def _duplicates(filter: Duplicates, sets: Sets, home: Path, say: Callable[[str], None]) -> None:
    from filters.text import near
    from filters.text.words import pieces, words

    texts: Callable[[], Iterator[pl.DataFrame]]
    if filter.over == "prompts":
        key, every = "prompt_id", sets.prompts
        sample = every["text"].gather_every(max(1, every.height // near.SAMPLE))
        texts = lambda: pieces(every, "text")  # noqa: E731
    else:
        key, every = "sample_id", sets.rows.select("sample_id", "prompt_id")
        some = every.gather_every(max(1, every.height // near.SAMPLE))
        sample = sets.draws.read(["text"], some)["text"]
        texts = lambda: sets.texts(every)  # noqa: E731
    order = []
    with tempfile.NamedTemporaryFile(dir=home) as scratch:
        found = near.Near(near.phrases(sample), Path(scratch.name))
        for piece in texts():
            groups = words(piece["prompt_id"]).texts() if filter.over == "responses" else None
            answers = piece["key"] if filter.over == "prompts" else None
            found.add(piece["text"], groups, answers)
            order.append(piece.select(key))
        clusters = found.clusters(filter.min_similarity)
    ids = pl.concat([every.select(key).clear(), *order])
    rows = ids.hstack(Duplicates.facts(clusters, ids[key]))
    write_table(rows, _of_prompts(home) if key == "prompt_id" else _of_draws(home))
    told = _with_texts(rows, key, sets)
    write_table(told.drop_nulls("duplicate_cluster"), home / EVIDENCE)
    for alarm in filter.alarms(told):
        say(alarm)


def _with_texts(rows: pl.DataFrame, key: str, sets: Sets) -> pl.DataFrame:
    """Facts with `source` and `text`; of draws the texts of those in clusters, for people."""
    if key == "prompt_id":
        known = sets.prompts.select("prompt_id", "source", pl.col("text").str.head(SHOWN))
        return rows.join(known, on=key, how="left", maintain_order="left")
    of = sets.rows.select("sample_id", "prompt_id").join(
        sets.asked.select("prompt_id", "source"), on="prompt_id", how="left"
    )
    rows = rows.join(of, on=key, how="left", maintain_order="left")
    clustered = rows.drop_nulls("duplicate_cluster").select("sample_id")
    texts = [piece.with_columns(pl.col("text").str.head(SHOWN)) for piece in sets.texts(clustered)]
    shown = pl.concat([pl.DataFrame(schema={"sample_id": pl.String, "text": pl.String}), *texts])
    return rows.join(shown, on=key, how="left", maintain_order="left")


def _contamination(filter: Contamination, sets: Sets, home: Path) -> None:
    from filters.text import leaks

    items, prompts = sets.items(filter.held_out), sets.prompts
    found = leaks.in_prompts(prompts.select("text", "key"), items)
    known = Contamination.facts(leaks.measures(found.hits, prompts, items))
    write_table(
        prompts.select("prompt_id").hstack(known.drop("contamination_response")), _of_prompts(home)
    )
    pairs = [_pairs(leaks.with_keys(found.hits, prompts, items), prompts, items)]
    if filter.responses:
        passages, ids, most = leaks.of_items(items), [], []
        every = sets.rows.select("sample_id", "prompt_id")
        for piece in sets.texts(every):
            hits = leaks.in_draws(piece["text"], passages, items)
            longest = hits.group_by("text").agg(contamination_response=pl.col("value").max())
            rows = piece.select("sample_id").with_row_index("text").cast({"text": pl.Int64})
            ids.append(rows.join(longest, on="text", how="left", maintain_order="left"))
            most.append(_pairs(hits.with_columns(same_key=pl.lit(False)), piece, items))
        own = pl.concat(ids) if ids else every.with_columns(contamination_response=None)
        own = own.select("sample_id", pl.col("contamination_response").fill_null(0).cast(pl.Int32))
        write_table(own, _of_draws(home))
        pairs += most
    write_table(pl.concat(pairs), home / EVIDENCE)
    named = items.select("benchmark", "place")[found.phrases["item"]]
    write_table(found.phrases.hstack(named).select(list(PHRASE)), home / PHRASES)


def _pairs(hits: pl.DataFrame, texts: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Hits in words: rows of `PAIR`."""
    theirs = items.select("benchmark", "place", pl.col("question").str.head(SHOWN))
    own = texts.select(
        "prompt_id",
        "text",
        sample_id="sample_id" if "sample_id" in texts.columns else pl.lit(None, pl.String),
    )[hits["text"]]
    passages = [
        text.encode()[start:end].decode(errors="replace")[:SHOWN] if end is not None else None
        for text, start, end in zip(own["text"], hits["start"], hits["end"], strict=True)
    ]
    rows = pl.concat([hits.drop("text"), own.drop("text"), theirs[hits["item"]]], how="horizontal")
    return rows.with_columns(passage=pl.Series(passages, dtype=pl.String)).select(list(PAIR))
