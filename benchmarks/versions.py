"""Speed and memory of building a version: the stage dataset alone, from sealed and measured draws.

    python -m benchmarks.versions                     # 50,000 draws of 8 KB, nine of ten are rows
    python -m benchmarks.versions --draws 1111112     # a million rows
    python -m benchmarks.versions --parts             # CPU seconds of each part

Input is the texts of the rows. The stage runs in a process of its own; its memory is the most that
it held at any time (`VmHWM`). Draws lie in no order, the worst case for gathering them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks import memory
from factory.line import dataset_stages, selecting
from factory.line.context import Context
from factory.line.done import Done
from factory.run_folder import RunFolder
from factory.sampler.draws import draws_digest
from factory.versions.content import ContentDigest
from factory.versions.folder import index_of, shards_of
from factory.versions.layout import Shards


def main() -> None:
    """Make a run, build its version, print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--draws", type=int, default=50_000)
    parser.add_argument("--parts", action="store_true", help="each part alone, instead")
    parser.add_argument("--in", dest="folder", type=Path, help="A run that was made before.")
    parser.add_argument("--keep", type=Path, help="Make the run here, and leave it.")
    asked = parser.parse_args()
    if asked.folder:
        (parts if asked.parts else stage)(asked.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch) / "run"
        memory.make(folder, asked.draws, memory.CHEAP)
        context = _context(folder, "measures")
        dataset_stages.measures(context)
        noted = draws_digest(context.draws(), context.run.current())  # as the stage samples does
        _note(context.run, noted)
        command = [sys.executable, "-m", "benchmarks.versions", "--in", str(folder)]
        subprocess.run([*command, *(["--parts"] if asked.parts else [])], check=True)


def _note(run: RunFolder, digest: str) -> None:
    """The record of the stage samples, as far as a version reads it."""
    done = Done(fingerprint="made here", output=digest, note="", accounts=[], seconds=0.0, files={})
    run.done("samples").write_text(done.model_dump_json())


def _context(folder: Path, stage: str) -> Context:
    run = RunFolder(folder)
    recipe, home = run.recipe()
    return Context(recipe, home, run, stage, lambda *_, **__: None)


def stage(folder: Path) -> None:
    """The stage as a run does it."""
    wall, cpu = time.monotonic(), time.process_time()
    dataset_stages.dataset(_context(folder, "dataset"))
    seconds, used = time.monotonic() - wall, time.process_time() - cpu
    version = RunFolder(folder).current_version()
    assert version
    texts = rows = 0
    for file in shards_of(version):
        told = pl.scan_parquet(file).select(_bytes().sum(), rows=pl.len()).collect()
        texts, rows = texts + told.row(0)[0], rows + told.row(0)[1]
    size = sum(file.stat().st_size for file in shards_of(version)) / 1e6
    print(f"{rows:,} rows, {texts / 1e9:.2f} GB of text, files of {size:.0f} MB, "
          f"index {index_of(version).stat().st_size / 1e6:.0f} MB")  # fmt: skip
    print(f"wall {seconds:.1f} s ({texts / 1e6 / seconds:.0f} MB/s), CPU {used:.1f} s "
          f"({texts / 1e6 / used:.0f} MB a CPU second), peak {_peak():.2f} GB")  # fmt: skip


def _bytes() -> pl.Expr:
    texts = pl.element().struct.field("content").str.len_bytes()
    return pl.col("messages").list.eval(texts).list.sum()


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def parts(folder: Path) -> None:
    """CPU and wall seconds of each part, none beside another."""
    context = _context(folder, "dataset")
    asked, told = context.run.prompts(), {}
    with _timed(told, "rules and selection"):
        made = dataset_stages.decide(context, asked)
        chosen = made.decided.filter(fate="chosen")
        laid, placement = selecting.laid_out(context, chosen, asked, None)
    with _timed(told, "digest of draws"):
        dataset_stages.made_by(context, asked)
    with tempfile.TemporaryDirectory() as scratch:
        home, content = Path(scratch), ContentDigest()
        tables: Iterator[pl.DataFrame] = dataset_stages.rows_of(context, laid, asked, home / "rows")
        with Shards(home / "version", content, placement=placement) as shards:
            while True:
                with _timed(told, "gathering and rows"):
                    table = next(tables, None)
                if table is None:
                    break
                with _timed(told, "canonical JSON and digest"):
                    digested = shards.digested(table)
                with _timed(told, "Parquet"):
                    shards.write(digested)
    for name, (cpu, wall) in told.items():
        print(f"{name:28} CPU {cpu:6.1f} s   wall {wall:6.1f} s")


class _timed:
    """Adds the seconds of a block to its part."""

    def __init__(self, told: dict[str, tuple[float, float]], name: str):
        self.told, self.name = told, name

    def __enter__(self) -> None:
        self.cpu, self.wall = time.process_time(), time.monotonic()

    def __exit__(self, *_: object) -> None:
        cpu, wall = self.told.get(self.name, (0.0, 0.0))
        used, took = time.process_time() - self.cpu, time.monotonic() - self.wall
        self.told[self.name] = (cpu + used, wall + took)


if __name__ == "__main__":
    main()
