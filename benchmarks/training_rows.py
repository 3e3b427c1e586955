"""Memory of training on a dataset: rows read, rendered, mapped, and a few steps of the trainer.

    python benchmarks/training_rows.py                          # 20,000 rows of 8 KB
    python benchmarks/training_rows.py --rows 800000 --bytes 64 # what grows with the number of rows

Memory is the process's own (anonymous), looked at all the time: pages of the mapped file come on
top where there is room, and go when they are needed. `--most` makes it fail above a bound.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl

from factory import models
from factory.recipe.student import Student
from factory.run_folder import RunFolder
from factory.versions.folder import shard_of

SHARD = 100_000
"""Rows in a file of the dataset."""
STEPS, BATCH = 8, 4


class Peak:
    """The most memory that this process had for itself, in MB, since the last look."""

    def __init__(self) -> None:
        self._most, self._over = 0.0, Event()
        self._watch = Thread(target=self._look, daemon=True)
        self._watch.start()

    def since(self) -> float:
        """The peak since the last call."""
        most, self._most = max(self._most, own()), 0.0
        return most

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._most = max(self._most, own())


def own() -> float:
    """Anonymous memory of this process in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no RssAnon")


def texts(rows: int, size: int) -> Iterator[pl.DataFrame]:
    """Conversations with replies of so many bytes, about four to a token."""
    random.seed(1)
    words = ["".join(random.choices("abcdefghijklm", k=random.randint(2, 9))) for _ in range(300)]
    for first in range(0, rows, 1000):
        turns = []
        for number in range(first, min(first + 1000, rows)):
            reply = " ".join(random.choices(words, k=size // 6))[:size]
            question = {"role": "user", "content": f"Question {number}?"}
            turns.append([question, {"role": "assistant", "content": reply}])
        ids = [f"{number:032x}" for number in range(first, first + len(turns))]
        yield pl.DataFrame({"sample_id": ids, "messages": turns})


def make_dataset(run: RunFolder, rows: int, size: int) -> list[str]:
    """A version of so many rows, written without holding them; returns some of its texts."""
    import pyarrow.parquet as pq

    version, shards = run.version(1), -(-rows // SHARD)
    version.mkdir(parents=True)
    run.note_version(version)
    some: list[str] = []
    batches = texts(rows, size)
    for number in range(shards):
        first = next(batches)
        some = some or [turns[-1]["content"] for turns in first["messages"].head(200)]
        schema = first.to_arrow().schema
        file = shard_of(version, "train", number, shards)
        file.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(file, schema) as writer:
            writer.write_table(first.to_arrow())
            for _ in range(SHARD // 1000 - 1):
                if (batch := next(batches, None)) is not None:
                    writer.write_table(batch.to_arrow())
    return some


def make_base(run: RunFolder, texts: list[str], max_length: int) -> None:
    """The smallest model that knows these texts' words."""
    from teacher import tiny

    tokenizer = tiny.make_tokenizer(texts, 1000)
    size: dict[str, Any] = {"hidden": 32, "layers": 1, "heads": 1, "max_length": max_length}
    model = tiny.make_model("llama", tokenizer, **size, seed=1)
    tiny.save(model, tokenizer, run.weights("student-base"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--bytes", type=int, default=8192, help="of a reply")
    parser.add_argument("--most", type=float, help="MB above the start that are too many")
    given = parser.parse_args()

    from sft.distil import distil

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        make_base(run, make_dataset(run, given.rows, given.bytes), given.bytes)
        few = STEPS * BATCH / given.rows
        training = {"epochs": few, "batch_size": BATCH, "max_length": given.bytes}
        student = Student.model_validate({"base": {"tiny": "llama"}, "training": training})
        peak = Peak()
        start, began, spent = peak.since(), time.process_time(), 0.0
        most: dict[str, float] = {}

        def report(done: int, total: int, unit: str, **_: float) -> None:
            nonlocal spent
            if unit == "rows rendered" and done == total:
                spent, most["rendering"] = time.process_time() - began, peak.since() - start

        stage = run.stage("student")
        stage.mkdir()
        order = run.rows(["sample_id"])["sample_id"]
        accounts = distil(
            models.at(run.weights("student-base")),
            run.each_rows(["sample_id", "messages"]),
            order,
            student,
            seed=1,
            out=run.weights("student"),
            table=run.training_rows("student"),
            checkpoints=run.checkpoints("student"),
            report=report,
        )
        most["accounts, mapping and training"] = peak.since() - start
        tokens = accounts[1].left / given.rows
        disk = run.training_rows("student").stat().st_size / given.rows
    told = ", ".join(f"{megabytes:,.0f} MB in {what}" for what, megabytes in most.items())
    print(f"{given.rows:,} rows of {tokens:,.0f} tokens; above {start:,.0f} MB at first: {told}")
    cost = 1000 * spent / given.rows
    print(f"a row: {cost:,.2f} ms of processor time to render, {disk:,.0f} bytes in the file")
    if given.most and max(most.values()) > given.most:
        raise SystemExit(f"more than {given.most:,.0f} MB")


if __name__ == "__main__":
    main()
