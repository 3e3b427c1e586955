"""Contamination: prompts per CPU second beside open-r1's way, the same hits, and what each method
finds and wrongly flags on real benchmarks.

    python -m benchmarks.contamination [--rows N] [--items N] [--real FOLDER] [--alone]

One process. open-r1's way is its `scripts/decontaminate.py` in our words: a dictionary of all runs
of eight words of the benchmark, looked up in `datasets.map`. `--real` is a folder with the files
that `REAL` names, as their authors published them. The tables are Markdown for RESULTS.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import resource
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from filters.contamination import Contamination
from filters.text import leaks
from filters.text.overlap import Passages
from filters.text.words import by_whitespace, pieces, words

WORDS = (30, 90)
"""Fewest and most words of a question."""
LEAKED = 50
"""One prompt in so many has a passage of a benchmark's question."""


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--alone", action="store_true", help="without open-r1's way")
    asked = parser.parse_args()
    if asked.real:
        methods(asked.real)
        return
    warm = items("warm", ["a few words of eight to compile for, or nine"] * 2)
    leaks.in_prompts(prompts(["a few words of eight to compile for, or nine"] * 2), warm)
    there, texts = made(asked.rows, asked.items)
    size = sum(map(len, texts)) / 1e6
    print(f"{len(texts):,} prompts, {size:,.0f} MB, {len(there):,} questions, one thread\n")
    print("| | CPU s | prompts per CPU s | flagged |")
    print("|---|---:|---:|---:|")
    ways: dict[str, Callable[[list[str], list[str]], np.ndarray]] = {
        "eight words, blanks between, ours": eight_words,
        "all methods and the evidence, ours": every_method,
    }
    if not asked.alone:
        ways["open-r1's way"] = by_map
    found = {}
    for name, way in ways.items():
        start = cpu()
        found[name] = way(there, texts)
        seconds = cpu() - start
        rate = f"{len(texts) / seconds:,.0f}"
        print(f"| {name} | {seconds:.1f} | {rate} | {found[name].sum():,} |", flush=True)
    if not asked.alone:
        same = np.array_equal(found["open-r1's way"], found["eight words, blanks between, ours"])
        print(f"\nthe same prompts as open-r1's way: {same}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def cpu() -> float:
    """CPU seconds of this process and its children so far."""
    own, children = (resource.getrusage(who) for who in (0, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def made(rows: int, count: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Questions of a benchmark, and prompts of which some have a passage of one."""
    rng = random.Random(seed)
    known = ["".join(rng.choices("etaoinshrdlucm", k=rng.randint(2, 8))) for _ in range(30_000)]
    weights = np.cumsum(1 / np.arange(10, len(known) + 10)).tolist()

    def text() -> list[str]:
        return rng.choices(known, cum_weights=weights, k=rng.randint(*WORDS))

    there = [" ".join(text()) for _ in range(count)]
    prompts = []
    for place in range(rows):
        own = text()
        if place % LEAKED == 0:
            other = rng.choice(there).split()
            start, size = rng.randrange(len(other) - 9), rng.randint(6, 30)
            own[5 : 5 + size] = other[start : start + size]
        prompts.append(" ".join(own))
    return there, prompts


def eight_words(there: list[str], texts: list[str]) -> np.ndarray:
    """Prompts with eight words of a question, words between blanks, letter by letter."""
    known = Passages(words(pl.Series(there), by_whitespace()))
    rows = pl.DataFrame({"text": texts})
    read = (words(piece["text"], by_whitespace()) for piece in pieces(rows, "text"))
    return np.concatenate([known.count(piece) for piece in read])


def every_method(there: list[str], texts: list[str]) -> np.ndarray:
    """All that the filter does with prompts: measures, evidence and rules."""
    given, of = prompts(texts), items("made", there)
    found = leaks.in_prompts(given, of)
    rows = Contamination.facts(leaks.measures(found.hits, given, of))
    return (
        rows.select(pl.any_horizontal(*Contamination().reasons().values())).to_series().to_numpy()
    )


def by_map(there: list[str], texts: list[str]) -> np.ndarray:
    """open-r1's way, in one process."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    known: dict[str, set[int]] = defaultdict(set)
    for place, text in enumerate(there):
        for run in runs(text):
            known[run].add(place)

    def marked(row: dict[str, Any]) -> dict[str, Any]:
        found = {run in known for run in set(runs(row["problem"]))}  # all are looked up, as there
        row["flagged"] = any(found)
        return row

    rows = Dataset.from_dict({"problem": texts}).map(marked, load_from_cache_file=False)
    return np.array(rows["flagged"])


def runs(text: str, size: int = 8) -> list[str]:
    """Runs of eight words, lower case, words between blanks, in its steps."""
    own = " ".join(text.lower().strip().split()).split()
    return [" ".join(own[at : at + size]) for at in range(len(own) - size + 1)]


def items(name: str, questions: list[str], keys: list[str] | None = None) -> pl.DataFrame:
    """A benchmark's questions."""
    names = ("benchmark", "place", "question", "key", "solution")
    rows = pl.DataFrame({"question": questions, "key": keys or [None] * len(questions)})
    rows = rows.with_row_index("place").with_columns(benchmark=pl.lit(name), solution=None)
    return rows.select(names).cast(pl.String)


def prompts(texts: list[str], keys: list[str] | None = None) -> pl.DataFrame:
    """Prompts as the filter compares them."""
    return pl.DataFrame({"text": texts, "key": keys or [None] * len(texts)}, leaks.PROMPT)


def methods(folder: Path) -> None:
    """What each method finds of texts that are contaminated, and of others."""
    rules = {k: v for k, v in Contamination().reasons().items() if k != "benchmark_in_response"}
    heads = [name.removeprefix("benchmark_") for name in rules]
    print(f"| against | texts | rows | any | {' | '.join(heads)} |")
    print("|---|---|---:|---:|" + "---:|" * len(heads))
    for against, name, of, given in cases(folder):
        found = leaks.in_prompts(given, of)
        facts = Contamination.facts(leaks.measures(found.hits, given, of)).select(**rules)
        any_of = facts.select(pl.any_horizontal(pl.all())).to_series().mean()
        shares = [any_of, *facts.mean().row(0)]
        told = " | ".join(f"{share:.1%}" if share else "0" for share in shares)
        print(f"| {against} | {name} | {given.height:,} | {told} |", flush=True)


Case = tuple[str, str, pl.DataFrame, pl.DataFrame]


def cases(folder: Path) -> Iterator[Case]:
    """Benchmark, name of the texts, its questions, the texts."""
    yield from _gsm8k(folder)
    yield from _choices(folder)
    programs = [row["text"] for row in rows_of(folder / "decontaminator/HumanEval_test_text.jsonl")]
    for language in ("python", "js", "c"):
        texts = rows_of(folder / f"decontaminator/humaneval_{language}.jsonl")
        given = prompts([row["text"] for row in texts])
        yield "HumanEval", f"rewritten, in {language}", items("humaneval", programs), given
    mbpp = [row["prompt"] for row in rows_of(folder / "mbpp/sanitized-mbpp.json")]
    yield "HumanEval", "not: MBPP", items("humaneval", programs), prompts(mbpp)
    yield from _olympiad(folder)


def _gsm8k(folder: Path) -> Iterator[Case]:
    def solved(row: dict[str, Any]) -> str:
        return row["answer"].split("####")[1].strip()

    test, train = (rows_of(folder / f"gsm8k/{name}") for name in ("test.jsonl", "train.jsonl.gz"))
    of = items("gsm8k", [row["question"] for row in test], [solved(row) for row in test])
    again = [row["text"] for row in rows_of(folder / "decontaminator/rephrase_gsm8k.jsonl")]
    bare = [text.split("Question:")[-1].split("\nAnswer:")[0].strip() for text in again]
    yield "GSM8K", "rephrased, with keys", of, prompts(bare, [solved(row) for row in test])
    yield "GSM8K", "rephrased, without", of, prompts(bare)
    lacking = rows_of(folder / "mip_overthinking/data_gsm8k.json.gz")
    texts = [row["insufficient_question"] for row in lacking]
    yield "GSM8K", "one sentence out", of, prompts(texts)
    hard = rows_of(folder / "tora_outputs/gsm_hard.jsonl.gz")
    keys = [str(row["target"]) for row in hard]
    yield "GSM8K", "GSM-Hard (numbers changed)", of, prompts([row["input"] for row in hard], keys)
    for language in ("en", "de", "zh", "ja", "sw", "bn"):
        lines = (folder / f"mgsm/mgsm_{language}.tsv").read_text().splitlines()
        told = [line.split("\t") for line in lines if line.strip()]
        given = prompts([row[0] for row in told], [row[1] for row in told])
        yield "GSM8K", f"MGSM {language}, with keys", of, given
    given = prompts([row["question"] for row in train], [solved(row) for row in train])
    yield "GSM8K", "not: its train split", of, given
    svamp = rows_of(folder / "qwen_math_eval/svamp.jsonl")
    keys = [str(row["Answer"]).removesuffix(".0") for row in svamp]
    yield "GSM8K", "not: SVAMP", of, prompts([f"{r['Body']} {r['Question']}" for r in svamp], keys)


def _choices(folder: Path) -> Iterator[Case]:
    for subject in ("sociology", "abstract_algebra"):
        file = folder / f"decontaminator/{subject}_test.csv"
        rows = list(csv.reader(file.read_text().splitlines()))
        whole = ["\n".join(row[:5]) for row in rows]
        for name, of in (("rephrase_english", [row[0] for row in rows]), ("chinese", whole)):
            place = f"decontaminator/{subject}_test_{name}_filtered_question.jsonl"
            texts = [row["text"] for row in rows_of(folder / place) if row["text"]]
            told = "rephrased" if "english" in name else "in Chinese"
            yield f"MMLU {subject}", told, items(subject, of), prompts(texts)


def _olympiad(folder: Path) -> Iterator[Case]:
    def both(language: str) -> list[dict[str, Any]]:
        files = (f"olymmath/OlymMATH-{language}-{level}.jsonl" for level in ("EASY", "HARD"))
        return [row for file in files for row in rows_of(folder / file)]

    english, chinese = both("EN"), both("ZH")
    of = items("olymmath", [r["problem"] for r in english], [r["answer"] for r in english])
    texts = [row["problem"] for row in chinese]
    yield "OlymMATH", "in Chinese", of, prompts(texts, [row["answer"] for row in chinese])
    yield "OlymMATH", "in Chinese, without keys", of, prompts(texts)
    for name, file in (
        ("MATH-500", "math500/math500.jsonl"),
        ("Omni-MATH", "still_bench/omni_math_num_500.jsonl"),
    ):
        texts = [row["problem"] for row in rows_of(folder / file)]
        yield "OlymMATH", f"not: {name}", of, prompts(texts)


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSON or JSON lines file, packed or not."""
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        text = lines.read()
    is_lines = ".jsonl" in file.name
    return [json.loads(line) for line in text.splitlines()] if is_lines else json.loads(text)


if __name__ == "__main__":
    main()
