"""The text measures: compiled, and the same work in plain Python through `datasets.map`.

    python -m benchmarks.measures [TABLE] [--rows N] [--memory]

TABLE is Parquet with `text`, `reasoning`, `response` and `language`; without it texts are made from
the words of this repository. Its rows are cut and joined to 8 KB each, and drawn again to N rows;
the answer that a response gives is taken for a correct one. First both ways measure the same few
rows and must say the same, but for `language`, whose plain way is that of the filter's first
version, without switches inside sentences. Then both see the same rows, one after the other,
twice. `--memory` measures batch after batch as the line does and says how far memory goes up;
`--texts N` draws from so many rows of TABLE, where memory for all would hide it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from benchmarks.plain_language import plain_language
from benchmarks.plain_measures import (
    plain_compression,
    plain_format,
    plain_repetition,
    plain_rest,
)
from benchmarks.plain_phrases import plain_safety, plain_thinking
from filters import FILTERS
from filters.filter import SAMPLE
from filters.text.answer import extract

MEASURES = (
    "truncation",
    "format",
    "language",
    "code_blocks",
    "length",
    "repetition",
    "thinking",
    "safety",
)
CHARS = 8000
BATCH = 5000
COLUMNS = ("text", "reasoning", "response", "language", "answer", "verdict")
COMPARED = 200
"""Rows that both ways measure to be compared."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--texts", type=int)
    options = parser.parse_args()
    given = ["text", "reasoning", "response", "language"]
    parts = made() if options.table is None else pl.read_parquet(options.table, columns=given)
    parts = parts.filter(pl.col("text").str.len_chars() > 0).head(options.texts or parts.height)
    if options.memory:
        memory(parts, options.rows)
        return
    rows = next(batches(parts, options.rows, options.rows))
    megabytes = size_of(rows)
    compare(rows[:COMPARED])  # and machine code is made, or read
    print(f"{rows.height:,} rows, {megabytes:.0f} MB, {os.cpu_count()} cores\n")
    print("| way | MB/s | MB per CPU second |\n|---|---|---|")
    for _ in range(2):
        for name, way in (("datasets.map, 2 processes", mapped), ("compiled", compiled)):
            report(name, way, rows, megabytes)
    for name in MEASURES:
        report(name, lambda rows, name=name: FILTERS[name].measured(rows), rows, megabytes)


def compare(rows: pl.DataFrame) -> None:
    """Says where plain Python measures something else, and stops where it must not."""
    found = compiled(rows)
    for name, expected in plain(rows.select(COLUMNS).to_dict(as_series=False)).items():
        told = pl.Series(expected)
        if told.dtype.is_float():
            differs = ((found[name] - told).abs() > 1e-9) | (found[name].is_null() ^ told.is_null())
        else:
            differs = found[name].ne_missing(told.cast(found[name].dtype))
        if differs.any():
            print(f"{name} differs in {differs.sum()} of {rows.height} rows")
            assert name.startswith("language"), (found.filter(differs)[name], told.filter(differs))


def report(
    name: str, way: Callable[[pl.DataFrame], object], rows: pl.DataFrame, size: float
) -> None:
    """A line of the table."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    way(rows)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    print(f"| {name} | {size / wall:.2f} | {size / cpu:.2f} |", flush=True)


def size_of(rows: pl.DataFrame) -> float:
    """Megabytes of the texts."""
    return float(rows.select(pl.col("text").str.len_bytes().sum()).item()) / 1e6


def cpu_seconds() -> float:
    """Of this process and those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compiled(rows: pl.DataFrame) -> pl.DataFrame:
    """All text measures as the line makes them."""
    return pl.concat([FILTERS[name].measured(rows) for name in MEASURES], how="horizontal")


def mapped(rows: pl.DataFrame) -> None:
    """The same work as most would write it today."""
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        rows.select(COLUMNS).write_parquet(f"{folder}/rows.parquet")
        table = datasets.Dataset.from_parquet(f"{folder}/rows.parquet", cache_dir=folder)
        table.map(  # pyrefly: ignore
            plain,
            batched=True,
            num_proc=2,
            remove_columns=table.column_names,  # pyrefly: ignore
        )


def plain(batch: dict[str, list]) -> dict[str, list]:
    """All text measures of a batch in plain Python."""
    found = [
        plain_format(text, reasoning, response)
        | plain_language(language, reasoning, response)
        | plain_rest(reasoning, response)
        | plain_repetition(reasoning, response)
        | plain_compression(reasoning, response)
        | plain_thinking(reasoning, answer, verdict)
        | plain_safety(text, response)
        for text, reasoning, response, language, answer, verdict in zip(
            *(batch[column] for column in COLUMNS), strict=True
        )
    ]
    return {name: [row[name] for row in found] for name in found[0]}


def batches(parts: pl.DataFrame, rows: int, size: int) -> Iterator[pl.DataFrame]:
    """Tables of rows of 8 KB, of texts of one language each."""
    draw = random.Random(1)
    by_language = {
        language: some.select("text", "reasoning", "response").rows()
        for (language,), some in parts.group_by("language", maintain_order=True)
    }
    weights = [len(some) for some in by_language.values()]
    for start in range(0, rows, size):
        made = []
        for _ in range(min(size, rows - start)):
            language = draw.choices(list(by_language), weights)[0]
            some, thinking, response = by_language[language], "", ""
            while len(thinking) + len(response) < CHARS:
                text, first, second = draw.choice(some)
                thinking += f"{first or text}\n\n"
                response = second if first and second else response
            thinking, response = thinking[: CHARS - len(response)], response[:CHARS]
            text = f"<think>{thinking}</think>{response}"
            made.append((text, thinking, response, language, extract(response), "correct"))
        table = pl.DataFrame(made, schema=list(COLUMNS), orient="row")
        others = [
            pl.lit(None, kind).alias(name) for name, kind in SAMPLE.items() if name not in COLUMNS
        ]
        yield table.with_columns(others)


def memory(parts: pl.DataFrame, rows: int) -> None:
    """How far memory goes up over so many rows, in batches as the line measures them."""
    compiled(next(batches(parts, 50, 50)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    begin, spent = time.perf_counter(), 0.0
    done = 0.0
    for table in batches(parts, rows, BATCH):
        start = time.perf_counter()
        compiled(table)
        spent += time.perf_counter() - start
        done += size_of(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{rows:,} rows, {done:.0f} MB: peak {peak:.2f} GB ({before:.2f} GB before the first)")
    print(f"{done / spent:.1f} MB/s measuring, {time.perf_counter() - begin:.0f} s in all")


def made() -> pl.DataFrame:
    """Texts from this repository's own pages and code."""
    root = Path(__file__).parents[1]
    files = [*root.glob("docs/*.md"), *root.glob("filters/**/*.py"), *root.glob("factory/**/*.py")]
    pages = [file.read_text() for file in sorted(files)]
    table = {"text": pages, "reasoning": pages, "response": ["42"] * len(pages)}
    return pl.DataFrame(table).with_columns(language=pl.lit("en"))


if __name__ == "__main__":
    main()
