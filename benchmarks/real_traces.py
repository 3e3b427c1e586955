"""What the filters' defaults say of real traces: of those that others call right, and of the rest.

    python -m benchmarks.real_traces [FOLDER] [--show NAME] [--of VERDICT] [--chars N]

Each filter is alone, with its defaults; where a default is no limit, with what our manifests give.
Of traces that others call right a filter may drop 1 %: the table says how many it does, with
Wilson's 95 % interval. Form that nobody asked for is told apart: a model that does not think, a
letter instead of a box. `--show` prints what a filter drops, to be read; `--of` says of which
traces (correct, incorrect, unfinished or none).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.contamination import rows_of
from benchmarks.traces import REAL, TRACES, traces
from filters import FILTERS, Filters, judge, measure
from filters.contamination import Contamination
from filters.duplicates import Duplicates
from filters.filter import SetFilter
from filters.text import leaks, near
from filters.text.shorten import shorten
from filters.verifiers.check import wilson

SETTINGS: dict[str, dict[str, Any]] = {
    "code_blocks": {"allow": ["code"]},
    "length": {"max_paragraph_chars": 4000},
}
"""What manifests say where the default is no limit, or allows no programs."""
FORM = {"no_thinking", "no_final_answer"}
"""Reasons of `format` where the model was asked for another form."""
UNFINISHED = "sky_t1/"
"""Traces of these files are unfinished where they are wrong and their thinking or box is open."""
UNASKED = {
    "humaneval": ("human_eval/HumanEval.jsonl.gz", "prompt", None, "canonical_solution"),
    "mbpp": ("mbpp/sanitized-mbpp.json", "prompt", None, "code"),
    "olymmath en": ("olymmath/OlymMATH-EN-HARD.jsonl", "problem", "answer", None),
    "olymmath zh": ("olymmath/OlymMATH-ZH-HARD.jsonl", "problem", "answer", None),
    "aime25": ("still_bench/AIME25.jsonl", "problem", None, "solution"),
    "hmmt": ("still_bench/hmmt_feb_2025.jsonl", "problem", None, "solution"),
    "cmath": ("qwen_math_eval/cmath.jsonl", "question", "answer", None),
    "college math": ("qwen_math_eval/college_math.jsonl.gz", "question", "answer", None),
}
"""Benchmarks that no trace was asked: file, and columns of question, answer and solution."""


def main() -> None:
    """Print the table, or what a filter drops."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=REAL)
    parser.add_argument("--show", choices=FILTERS)
    parser.add_argument("--of", default="correct")
    parser.add_argument("--chars", type=int, default=600)
    asked = parser.parse_args()
    if not asked.folder.exists():
        sys.exit(f"no real traces in {asked.folder}: nothing to do")
    every = with_kinds(traces(asked.folder))
    if asked.show:
        show(dropped(asked.show, every.filter(kind=asked.of), asked.folder), asked.chars)
        return
    for kind in ("correct", "incorrect", "unfinished", "none"):
        rows = every.filter(kind=kind)
        print(f"\n{kind}: {rows.height:,} traces of {rows['source'].n_unique()} files\n")
        print("| filter | texts | dropped | share | reasons |\n|---|---:|---:|---|---|")
        for name in FILTERS:
            if name != "correctness":  # the verdict is that of others
                print(line(name, rows, asked.folder), flush=True)


def with_kinds(rows: pl.DataFrame) -> pl.DataFrame:
    """The traces with `kind`: correct, incorrect or none, and unfinished among the incorrect."""
    text = pl.col("text")
    closed = pl.col("response").is_not_null() & text.str.contains(r"\\boxed\{|<answer>|[Aa]nswer")
    cut = pl.col("source").str.starts_with(UNFINISHED) & (pl.col("verdict") == "incorrect")
    kind = pl.when(cut & ~closed).then(pl.lit("unfinished")).otherwise(pl.col("verdict"))
    return rows.with_columns(kind=kind.fill_null("none"))


