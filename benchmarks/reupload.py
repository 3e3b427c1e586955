"""What a re-publish uploads: new bytes of the next version, counted by hf-xet into a local folder.

    python -m benchmarks.reupload [--rows 2000] [--kilobytes 10 60]      # traces of real length
    python -m benchmarks.reupload --rows 6000 --kilobytes 3 8 --layouts all

Rows have texts of real traces (`../shared/data/real`), put together anew from their paragraphs, so
that no two are alike, and the columns of a dataset's row. `ours` is what the product writes, by
`write` and `arranged`, beside its parent; the other layouts are plain writers, for the table.
"""

from __future__ import annotations

import argparse
import importlib
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.traces import traces
from factory.records import digest, now
from factory.versions import write as writing
from factory.versions.folder import shards_of
from factory.versions.manifest import Cost, Manifest
from factory.versions.placement import arranged
from factory.versions.write import Draft

SOURCES = 10
KINDS = ("+1% rows", "a new column", "a source dropped", "1% dropped", "1% edited")
NONE: dict[str, Any] = {"name": "r", "recipe": {}, "inputs": [], "teachers": [], "sampling": {}}
NONE |= {"measures": {}, "rules": [], "cost": Cost(draws=0), "ledger": {}, "software": {}}


def cdc(least: int, most: int, norm: int = 0) -> dict[str, Any]:
    """Content-defined chunks of so many KiB."""
    sizes = {"min_chunk_size": least * 1024, "max_chunk_size": most * 1024, "norm_level": norm}
    return {"use_content_defined_chunking": sizes}


LAYOUTS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "id, zstd, 32-128 KiB, groups of 16 MB": ("id", 16, cdc(32, 128)),
    "source, zstd, no chunks": ("source", 64, {}),
    "source, zstd, default chunks (256-1024)": ("source", 64, cdc(256, 1024)),
    "source, zstd, 32-128 KiB, groups of 16 MB": ("source", 16, cdc(32, 128)),
    "source, zstd, 32-128 KiB": ("source", 64, cdc(32, 128)),
    "source, zstd, 32-128 KiB, norm 2": ("source", 64, cdc(32, 128, 2)),
    "source, zstd, 8-32 KiB": ("source", 64, cdc(8, 32)),
    "source, zstd, 4-8 KiB": ("source", 64, cdc(4, 8)),
    "source, zstd, 2-4 KiB": ("source", 64, cdc(2, 4)),
    "source, zstd, 1-2 KiB": ("source", 64, cdc(1, 2)),
    "source, zstd, 1-2 KiB, no dictionary": ("source", 64, cdc(1, 2) | {"use_dictionary": False}),
    "source, zstd level 9, 2-4 KiB": ("source", 64, cdc(2, 4) | {"compression_level": 9}),
    "source, not compressed, no chunks": ("source", 64, {"compression": "none"}),
    "source, not compressed, 2-4 KiB": ("source", 64, cdc(2, 4) | {"compression": "none"}),
}
"""Order, megabytes of a row group, and what the writer is told."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--kilobytes", type=float, nargs=2, default=(10, 60))
    parser.add_argument("--layouts", choices=("ours", "all"), default="ours")
    asked = parser.parse_args()
    least, most = (int(size * 1000) for size in asked.kilobytes)
    base = rows(asked.rows, least, most, 1)
    changes = versions(base, rows(asked.rows // 100, least, most, 2))
    size = base.estimated_size() / 1e6
    print(f"{base.height:,} rows, {size:.0f} MB, {size * 1e3 / base.height:.0f} kB each\n")
    print(f"| layout | file MB | write MB/s CPU | {' | '.join(KINDS)} |")
    print("|---|---:|---:|" + "---:|" * len(KINDS), flush=True)
    print(measured("ours", by_the_product, base, changes), flush=True)
    for name, (order, group, told) in LAYOUTS.items() if asked.layouts == "all" else ():
        plain = partial(by_a_plain_writer, order, group * 10**6, told)
        print(measured(name, plain, base, changes), flush=True)


Writer = Callable[[Path, pl.DataFrame, Path | None], Path]
"""Writes a version into a new folder, beside its parent; returns the folder of its files."""


def measured(name: str, writer: Writer, base: pl.DataFrame, changes: dict[str, Any]) -> str:
    """A line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        home, started = Path(folder), time.process_time()
        first = writer(home / "base", base, None)
        speed = base.estimated_size() / 1e6 / (time.process_time() - started)
        _, total = uploaded(home / "store", first)
        cells = []
        for number, rows_now in enumerate(changes.values()):
            shutil.copytree(home / "store", home / f"store{number}")
            next_one = writer(home / f"next{number}", rows_now, first)
            new, of = uploaded(home / f"store{number}", next_one)
            cells.append(f"{new / of:.1%} ({new / 1e6:.2f} MB)")
            shutil.rmtree(home / f"store{number}")
    return f"| {name} | {total / 1e6:.1f} | {speed:.0f} | {' | '.join(cells)} |"


