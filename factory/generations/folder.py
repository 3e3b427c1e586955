"""The folder that `factory filter` leaves: kept rows, decisions, the funnel, pages to read."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from factory.errors import RecipeError
from factory.generations import kept as kept_rows
from factory.generations import outputs
from factory.generations.judging import Sums, asked
from factory.generations.parts import Work
from factory.recipe.rules import Rules
from factory.store.shards import write_text
from factory.versions import contamination

KEPT, FUNNEL, PAGE, CONTAMINATION = "kept", "funnel.json", "README.md", "contamination.md"
DECISIONS = "decisions.parquet"


def measures(folder: Path) -> Path:
    """The measures of samples, which other thresholds use again."""
    return folder / "measures"


def decisions(folder: Path) -> Path:
    """All samples with their fate."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / DECISIONS


def decisions_in(folder: Path) -> Path | None:
    """The decisions in a folder that `factory filter` left; None in any other."""
    ours = measures(folder).is_dir() and (folder / FUNNEL).is_file()
    return folder / DECISIONS if ours and (folder / DECISIONS).is_file() else None


def must_be_ours(folder: Path) -> None:
    """That nobody's files are in the way. Raises RecipeError."""
    if folder.is_dir() and any(folder.iterdir()) and not measures(folder).is_dir():
        raise RecipeError(f"--out {folder}: it has files of others: name a new folder")


def write_kept(work: Work, kept: pl.DataFrame, folder: Path) -> list[Path]:
    """Write the kept rows, in place of those of before."""
    home = folder / KEPT
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    return kept_rows.write(work.tables, work.told.layout, kept, home)


def write_pages(work: Work, rules: Rules, sums: Sums, items: pl.DataFrame, folder: Path) -> None:
    """Write the funnel for programs and for people, and what of benchmarks was found."""
    outputs.write_funnel(work, sums, folder / FUNNEL)
    write_text(outputs.page(work, rules, sums, decisions(folder)), folder / PAGE)
    if filter := rules.filters.contamination:
        told = contamination.report(filter, work.folder, asked(work), items, rules.seed)
        write_text(told, folder / CONTAMINATION)


def places(folder: Path, files: list[Path]) -> dict[str, str]:
    """What to look at next."""
    several = f"{folder / KEPT}, {len(files)} files"
    found = {
        "kept": str(files[0]) if len(files) == 1 else several if files else "nothing",
        "decisions": f"{decisions(folder)}: all samples, why they were dropped",
        "funnel": str(folder / PAGE),
    }
    if (folder / CONTAMINATION).exists():
        found["found"] = f"{folder / CONTAMINATION}: what of the benchmarks stands in it"
    return found
