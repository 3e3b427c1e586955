"""Draws a second through the store, and the sampler's memory over a million short draws.

    python benchmarks/store.py                    # the store: 50,000 draws of 400 tokens
    python benchmarks/store.py --draws 1000000    # the sampler on an engine that answers at once
    python benchmarks/store.py --seal             # how long a seal keeps other threads waiting

Memory is the process's own, read as it runs: what counts is that it does not grow with the draws.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl
import psutil

from factory.engines import Completion, Request
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Fixed, Policy, Sampling
from factory.records import SAMPLE
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.store import SEAL_BYTES, Store

TEXT = r"<think>2+2=4</think>\boxed{4}"
PER_PROMPT = 8


class Dummy:
    """Answers at once."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    async def draw(self, request: Request) -> Completion:
        await asyncio.sleep(0)
        return Completion(TEXT, list(range(8)), "stop", 5, 8)


def megabytes() -> float:
    """Memory of this process that is its own."""
    return psutil.Process().memory_full_info().uss / 2**20


def store(draws: int, tokens: int) -> None:
    """Append, sync and seal draws of so many tokens."""
    row: dict[str, Any] = dict.fromkeys(SAMPLE)
    row |= {"text": "x" * 4 * tokens, "reasoning": "x" * 4 * tokens, "response": "4"}
    row |= {"token_ids": list(range(tokens)), "completion_tokens": tokens, "verdict": "correct"}
    with tempfile.TemporaryDirectory() as folder:
        kept, started = Store(Path(folder)), time.monotonic()
        for number in range(draws):
            row["sample_id"], row["prompt_id"] = f"{number:032x}", f"{number // 8:032x}"
            kept.append(row)
        kept.close()
        seconds = time.monotonic() - started
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / draws
    print(f"store: {draws / seconds:,.0f} draws/s ({draws:,} of {tokens} tokens, {size:,.0f} bytes "
          f"each once sealed)")  # fmt: skip


def sampler(draws: int) -> None:
    """Draw through the whole sampler, verdicts included."""
    prompts = draws // PER_PROMPT
    rows = [
        {"prompt_id": f"{n:032x}", "messages": [{"role": "user", "content": "2+2?"}]}
        | {"reference": '"4"', "verifier": "exact"}
        for n in range(prompts)
    ]
    asked = pl.DataFrame(rows, schema=PROMPT)
    del rows
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=PER_PROMPT)), max_tokens=16)
    started, told = time.monotonic(), 0

    def report(done: int, total: int, unit: str, **figures: float) -> None:
        nonlocal told
        if figures["draws"] >= told:
            rate = figures["draws"] / (time.monotonic() - started)
            print(f"{figures['draws']:>10,.0f} draws {megabytes():>8,.0f} MB {rate:>8,.0f} draws/s",
                  flush=True)  # fmt: skip
            told += draws // 10

    with tempfile.TemporaryDirectory() as folder:
        kept = Store(Path(folder))
        asker = Asker("t", sampling, seed=1)
        outcome = asyncio.run(fill(Dummy(), asked, asker, kept, report))
        ids = outcome.samples.height
        print(f"at the end, with the table of {ids:,} ids: {megabytes():,.0f} MB")
        kept.close()


def seal(rounds: int) -> None:
    """The longest time that a thread which does nothing else was kept waiting by a seal."""
    row: dict[str, Any] = dict.fromkeys(SAMPLE)
    row |= {"text": "word and word. " * 540, "reasoning": "word and word. " * 540, "response": "4"}
    row |= {"token_ids": list(range(100_000, 102_100)), "completion_tokens": 2100}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            kept = Store(Path(folder), seal_rows=10**9, seal_bytes=10**12)
            while kept._journal.bytes < SEAL_BYTES:
                row["sample_id"] = f"{kept._journal.rows:032x}"
                kept.append(row)
            rows, quiet = kept._journal.rows, _longest_wait(partial(time.sleep, 1))
            busy = _longest_wait(partial(kept.seal, wait=True))
            kept.close()
        print(f"seal of {rows:,} draws of 8 KB and 2,100 ids: longest wait {busy * 1000:.0f} ms; "
              f"without one {quiet * 1000:.0f} ms", flush=True)  # fmt: skip


def _longest_wait(work: Callable[[], object]) -> float:
    """The longest wait between two turns of a thread while `work` is done beside it, in seconds.

    Counted are the seconds of processor that this process used meanwhile: where other processes
    are at work, time passes in which nobody here held anybody up.
    """
    done, longest = Event(), 0.0

    def watch() -> None:
        nonlocal longest
        last, used = time.perf_counter(), time.process_time()
        while not done.is_set():
            time.sleep(0.001)
            now, now_used = time.perf_counter(), time.process_time()
            longest = max(longest, min(now - last, now_used - used))
            last, used = now, now_used

    thread = Thread(target=watch)
    thread.start()
    work()
    done.set()
    thread.join()
    return longest


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="store and memory")
    parser.add_argument("--draws", type=int, help="through the whole sampler, instead")
    parser.add_argument("--seal", action="store_true", help="what a seal holds up, instead")
    options = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    if options.seal:
        seal(5)
    elif options.draws:
        sampler(options.draws)
    else:
        store(50_000, 400)


if __name__ == "__main__":
    main()
