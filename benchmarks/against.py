"""Time and memory of two audits side by side, of a million samples each.

    python -m benchmarks.against                    # the same draws, every measure another
    python -m benchmarks.against --draws others     # other draws of the same prompts
    python -m benchmarks.against --draws judged     # the same draws and measures, other rules

Samples are made up as in `benchmarks/audit.py`, four draws of each prompt. The worst case is the
first: no shortcut for what is equal is to be had.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import polars as pl

from benchmarks.audit import RULES, subject
from benchmarks.memory import peak
from factory.audit.figures.against import compared
from factory.audit.subject import Subject
from filters import Filters, judge

OTHER_RULES = RULES | {"length": {"max_tokens": 8192, "max_paragraph_chars": 4000}}


def main() -> None:
    """Make both sides, set them side by side, print what that took and the first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--draws", choices=["same", "others", "judged"], default="same")
    asked = parser.parse_args()
    was = subject(asked.samples)
    now = other(was, asked.draws, asked.samples)
    held = peak() / 1e3
    start, wall = time.process_time(), time.monotonic()
    found = compared(now, was)
    took = time.process_time() - start
    print(found[0].title)
    print(
        f"{asked.draws} draws: {len(found)} figures, {sum(f.table.height for f in found):,} lines: "
        f"{took:.2f} s CPU, {time.monotonic() - wall:.2f} s, {held:.2f} GB held before, at most "
        f"{peak() / 1e3:.2f} GB"
    )


def other(was: Subject, draws: str, samples: int) -> Subject:
    """The other side."""
    if draws == "judged":
        rules = Filters.model_validate(OTHER_RULES)
        plain = was.samples.drop("reasons", "dropped_by")
        judged = judge(plain, rules).select(was.samples.columns)
        fate = pl.when(pl.col("dropped_by").is_null()).then(pl.lit("chosen"))
        judged = judged.with_columns(fate=fate.otherwise(pl.lit("dropped")))
        return replace(was, samples=judged, filters=rules)
    now = subject(samples, seed=1)
    if draws == "same":
        return now
    return replace(now, samples=now.samples.with_columns(sample_id=pl.format("x{}", "sample_id")))


if __name__ == "__main__":
    main()