def uploaded(store: Path, folder: Path) -> tuple[int, int]:
    """New bytes and all bytes of the Parquet files of a version, put into hf-xet's local store."""
    hf_xet: Any = importlib.import_module("hf_xet")  # its stubs lack what the package has
    store.mkdir(exist_ok=True)
    until = int(time.time()) + 36_000
    session = hf_xet.XetSession()
    where = {"endpoint": f"local://{store}", "token": "t", "token_expiry_unix_secs": until}
    with session.new_upload_commit(**where) as commit:
        sent = [
            commit.start_upload_file(str(file), sha256=hf_xet.COMPUTE_SHA256)
            for file in shards_of(folder)
        ]
    told = [each.result().dedup_metrics for each in sent]
    return sum(m.new_bytes for m in told), sum(m.total_bytes for m in told)


def by_the_product(folder: Path, table: pl.DataFrame, parent: Path | None) -> Path:
    """As a run writes it."""
    laid, placement = arranged(table, parent)

    def describe(draft: Draft) -> Manifest:
        told = {"digest": draft.digest, "rows": draft.rows, "splits": draft.splits}
        return Manifest(**NONE, **told, created=now(), made_by={}, files={})

    pieces = laid.drop("draw").iter_slices(1000)
    given: dict[str, Any] = {"parent": parent, "placement": placement}
    return writing.write(folder, lambda _: pieces, {}, describe, **given)[0]


def by_a_plain_writer(
    order: str, group: int, told: dict[str, Any], folder: Path, table: pl.DataFrame, _: Path | None
) -> Path:
    """All rows in one file, in this order."""
    import pyarrow.parquet as pq

    table = table.sort(*(["source"] if order == "source" else []), "prompt_id").drop("draw")
    (folder / "data").mkdir(parents=True)
    told = {"compression": "zstd", "store_schema": False, "write_page_index": True} | told
    size = int(group / (table.estimated_size() / table.height))
    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(arrow, folder / "data" / "train-0-of-1.parquet", row_group_size=size, **told)
    return folder


def versions(base: pl.DataFrame, more: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The next version, each in another way, as `KINDS`."""
    chance = random.Random(5)
    few = set(chance.sample(range(base.height), base.height // 100))
    spared = [number for number in range(base.height) if number not in few]
    score = pl.Series("score", [round(chance.random(), 6) for _ in range(base.height)])
    told = (
        pl.concat([base, more]),
        base.with_columns(score),
        base.filter(pl.col("source") != "source-3"),
        base[spared],
        _edited(base, few, chance),
    )
    return dict(zip(KINDS, told, strict=True))


def _edited(base: pl.DataFrame, which: set[int], chance: random.Random) -> pl.DataFrame:
    """A word is put into each of these rows' texts."""
    turns = base["messages"].to_list()
    for number in which:
        text = turns[number][1]["content"]
        at = chance.randrange(len(text))
        turns[number][1]["content"] = f"{text[:at]} really {text[at:]}"
    return base.with_columns(messages=pl.Series(turns, dtype=base.schema["messages"]))


def rows(count: int, least: int, most: int, seed: int) -> pl.DataFrame:
    """Rows of traces of so many bytes, most of them of the shorter kind."""
    chance = random.Random(seed)
    long = traces().filter(pl.col("text").str.len_bytes() > 6000)["text"]
    paragraphs = [[f"{part}\n\n" for part in text.split("\n\n")] for text in long]
    made = []
    for number in range(count):
        size = int(chance.triangular(least, most, least + (most - least) * 0.3))
        thought = _text(paragraphs, size, chance)
        question = _text(paragraphs, chance.randint(100, 600), chance)
        reply = f"<think>\n{thought}</think>\n{_text(paragraphs, 400, chance)}"
        made.append(_row(question, reply, digest(seed, number), chance))
    kinds = {"completion_tokens": pl.Int32}
    return pl.DataFrame(made, schema_overrides=kinds)


def _text(paragraphs: list[list[str]], size: int, chance: random.Random) -> str:
    parts, length = [], 0
    while length < size:
        trace = chance.choice(paragraphs)
        at = chance.randrange(len(trace))
        parts += trace[at : at + 6]
        length += sum(map(len, trace[at : at + 6]))
    return "".join(parts)[:size]


def _row(question: str, reply: str, id: str, chance: random.Random) -> dict[str, Any]:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    known = {"source": f"source-{chance.randrange(SOURCES)}", "language": "en", "license": "mit"}
    known |= {"domain": chance.choice(("math", "code", "science")), "verifier": "math"}
    key = {"reference": str(chance.randrange(1000)), "answer": str(chance.randrange(1000))}
    made = {"teacher": "deepseek-ai/DeepSeek-R1", "teacher_digest": "a" * 32, "draw": 0}
    measures = {f"share_{n}": round(chance.random(), 6) for n in range(8)}
    counts = {f"count_{n}": chance.randint(0, 50) for n in range(4)}
    own = {"messages": turns, "prompt_id": id, "sample_id": digest(id)}
    return own | known | key | made | {"completion_tokens": len(reply) // 4} | measures | counts


if __name__ == "__main__":
    main()
