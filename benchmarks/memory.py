"""Memory and time of the stages between draws and students, on draws of full size.

    python benchmarks/memory.py                      # 20,000 draws of 8 KB text and 2,100 ids
    python benchmarks/memory.py --draws 100000
    python benchmarks/memory.py --filters all        # measures of every filter, which take a while

Each stage runs in a process of its own; its memory is the most that the process held at any time
(`VmHWM`; `ru_maxrss` would count the parent's too). The draws are written straight
into shards.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from factory.line import dataset_stages
from factory.line.context import Context
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE
from factory.run_folder import RunFolder
from factory.store import write_table
from factory.store.shards import Shards

PER_PROMPT = 4
SHARD_ROWS = 2000
"""Draws of this size that a journal of 64 MiB holds."""
WORDS, TOKENS = 1250, 2100
CHEAP = {"correctness": {}, "truncation": {}, "length": {}, "code_blocks": {}}
ALL = CHEAP | {"format": {}, "language": {}, "repetition": {}}
WRONG = {"verdict": "incorrect", "verdict_reason": "wrong_answer"}
STAGES = ("measures", "dataset", "control")


def recipe(filters: dict[str, Any]) -> Recipe:
    """Every accepted draw becomes a row: the most that there can be."""
    prompts = [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9}]
    return Recipe.model_validate(
        {"name": "memory", "prompts": prompts, "teacher": {"base": {"tiny": "qwen2", "rows": 100}}}
        | {"sampling": {"policy": {"fixed": {"draws": PER_PROMPT}}}, "filters": filters}
    )


def make(folder: Path, draws: int, filters: dict[str, Any]) -> None:
    """A run folder with prompts and sealed draws, of whose verdicts nine of ten are correct."""
    run, chance = RunFolder(folder), np.random.default_rng(1)
    run.note(recipe(filters), folder)
    for stage in ("prompts", "samples", "teacher", *STAGES):
        run.stage(stage).mkdir(parents=True)
    Located(path=str(folder), name="t", digest="t").note(run.stage("teacher"))
    asked = {"messages": [{"role": "user", "content": "How much is it? " * 20}], "source": "sums"}
    asked |= {"domain": "math", "language": "en", "reference": '"5"', "verifier": "math"}
    ids = [chance.bytes(16).hex() for _ in range(-(-draws // PER_PROMPT))]
    schema = {**PROMPT, "split": pl.String()}
    table = [asked | {"prompt_id": id, "split": "train"} for id in ids]
    write_table(pl.DataFrame(table, schema=schema), run.prompt_table)
    pool = _texts(chance, min(draws, SHARD_ROWS))
    order = chance.permutation(draws)  # draws are finished in no order: the worst case
    samples = []
    for number, start in enumerate(range(0, draws, SHARD_ROWS)):
        places = order[start : start + SHARD_ROWS]
        shard = pool.sample(len(places), shuffle=True, seed=number).with_columns(
            sample_id=pl.Series([chance.bytes(16).hex() for _ in places]),
            prompt_id=pl.Series([ids[place // PER_PROMPT] for place in places]),
            draw=pl.Series(places % PER_PROMPT, dtype=pl.Int32),
        )
        Shards(run.journal("samples")).write(number, shard)
        samples.append(shard.select("sample_id"))
    write_table(pl.concat(samples), run.current_draws)
    fates = pl.DataFrame({"teacher": ["t"], "teacher_digest": ["t"]})
    write_table(fates, run.prompt_fates)


def _texts(chance: np.random.Generator, draws: int) -> pl.DataFrame:
    """A shard's draws of 8 KB and 2,100 ids; the other shards have the same in another order."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    lengths = chance.integers(2, 10, 20_000)
    words = np.array(["".join(chance.choice(letters, length)) for length in lengths])
    drawn = (" ".join(words[chance.integers(0, len(words), WORDS)]) for _ in range(draws))
    rows = [
        {"text": f"<think>{thought}</think> \\boxed{{5}}", "reasoning": thought}
        | {"token_ids": chance.integers(0, 150_000, TOKENS, dtype=np.int32)}
        | {"response": "\\boxed{5}", "answer": "5", "completion_tokens": TOKENS, "opening": ""}
        | {"finish_reason": "stop", "teacher": "t", "settings": "s"}
        | ({"verdict": "correct"} if number % 10 else WRONG)
        for number, thought in enumerate(drawn)
    ]
    return pl.DataFrame(rows, schema=SAMPLE)


def do(folder: Path, stage: str) -> None:
    """A stage's work, in this process; of the control all but the training."""
    run = RunFolder(folder)
    plan, home = run.recipe()
    context = Context(plan, home, run, stage, lambda *_, **__: None)
    started = time.monotonic()
    if stage == "control":
        lot = dataset_stages.control_lot(context)
        found = dataset_stages.control_rows(context, lot)
        note = f"{sum(rows.height for rows in found):,} rows"
    else:
        note = getattr(dataset_stages, stage)(context).note
    seconds, cpu = time.monotonic() - started, time.process_time()
    print(json.dumps({"MB": peak(), "seconds": seconds, "cpu": cpu, "note": note}))


def peak() -> float:
    """The most memory that this process held at any time, in MB."""
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) / 2**10


def figures(folder: Path, stage: str) -> dict[str, Any]:
    """Peak memory and seconds of a stage, in a process of its own."""
    command = [sys.executable, __file__, "--stage", stage, "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="memory of the stages on draws of full size")
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--filters", choices=("cheap", "all"), default="cheap")
    parser.add_argument("--folder", type=Path, help="where a run is, or is made; left out: away")
    parser.add_argument("--stage", choices=STAGES, help="one stage, in this process")
    options = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    if options.stage:
        return do(options.folder, options.stage)
    with tempfile.TemporaryDirectory() as away:
        folder = (options.folder or Path(away)) / "run"
        if not folder.exists():
            make(folder, options.draws, ALL if options.filters == "all" else CHEAP)
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 2**30
        print(f"{options.draws:,} draws, {size:.1f} GiB", flush=True)
        for stage in STAGES:
            found = figures(folder, stage)
            print(f"{stage:<9} {found['MB']:>7,.0f} MB {found['seconds']:>7.1f} s, of a processor "
                  f"{found['cpu']:>6.1f} s  {found['note']}", flush=True)  # fmt: skip
        left = list(folder.rglob("scratch"))
        assert not left, f"left behind: {left}"


if __name__ == "__main__":
    main()
