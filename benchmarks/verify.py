"""How fast a version is verified: bytes of rows a second, CPU time, memory.

    python -m benchmarks.verify [--rows 50000] [--bytes 8000] [--workers 2] [--into FOLDER]

A version is written with rows of words that come as often as in a language, some phrases again and
again as in traces; a record of as many decisions and rules over measures, then verified in a
process of its own, twice: the second time its files are in memory. The same is done with half the
rows, for the memory. Where others work on the machine go by CPU seconds: what two cores would do is
bytes / CPU seconds * 2.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import polars as pl

from factory.records import now
from factory.versions.folder import decisions_of
from factory.versions.layout import write_plain
from factory.versions.manifest import Cost, Manifest, Rule
from factory.versions.verify import verify
from factory.versions.write import Draft, write

AT_ONCE = 2500
WORDS = 20_000
WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))
"""How often each word comes, summed up: Zipf's law."""
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def text(lot: random.Random, words: list[str], size: int) -> str:
    """About so many bytes of words, the first ones most often; a third of it in phrases of five."""
    phrase = 5
    drawn = lot.choices(words, cum_weights=WEIGHTS, k=max(1, size // 5 * 2 // 3))
    starts = lot.choices(range(500), k=max(1, size // 5 // 3 // phrase))
    drawn += [" ".join(words[start : start + phrase]) for start in starts]
    lot.shuffle(drawn)
    return " ".join(drawn)[:size]


def tables(rows: int, size: int) -> Iterator[pl.DataFrame]:
    """Rows of about so many bytes each."""
    lot = random.Random(0)
    words: list[str] = ["".join(lot.choices(LETTERS, k=lot.randint(2, 10))) for _ in range(WORDS)]
    for start in range(0, rows, AT_ONCE):
        ids = range(start, min(rows, start + AT_ONCE))
        replies = [f"<think>{text(lot, words, size)}</think>\n\\boxed{{{id}}}" for id in ids]
        asked = [text(lot, words, 200) for _ in ids]
        yield pl.DataFrame(
            {
                "messages": [
                    [{"role": "user", "content": q}, {"role": "assistant", "content": a}]
                    for q, a in zip(asked, replies, strict=True)
                ],
                "prompt_id": [f"p{id:031x}" for id in ids],
                "sample_id": [f"{id:032x}" for id in ids],
                "source": "benchmark",
                "domain": "math",
                "completion_tokens": pl.Series([size // 4] * len(ids), dtype=pl.Int32),
                **measures(len(ids)),
            }
        )


def measures(height: int) -> dict[str, pl.Series]:
    """What the filters `length` and `duplicates` measure, of rows like no other."""
    numbers = {"tokens": 2000, "longest_paragraph": 500}
    found = {name: pl.Series([n] * height, dtype=pl.Int32) for name, n in numbers.items()}
    return found | {"duplicate_cluster": pl.Series([None] * height, dtype=pl.String)}


def describe(draft: Draft) -> Manifest:
    """A manifest with rules that all rows keep, and the record of their decisions."""
    fates = {"fate": "chosen", "spare_by": None, "dropped_by": None}
    decisions = pl.DataFrame(
        {"sample_id": [f"{id:032x}" for id in range(draft.rows)], **measures(draft.rows)}
    ).with_columns(
        *(pl.lit(value, pl.String).alias(name) for name, value in fates.items()),
        reasons=pl.lit([], pl.List(pl.String)),
    )
    write_plain(decisions, decisions_of(draft.folder))
    counts = {"entering": draft.rows, "dropped": 0, "left": draft.rows}
    limits = {"length": {"max_tokens": 4000}, "duplicates": {"over": "everything"}}
    return Manifest(
        name="benchmark", number=draft.number, digest=draft.digest, rows=draft.rows,
        splits=draft.splits, created=now(), made_by=draft.made_by, recipe={}, inputs=[],
        teachers=[], sampling={}, measures={}, cost=Cost(draws=draft.rows), ledger={}, software={},
        rules=[Rule(filter=name, thresholds=own, **counts) for name, own in limits.items()],
        files={},
    )  # fmt: skip


def measured(version: Path, workers: int) -> None:
    """Verify, and print what it took as JSON."""
    for _ in range(2):
        cpu, wall = time.process_time(), time.perf_counter()
        found = verify(version, workers)
        told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        assert found.good, found.faults[:5]
    told |= {"bytes": found.bytes, "rows": found.rows}
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps(told))


def main() -> None:
    """Write versions, and verify each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=8_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--verify", type=Path, help="only this version, in this process")
    asked = parser.parse_args()
    if asked.verify:
        measured(asked.verify, asked.workers)
        return
    with tempfile.TemporaryDirectory(dir=asked.into) as scratch:
        for rows in (asked.rows // 2, asked.rows):
            home = Path(scratch) / str(rows)
            version, manifest = write(home, lambda _, n=rows: tables(n, asked.bytes), {}, describe)
            size = sum(file.bytes for name, file in manifest.files.items() if "data/" in name)
            command = [sys.executable, "-m", "benchmarks.verify", "--verify", str(version)]
            command += ["--workers", str(asked.workers)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            mb = told["bytes"] / 1e6
            print(
                f"{told['rows']:,} rows, {mb:,.0f} MB ({size / 1e6:,.0f} MB of files): "
                f"{told['cpu']:.2f} CPU s, {mb / told['cpu']:.0f} MB a CPU s; "
                f"{told['wall']:.2f} s, {mb / told['wall']:.0f} MB/s; {told['peak_mb']:.0f} MB"
            )


if __name__ == "__main__":
    main()