def line(name: str, rows: pl.DataFrame, folder: Path) -> str:
    """A row of the table."""
    found = dropped(name, rows, folder)
    reasons = Counter(reason for row in found["reasons"] for reason in row)
    told = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    bad = found.filter(pl.col("reasons").list.set_difference(sorted(FORM)).list.len() > 0)
    if issubclass(FILTERS[name], SetFilter):  # of one question there are many traces
        rows, bad = (some.drop_nulls("question").unique("question") for some in (rows, bad))
    texts, bad = rows.height, bad.height
    low, high = wilson(bad, max(1, texts))
    share = f"{bad / max(1, texts):.2%} ({low:.2%} to {high:.2%})"
    return f"| {name} | {texts:,} | {bad:,} | {share} | {told or 'none'} |"


def dropped(name: str, rows: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The rows that a filter drops, with `reasons` and its measures."""
    filters = Filters.model_validate({name: SETTINGS.get(name, {})})
    if issubclass(FILTERS[name], SetFilter):
        rows = (leaked if name == "contamination" else near_ones)(rows, folder)
    else:
        rows = measure(rows, filters)
    return judge(rows, filters).filter(pl.col("reasons").list.len() > 0)


def near_ones(rows: pl.DataFrame, _: Path) -> pl.DataFrame:
    """Questions, each once, with the facts of `duplicates`, and `like`, what each is near."""
    rows = rows.drop_nulls("question").unique("question", maintain_order=True)
    texts, ids = rows["question"], rows["prompt_id"]
    with tempfile.NamedTemporaryFile() as scratch:
        sample = texts.gather_every(max(1, rows.height // near.SAMPLE))
        every = near.Near(near.phrases(sample), Path(scratch.name))
        every.add(texts, answers=rows["key"])
        found = every.clusters(Duplicates().min_similarity)
    like = texts.gather(pl.Series(found.representative))
    return rows.hstack(Duplicates.facts(found, ids)).with_columns(like=like)


def leaked(rows: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Traces with the facts of `contamination` with benchmarks that nobody asked, and `like`."""
    items = pl.concat([benchmark(folder, name) for name in UNASKED])
    prompts = rows.select(text=pl.col("question").fill_null(""), key="key")
    hits = leaks.in_prompts(prompts, items).hits
    facts = Contamination.facts(leaks.measures(hits, prompts, items))
    said = leaks.in_draws(rows["text"], leaks.of_items(items), items)
    longest = said.sort("value", descending=True).unique("text", maintain_order=True)
    own = pl.DataFrame({"text": pl.int_range(rows.height, eager=True)}).join(
        longest.select("text", "value", "item"), on="text", how="left", maintain_order="left"
    )
    like = items["question"].gather(own["item"].fill_null(0))
    words = own["value"].fill_null(0).cast(pl.Int32)
    return rows.hstack(facts).with_columns(contamination_response=words, like=like)


def benchmark(folder: Path, name: str) -> pl.DataFrame:
    """The questions of a benchmark."""
    file, *columns = UNASKED[name]
    rows = [[row.get(c) if c else None for c in columns] for row in rows_of(folder / file)]
    told = [
        [name, str(place), *[None if value is None else str(value) for value in row]]
        for place, row in enumerate(rows)
    ]
    kinds = dict.fromkeys(("benchmark", "place", "question", "key", "solution"), pl.String())
    return pl.DataFrame(told, kinds, orient="row")


def show(rows: pl.DataFrame, chars: int) -> None:
    """What was dropped, one text after the other, with the measures that are not texts."""
    for row in rows.iter_rows(named=True):
        facts = {
            name: fact for name, fact in row.items() if name not in TRACES and fact is not None
        }
        print(f"\n=== {row['source']} ({row['language']}) {', '.join(row['reasons'])}")
        print({n: shorten(f, chars) if isinstance(f, str) else f for n, f in facts.items()})
        text = row["text"]
        print(text if len(text) < chars else f"{text[: chars // 3]} […] {text[-2 * chars // 3 :]}")


if __name__ == "__main__":
    main()
