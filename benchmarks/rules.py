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
STRICTER = RULES.model_copy(update={"repetition": FILTERS["repetition"](max_share=0.1)})


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


def made(rows: int) -> pl.DataFrame:
    """Samples with the measures of all filters."""
    draw = np.random.default_rng(1)

    def some(*choices: tuple[object, float]) -> pl.Series:
        values, weights = zip(*choices, strict=True)
        chosen = draw.choice(len(values), rows, p=np.array(weights) / sum(weights))
        return pl.Series(values).gather(chosen)

    def share(over: float) -> np.ndarray:
        return draw.beta(1, over, rows)

    def count(mean: float) -> np.ndarray:
        return draw.poisson(mean, rows).astype(np.int32)

    never = pl.Series([None] * rows, dtype=pl.String)
    loops = pl.Series([[], [{"repeats": 5, "chars": 60}]], dtype=LOOPS)
    numbers = pl.Series(draw.integers(0, rows // 2, rows))
    clusters = numbers.set(numbers > rows // 10, None).cast(pl.String)  # of a fifth of the rows
    few = draw.random(rows) < 0.01
    columns = {
        "sample_id": pl.Series(range(rows)).cast(pl.String),
        "domain": some(*((domain, 1) for domain in DOMAINS), (None, 0.1)),
        "language": some(("en", 4), ("zh", 1)),
        "finish": some(("stop", 98), ("length", 2)),
        "unfinished": draw.random(rows) < 0.01,
        "think_opens": some((1, 99), (2, 1)),
        "think_closes": some((1, 99), (2, 1)),
        "thinks": draw.random(rows) < 0.98,
        "thinking_chars": count(5000),
        "chars_before_thinking": some((0, 99), (9, 1)),
        "response_chars": count(500),
        "final_answers": some((0, 3), (1, 95), (2, 2)),
        "distinct_answers": some((0, 3), (1, 96), (2, 1)),
        "verdict": some(("correct", 70), ("incorrect", 28), ("unverifiable", 2)),
        "language_letters": count(3000),
        "language_share": 1 - share(200),
        "language_found": some(("", 9), ("zh", 1)),
        "language_switches": count(0.05),
        "code_blocks": some((0, 97), (2, 3)),
        "tokens": draw.exponential(4000, rows).astype(np.int32),
        "longest_paragraph": draw.exponential(500, rows).astype(np.int32),
        "repeated_share": share(60),
        "loop_repeats": count(0.1),
        "loop_chars": count(10),
        "loop_others": loops.gather(few.astype(np.uint32)),
        "counting_repeats": count(0.1),
        "counting_chars": count(10),
        "counting_others": loops.gather(few.astype(np.uint32)),
        "echo_share": share(60),
        "compression": 2 + share(5),
        "reflections": count(8),
        "backtracks": count(1),
        "thought_switches": count(2),
        "thought_chars": count(900),
        "answer_at": count(4000),
        "outcome_efficiency": 1 - share(3),
        "refuses": few,
        "identities": some(("", 99), ("DeepSeek", 0.5), ("ChatGPT", 0.5)),
        "cutoffs": count(0.01),
        "leaked_tokens": some(("", 99), ("<|im_end|>", 1)),
        "personal_data": some(("", 99), ("email", 1)),
        "secrets": some(("", 999), ("aws", 1)),
        "contamination_item": never,
        "duplicate_cluster": clusters,
        "duplicate_place": clusters.is_not_null().cast(pl.Int32) * count(0.5),
        "duplicate_similarity": share(1),
        "duplicate_exact": few,
        "duplicate_size": some((1, 95), (2, 5)),
    }
    kinds = {name: kind for one in FILTERS.values() for name, kind in one.columns.items()}
    columns |= {
        name: pl.repeat(0, rows, eager=True).cast(kind)
        for name, kind in kinds.items()
        if name not in columns
    }
    return pl.DataFrame(columns).cast({name: kinds[name] for name in columns if name in kinds})


if __name__ == "__main__":
    main()
