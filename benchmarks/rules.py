"""Rules and what-if over measured samples: reasons, the funnel, and the funnel of each domain.

    python -m benchmarks.rules [--rows N] [--times N]

Rows have the columns of every filter, made up: about half have a fault, a tenth several. The rules
are all filters, with entries by domain as a recipe with R1's mix has. `alone` asks one threshold
anew.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from filters import FILTERS, Filters, funnel, funnels, judge
from filters.repetition import LOOPS

DOMAINS = ("math", "code", "logic", "writing", "chat")
RULES = Filters.model_validate(
    {name: {} for name in FILTERS}
    | {
        "format": [
            {"domains": ["math", "logic"]},
            {"domains": ["code", "writing"], "final_answer": False},
            {"domains": ["chat"], "require_thinking": False, "final_answer": False},
        ],
        "correctness": {"domains": ["math", "code", "logic"]},
        "code_blocks": {"allow": ["code"]},
        "length": [
            {"domains": ["chat", "writing"], "max_tokens": 8000},
            {"min_tokens": 50, "max_tokens": 16000, "max_paragraph_chars": 4000},
        ],
        "thinking": {"min_efficiency": 0.1, "max_switches": 60, "min_thought_chars": 100},
        "safety": [{"domains": ["chat"], "drop_refusals": False}, {"own_names": ["DeepSeek"]}],
    }
)
STRICTER = RULES.model_copy(
    update={"repetition": FILTERS["repetition"].model_validate({"max_share": 0.1})}
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    table = made(options.rows)
    judge(table[:1000], RULES)
    size = table.estimated_size() / 1e6
    print(f"{table.height:,} rows, {table.width} columns, {size:.0f} MB; {os.cpu_count()} cores\n")
    print("| step | seconds | CPU seconds |\n|---|---|---|")
    for _ in range(options.times):
        judged = report("judge", lambda: judge(table, RULES))
        report("funnel", lambda judged=judged: funnel(judged, RULES))
        report("funnels", lambda judged=judged: funnels(judged, RULES))
        report("all three, another threshold", lambda: told(table, STRICTER))
    told_of = judged.select(
        pl.col("dropped_by").is_not_null().mean().alias("dropped"),
        (pl.col("reasons").list.len() > 1).mean().alias("several"),
    ).row(0)
    print("\n{:.0%} dropped, {:.0%} for several reasons".format(*told_of))
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def told(table: pl.DataFrame, filters: Filters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a change of rules does."""
    judged = judge(table, filters)
    return funnel(judged, filters), funnels(judged, filters)


def report(name: str, step: Callable) -> pl.DataFrame:
    """A line of the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = step()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"| {name} | {wall:.2f} | {cpu:.2f} |", flush=True)
    return found


class Draw:
    """Columns of so many rows."""

    def __init__(self, rows: int):
        self.rows, self.random = rows, np.random.default_rng(1)
        numbers = pl.Series(self.random.integers(0, rows // 2, rows))
        self.clusters = numbers.set(numbers > rows // 10, None).cast(pl.String)
        """Of a fifth of the rows."""
        self.few = self.random.random(rows) < 0.01

    def some(self, *choices: tuple[object, float]) -> pl.Series:
        values, weights = zip(*choices, strict=True)
        chosen = self.random.choice(len(values), self.rows, p=np.array(weights) / sum(weights))
        return pl.Series(values).gather(chosen)

    def share(self, over: float) -> np.ndarray:
        return self.random.beta(1, over, self.rows)

    def count(self, mean: float) -> np.ndarray:
        return self.random.poisson(mean, self.rows).astype(np.int32)


LOOP = pl.Series([[], [{"repeats": 5, "chars": 60}]], dtype=LOOPS)
COLUMNS: dict[str, Callable[[Draw], Any]] = {
    "sample_id": lambda d: pl.Series(range(d.rows)).cast(pl.String),
    "domain": lambda d: d.some(*((domain, 1) for domain in DOMAINS), (None, 0.1)),
    "language": lambda d: d.some(("en", 4), ("zh", 1)),
    "finish": lambda d: d.some(("stop", 98), ("length", 2)),
    "unfinished": lambda d: d.random.random(d.rows) < 0.01,
    "think_opens": lambda d: d.some((1, 99), (2, 1)),
    "think_closes": lambda d: d.some((1, 99), (2, 1)),
    "thinks": lambda d: d.random.random(d.rows) < 0.98,
    "thinking_chars": lambda d: d.count(5000),
    "chars_before_thinking": lambda d: d.some((0, 99), (9, 1)),
    "response_chars": lambda d: d.count(500),
    "final_answers": lambda d: d.some((0, 3), (1, 95), (2, 2)),
    "distinct_answers": lambda d: d.some((0, 3), (1, 96), (2, 1)),
    "verdict": lambda d: d.some(("correct", 70), ("incorrect", 28), ("unverifiable", 2)),
    "language_letters": lambda d: d.count(3000),
    "language_share": lambda d: 1 - d.share(200),
    "language_found": lambda d: d.some(("", 9), ("zh", 1)),
    "language_switches": lambda d: d.count(0.05),
    "code_blocks": lambda d: d.some((0, 97), (2, 3)),
    "tokens": lambda d: d.random.exponential(4000, d.rows).astype(np.int32),
    "longest_paragraph": lambda d: d.random.exponential(500, d.rows).astype(np.int32),
    "repeated_share": lambda d: d.share(60),
    "loop_repeats": lambda d: d.count(0.1),
    "loop_chars": lambda d: d.count(10),
    "loop_others": lambda d: LOOP.gather(d.few.astype(np.uint32)),
    "counting_repeats": lambda d: d.count(0.1),
    "counting_chars": lambda d: d.count(10),
    "counting_others": lambda d: LOOP.gather(d.few.astype(np.uint32)),
    "echo_share": lambda d: d.share(60),
    "compression": lambda d: 2 + d.share(5),
    "reflections": lambda d: d.count(8),
    "backtracks": lambda d: d.count(1),
    "thought_switches": lambda d: d.count(2),
    "thought_chars": lambda d: d.count(900),
    "answer_at": lambda d: d.count(4000),
    "outcome_efficiency": lambda d: 1 - d.share(3),
    "refuses": lambda d: d.few,
    "identities": lambda d: d.some(("", 99), ("DeepSeek", 0.5), ("ChatGPT", 0.5)),
    "cutoffs": lambda d: d.count(0.01),
    "leaked_tokens": lambda d: d.some(("", 99), ("<|im_end|>", 1)),
    "personal_data": lambda d: d.some(("", 99), ("email", 1)),
    "secrets": lambda d: d.some(("", 999), ("aws", 1)),
    "contamination_item": lambda d: pl.Series([None] * d.rows),
    "duplicate_cluster": lambda d: d.clusters,
    "duplicate_place": lambda d: d.clusters.is_not_null().cast(pl.Int32) * d.count(0.5),
    "duplicate_similarity": lambda d: d.share(1),
    "duplicate_exact": lambda d: d.few,
    "duplicate_size": lambda d: d.some((1, 95), (2, 5)),
}


def made(rows: int) -> pl.DataFrame:
    """Samples with the measures of all filters."""
    draw = Draw(rows)
    kinds = {name: kind for one in FILTERS.values() for name, kind in one.columns.items()}
    columns = {name: column(draw) for name, column in COLUMNS.items()}
    columns |= {
        name: pl.repeat(0, rows, eager=True).cast(kind)
        for name, kind in kinds.items()
        if name not in columns
    }
    return pl.DataFrame(columns).cast({name: kinds[name] for name in columns if name in kinds})


if __name__ == "__main__":
    main()
