"""Time to look at prompts before an engine starts, in batches and one by one.

    python benchmarks/admission.py                  # 800,000 prompts of about 300 bytes

One by one is timed on a few and extrapolated. Processor time, since tokenizers use all cores.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from factory.models.chat import load_tokenizer, prompt_ids
from factory.recipe.sampling import Sampling
from factory.sampler.admission import admitted
from factory.sampler.prompt_state import Asker
from teacher import tiny

FEW = 5000
chance = random.Random(1)
WORDS = ["".join(chance.choices("abcdefghijklm", k=chance.randint(2, 9))) for _ in range(3000)]
CORPUS = " ".join(chance.choices(WORDS, k=200_000))
LENGTHS: dict[str, Callable[[], float]] = {
    "from 200 to 400 bytes": lambda: chance.uniform(200, 400),
    "mostly short, few long": lambda: chance.lognormvariate(5.4, 0.8),
}
"""How long a prompt is, in bytes; both have a mean of about 300."""


def prompts(count: int, length: Callable[[], float]) -> pl.DataFrame:
    """Questions that are pieces of one text of random words."""
    frames = []
    for first in range(0, count, 10_000):
        here = range(first, min(first + 10_000, count))
        sizes = [int(length()) for _ in here]
        starts = [chance.randrange(len(CORPUS) // 2) for _ in here]
        texts = [CORPUS[start : start + size] for start, size in zip(starts, sizes, strict=True)]
        turns = [[{"role": "user", "content": text}] for text in texts]
        frames.append(pl.DataFrame({"prompt_id": [str(n) for n in here], "messages": turns}))
    return pl.concat(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=800_000)
    count = parser.parse_args().prompts
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = tiny.make_tokenizer([" ".join(WORDS)] * 3, 8000)
        size = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 64, "seed": 1}
        tiny.save(tiny.make_model("qwen2", tokenizer, **size), tokenizer, Path(folder))
        tokenizer = load_tokenizer(folder)
        for name, length in LENGTHS.items():
            table = prompts(count, length)
            began, clock = time.process_time(), time.monotonic()
            longest = admitted(folder, table, Asker("t", Sampling(), 1), None).longest
            spent, wall = time.process_time() - began, time.monotonic() - clock
            began = time.process_time()
            for messages in table["messages"].sample(FEW, seed=1).to_list():
                prompt_ids(tokenizer, messages)
            each = (time.process_time() - began) / FEW
            found = f"the longest of {count:,} has {longest:,} tokens"
            cost = f"{spent:,.0f} s of processor time, {wall:,.0f} s on the clock"
            print(f"{name}: {found}; {cost}; one by one {each * count:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
