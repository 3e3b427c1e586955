"""What of each benchmark was found, for a person: counts, and pairs drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from factory.prompts.benchmarks import of_prompts, questions
from factory.records import digest
from factory.versions.compare import evidence, phrases
from filters.contamination import Contamination
from filters.text.shorten import shorten

DRAWN = 3
"""Pairs of a benchmark and a method that are shown."""
LONGEST = 600
"""Characters of a question that are shown."""
METHODS = {
    "exact": "the same, word by word",
    "share": "share of its words in shared passages",
    "words": "words in the longest shared passage",
    "changed": "the same, numbers and names aside",
    "formulas": "likeness of numbers and formulas",
    "alike": "likeness of words",
    "response": "words in the longest passage shared with a draw",
}
"""What a method's value is."""
HEAD = """# What of the benchmarks stands in the prompts and draws

A match is evidence, not proof. Read the pairs: where they are innocent, raise the threshold of
their method in `filters.contamination`. Where nothing is found, that is no proof either: see what
is not covered in docs/filters.md.
"""


def report(
    filter: Contamination, measures: Path, asked: pl.DataFrame, items: pl.DataFrame, seed: int
) -> str:
    """Markdown: a table of all benchmarks, then of each the pairs that are reasons by these rules,
    some of each method, drawn by lot; last the phrases that were not looked for.

    Args:
        filter: the rules.
        measures: the folder of the comparisons.
        asked: the prompt table.
        items: the recipe's benchmarks.
        seed: of the lot.
    """
    pairs = evidence("contamination", measures).filter(filter.speaks())
    own = of_prompts(asked.filter(split="held_out") if filter.held_out else asked.clear())
    sizes = pl.concat([items, own])["benchmark"].value_counts(sort=True)
    texts = dict(zip(asked["prompt_id"], questions(asked), strict=True))
    parts = [HEAD, *_table(pairs, sizes)]
    for (benchmark,), own in pairs.group_by("benchmark", maintain_order=True):
        parts.append(f"\n## {benchmark}\n")
        for method, meaning in METHODS.items():
            of_method = own.filter(method=method)
            if of_method.height:
                parts.append(f"### {method}: {of_method.height:,} pairs ({meaning})\n")
                parts += [_pair(row, texts) for row in _by_lot(of_method, seed)]
    parts += _phrases(phrases(measures))
    return "\n".join(parts) + "\n"


def _table(pairs: pl.DataFrame, sizes: pl.DataFrame) -> Iterator[str]:
    yield f"| benchmark | questions | found | prompts | {' | '.join(METHODS)} |"
    yield "|---" + "|---:" * (3 + len(METHODS)) + "|"
    for benchmark, size in sizes.iter_rows():
        own = pairs.filter(benchmark=benchmark)
        counts = (own.filter(method=method).height for method in METHODS)
        told = [size, own["place"].n_unique(), own["prompt_id"].n_unique(), *counts]
        yield f"| {benchmark} | {' | '.join(f'{n:,}' for n in told)} |"


def _by_lot(pairs: pl.DataFrame, seed: int) -> Iterator[dict[str, str]]:
    lot = [digest(seed, *row) for row in pairs.select("prompt_id", "sample_id", "place").rows()]
    rows = pairs.with_columns(lot=pl.Series(lot, dtype=pl.String)).sort("lot")
    return rows.head(DRAWN).iter_rows(named=True)


def _pair(row: dict[str, str], texts: dict[str, str]) -> str:
    draw = f", draw {row['sample_id']}" if row["sample_id"] else ""
    key = ", the same key" if row["same_key"] else ""
    lines = [f"- **{row['value']:.3g}**{key}: prompt {row['prompt_id']}{draw}; {row['place']}"]
    lines += ["", *_quoted(texts.get(row["prompt_id"], "")), "", *_quoted(row["question"])]
    if row["passage"]:
        lines += ["", "  They share:", "", *_quoted(row["passage"])]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> list[str]:
    """A text as a block of code, as it would else be read as Markdown."""
    return [f"      {line}" for line in shorten(text, LONGEST).splitlines()]


def _phrases(rows: pl.DataFrame) -> Iterator[str]:
    if rows.height:
        yield f"\n## {rows.height:,} phrases that so many prompts have that none was looked for\n"
        for phrase, texts in rows.select("phrase", "texts").head(20).iter_rows():
            yield f"- in {texts:,} prompts:\n\n      {' '.join(phrase.split())}\n"
