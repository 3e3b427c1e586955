"""What both commands do: read the rules, measure what is not measured, compare, judge."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from rich.console import Console

from factory.generations import judging, outputs
from factory.generations.judging import Sums
from factory.generations.parts import Work, measure
from factory.progress import Progress
from factory.prompts import benchmarks
from factory.recipe.rules import Rules, load_rules
from filters import own
from filters.verifiers.code import sandbox

Say = Callable[[str], None]


def rules_of(recipe: Path) -> Rules:
    """The rules of a recipe; its own code is looked for beside it.

    Raises:
        RecipeError: for each mistake in it.
    """
    rules = load_rules(recipe)
    sandbox.allow(rules.allow_unsandboxed)
    sandbox.provide(rules.sandbox_packages, recipe.parent)
    own.look_in(recipe.parent)
    return rules


def items(rules: Rules | None, recipe: Path | None) -> pl.DataFrame:
    """The questions of the recipe's benchmarks.

    Raises:
        RecipeError: a file, column or dataset is not there, or has no question.
        StageError: the Hub cannot be read.
    """
    if not (rules and recipe and rules.benchmarks):
        return pl.DataFrame(schema=benchmarks.ITEM)
    return benchmarks.collect(rules.benchmarks, recipe.parent)[0]


def sayer(console: Console) -> Say:
    """Says things to people."""
    return lambda words: console.print(words, markup=False, soft_wrap=True)


@contextmanager
def measured(
    work: Work, items: pl.DataFrame, console: Console, at_once: bool = False
) -> Generator[Iterator[pl.DataFrame]]:
    """The judged samples, table by table, or in one; progress is shown while they are made and
    written."""
    compares = ", ".join(work.filters.comparing())
    names = ["measures", *([compares] if compares else []), "results"]
    with Progress(names, console) as progress:
        progress.begun("measures")
        report = lambda done, total, unit, **figures: progress.moved(  # noqa: E731
            progress_name(progress), done, total, unit, figures
        )
        began = measure(work, report, lambda words: progress.said("measures", words))
        kept = f", {began:,} rows measured before" if began else ""
        progress.ended("measures", "done", f"{_count(len(work.parts()))}{kept}")
        if compares:
            progress.begun(compares)
            judging.compare_all(work, items, report, lambda words: progress.said(compares, words))
            progress.ended(compares, "done", "compared")
        progress.begun("results")
        yield judging.judged(work, at_once)
        progress.ended("results", "done", "written")


def _count(parts: int) -> str:
    return "1 part" if parts == 1 else f"{parts:,} parts"


def progress_name(progress: Progress) -> str:
    """The stage that runs."""
    return next(name for name, stage in progress.stages.items() if stage.state == "running")


def ending(file: Path, sums: Sums) -> Iterator[str]:
    """What a person should know at the end, a line each.

    Args:
        file: the samples as they were written.
        sums: of all of them.
    """
    if sums.unread:
        yield f"unread: {sums.unread:,} of {sums.samples:,} samples, each with its `error`:"
        for line in outputs.unread(file):
            yield f"  {line}"
    for name, count in outputs.errors(file).items():
        yield f"{name}: failed on {count:,} samples, see the column {name}_error"
    if said := outputs.verdicts(file):
        yield said
