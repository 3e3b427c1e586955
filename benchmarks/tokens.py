"""Counting tokens: `filters.text.tokens` and batches of `tokenizers`, on the same texts.

    python -m benchmarks.tokens TOKENIZER.json [TOKENIZER.json ...] [--table TABLE] [--megabytes N]

TABLE is Parquet with `text`, as `benchmarks/measures.py` takes it; without it texts are this
repository's pages and code. They are read from the start until there are so many megabytes, and
all counts are compared. A first run of so many reads a million characters with both tokenizers and
loads the fast one, which takes seconds; the line after it is what each further megabyte costs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import polars as pl
from tokenizers import Tokenizer

from benchmarks.measures import made, size_of
from filters.text.tokens import TokenCounter

SLOW = 3.0
"""Megabytes that `tokenizers` alone reads: it takes a second for each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tokenizers", nargs="+", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--megabytes", type=float, default=60)
    options = parser.parse_args()
    rows = made() if options.table is None else pl.read_parquet(options.table, columns=["text"])
    size = pl.col("text").str.len_bytes().cum_sum() / 1e6
    rows = rows.filter(size <= options.megabytes)
    few = rows.filter(size <= SLOW)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    print(f"tokenizers {installed('tokenizers')}, fastokens {installed('fastokens')}")
    print(f"{rows.height:,} texts, {size_of(rows):.0f} MB; {os.cpu_count()} cores\n")
    print("| tokenizer | way | MB/s | MB per CPU second |\n|---|---|---|---|")
    for file in options.tokenizers:
        counter, slow = TokenCounter(file, print), Tokenizer.from_file(str(file))
        name = file.parent.name if file.stem == "tokenizer" else file.stem

        def batches(texts: pl.Series, slow: Tokenizer = slow) -> list[int]:
            return [
                len(e) for e in slow.encode_batch_fast(texts.to_list(), add_special_tokens=False)
            ]

        known = report(f"{name} | tokenizers", batches, few)
        first = report(f"{name} | first run", counter.counts, rows)
        again = report(f"{name} | later", counter.counts, rows)
        assert first.equals(again)
        assert first[: few.height].to_list() == known


def report(name: str, way: Callable, rows: pl.DataFrame) -> pl.Series:
    """A line of the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = way(rows["text"])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"| {name} | {size_of(rows) / wall:.1f} | {size_of(rows) / cpu:.1f} |", flush=True)
    return found


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
