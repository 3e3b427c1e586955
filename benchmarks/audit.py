"""Time and memory of an audit's figures: a million samples with the measures of all filters.

    python -m benchmarks.audit                        # 1,000,000 samples, a process of its own
    python -m benchmarks.audit --samples 100000 --parts

Samples are made up: four draws of each prompt, measures of all filters, judged by rules that drop
half. `--parts` tells the CPU seconds of each question. Texts are not needed and not made.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl

from benchmarks.memory import peak
from factory.audit.figures.all import QUESTIONS
from factory.audit.figures.counted import Counted
from factory.audit.subject import Subject, as_prompts, as_samples
from factory.audit.subject.table_texts import NoTexts
from factory.audit.written import document, long_form
from filters import FILTERS, Filters, judge

DRAWS = 4
RULES = {
    "truncation": {},
    "format": {},
    "correctness": {},
    "language": {"min_share": 0.95},
    "code_blocks": {"allow": ["code"]},
    "length": {"max_tokens": 16_384, "max_paragraph_chars": 20_000},
    "repetition": {},
    "thinking": {"min_efficiency": 0.2, "max_switches": 40},
    "chain": {"min_chars": 100},
    "safety": {},
    "contamination": {},
    "duplicates": {},
}


def subject(samples: int, seed: int = 0) -> Subject:
    """So many samples, judged."""
    random = np.random.default_rng(seed)
    prompts = max(samples // DRAWS, 1)
    of = np.arange(samples) % prompts
    filters = Filters.model_validate(RULES)
    table = _samples(random, samples, prompts, of)
    measured = table.hstack(_measures(random, table))
    judged = judge(measured, filters)
    accepted = pl.col("dropped_by").is_null()
    first = accepted & (accepted.cum_sum().over("prompt_id") == 1)
    fate = pl.when(first).then(pl.lit("chosen")).when(accepted).then(pl.lit("spare"))
    judged = judged.with_columns(
        fate=fate.otherwise(pl.lit("dropped")),
        spare_by=pl.when(accepted & ~first).then(pl.lit("per_prompt")),
    )
    right = (pl.col("verdict") == "correct").sum()
    asked = judged.group_by("prompt_id", "source", "domain", "language", "teacher").agg(
        draws=pl.len(), correct=right
    )
    asked = asked.with_columns(
        pass_rate=pl.col("correct") / pl.col("draws"), state=pl.lit("enough")
    )
    return Subject(
        place="made up", name="made up", kind="data", samples=as_samples(judged),
        prompts=as_prompts(asked), filters=filters, texts=NoTexts(),
    )  # fmt: skip


def _samples(
    random: np.random.Generator, samples: int, prompts: int, of: np.ndarray
) -> pl.DataFrame:
    ids = pl.Series([f"{n:032x}" for n in range(prompts)])
    hard = random.random(prompts)[of]
    tokens = (np.exp(random.normal(7, 1, samples)) * (1 + hard)).astype(np.int32)
    most = 32_768
    end = np.where(tokens >= most, "length", "stop")
    verdict = np.where(random.random(samples) > hard, "correct", "incorrect")
    verdict = np.where(end == "length", "incorrect", verdict)
    verdict = np.where(random.random(samples) < 0.01, "unverifiable", verdict)
    unsure = pl.Series(verdict)
    why = pl.select(
        pl.when(unsure == "unverifiable").then(pl.lit("timeout: 10 s"))
        .when(unsure == "incorrect").then(pl.lit("wrong_answer"))
    ).to_series()  # fmt: skip
    kinds = {
        "source": [f"source {n}" for n in range(30)],
        "domain": ["math", "code", "stem", "logic", "general"],
        "language": ["en", "zh", "de"],
    }
    told = {name: pl.Series(values).gather(of % len(values)) for name, values in kinds.items()}
    return pl.DataFrame(
        {
            "sample_id": pl.Series([f"{n:032x}" for n in range(samples)]),
            "prompt_id": ids.gather(of),
            "draw": pl.Series(np.arange(samples) // prompts),
            **told,
            "teacher": pl.Series(["one", "another"]).gather(np.arange(samples) % 7 // 6),
            "strategy": pl.Series(["plain"]).new_from_index(0, samples),
            "finish_reason": end,
            "max_tokens": pl.repeat(most, samples, eager=True),
            "prompt_tokens": pl.repeat(100, samples, eager=True),
            "completion_tokens": np.minimum(tokens, most),
            "verdict": verdict,
            "verdict_reason": why,
        }
    )


def _measures(random: np.random.Generator, table: pl.DataFrame) -> pl.DataFrame:
    """Every measure of every filter, mostly well."""
    tokens = table["completion_tokens"].to_numpy()
    columns = {}
    for name, filter in FILTERS.items():
        for column, kind in filter.columns.items():
            if name not in ("correctness", "duplicates"):
                columns[column] = _column(random, column, kind, tokens)
    columns["finish"] = table["finish_reason"]
    columns["tokens"] = table["completion_tokens"]
    return pl.DataFrame(columns).with_columns(_clusters(random, table["sample_id"]))


def _clusters(random: np.random.Generator, ids: pl.Series) -> pl.DataFrame:
    """Measures of near-duplicates: one sample in twenty is in a cluster of three."""
    count = len(ids)
    members = random.permutation(count)[: count // 60 * 3].reshape(-1, 3)
    members.sort(axis=1)  # the first of each is the earliest
    first, place = np.full(count, -1), np.zeros(count, np.int32)
    first[members] = members[:, :1]
    place[members] = np.arange(3)
    alone = pl.Series(first < 0)
    return pl.DataFrame(
        {
            "duplicate_cluster": ids.gather(np.maximum(first, 0)).set(alone, None),
            "duplicate_place": place,
            "duplicate_similarity": np.where(place > 0, 0.9, 1.0),
            "duplicate_exact": (place > 0) & (random.random(count) < 0.3),
            "duplicate_size": np.where(first < 0, 1, 3).astype(np.int32),
        }
    )


ONES = ("think_opens", "think_closes", "final_answers", "distinct_answers")
SMALL = (
    "cutoffs", "code_blocks", "contamination_words", "contamination_response",
    "chars_before_thinking", "counting_repeats", "loop_repeats", "language_switches",
)  # fmt: skip
SOME = ("reflections", "backtracks", "thought_switches", "chain_verifies")
LIKE = ("language_share", "outcome_efficiency")


def _column(
    random: np.random.Generator, column: str, kind: pl.DataType, tokens: np.ndarray
) -> pl.Series:
    count = len(tokens)
    rare = random.random(count) < 0.01
    if isinstance(kind, pl.List):
        return pl.Series([[]], dtype=kind).new_from_index(0, count)
    if kind == pl.Boolean:
        return pl.Series(rare if column != "thinks" else ~rare)
    if kind == pl.String:
        nothing = None if column.startswith("contamination") else ""
        told = pl.Series([nothing, f"gsm8k:{column}"], dtype=pl.String)
        return told.gather(rare.astype(np.uint32))
    if kind.is_integer():
        if column in ONES:
            return pl.Series(1 + rare, dtype=kind)
        if column in SMALL:
            return pl.Series(rare * random.integers(1, 40, count), dtype=kind)
        if column in SOME:
            return pl.Series(random.poisson(tokens / 400).astype(np.int32), dtype=kind)
        return pl.Series((tokens * (2 + random.random(count))).astype(np.int32), dtype=kind)
    if column in LIKE:
        return pl.Series(np.where(random.random(count) < 0.9, 1.0, random.random(count)))
    if column == "compression":
        return pl.Series(np.exp(random.normal(1, 0.3, count)))
    return pl.Series(np.where(random.random(count) < 0.97, 0.0, random.random(count) * 0.9))


def main() -> None:
    """Make a subject, count all its figures, print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--parts", action="store_true", help="each question by itself, too")
    asked = parser.parse_args()
    made = subject(asked.samples)
    before = peak()
    measures = sum(len(filter.columns) for filter in FILTERS.values())
    print(f"{made.samples.height:,} samples, {measures} measures, {before / 1e3:.2f} GB held")
    start, wall = time.process_time(), time.monotonic()
    counted = Counted(made)
    found = []
    for question in QUESTIONS:
        began = time.process_time()
        found += question(counted)
        if asked.parts:
            print(f"  {question.__name__:<12} {time.process_time() - began:.2f} s CPU")
    began = time.process_time()
    rows = long_form(found).height
    document(made, found)
    writing = time.process_time() - began
    took = time.process_time() - start
    print(
        f"{len(found)} figures, {rows:,} numbers: {took:.2f} s CPU ({writing:.2f} s of it to lay "
        f"them out), {time.monotonic() - wall:.2f} s, at most {peak() / 1e3:.2f} GB"
    )


if __name__ == "__main__":
    main()
