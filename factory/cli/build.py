"""`factory build`: a dataset version of what is sampled already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from factory.run_folder import RunFolder


@click.command()
@click.argument("place", metavar="RUN|RECIPE", type=click.Path(path_type=Path, exists=True))
@click.option("--into", type=click.Path(path_type=Path), help="Run folder [default: runs/NAME].")
def build(place: Path, into: Path | None) -> None:
    """Make the dataset version of a RUN's samples, or of a RECIPE's; no model is loaded.

    Measures what is not measured yet, applies filters and selection, and writes the version. What
    is there already is found and not written again. A RECIPE may have other filters than the run
    was sampled with, and must ask for the same samples.

    \b
    Examples:
      factory build runs/quickstart
      factory build manifests/quickstart.yaml --into runs/quickstart
    """
    from factory import recipe as recipes
    from factory.errors import RecipeError
    from factory.line.building import BUILD
    from factory.line.building import build as built
    from factory.progress import Progress, terminal
    from factory.run_folder import RunFolder

    if place.is_dir():
        if into:
            raise RecipeError(f"--into {into}: {place} is a run folder already; name one of them")
        folder = place
        recipe, home = RunFolder(place).recipe()
    else:
        recipe, home = recipes.load(place), place.parent
        folder = into or Path("runs") / recipe.name
    before = set(RunFolder(folder).versions())
    console = terminal()
    done = built(recipe, home, folder, Progress(list(BUILD), console))
    for line in _lines(RunFolder(folder), before):
        console.print(line, markup=False, soft_wrap=True)
    if missing := done["samples"].missing:
        console.print(f"{missing:,} draws are missing: `factory run` asks for them again")


def _lines(run: RunFolder, before: set[int]) -> list[str]:
    """What was made: folder, rows, digest, splits, and what it has that its parent has not."""
    from factory.versions.manifest import read

    version = run.current_version()
    assert version  # the stage dataset is done
    manifest = read(version)
    new = "" if manifest.number not in before else " (it was there already)"
    splits = ", ".join(f"{name} {rows:,}" for name, rows in manifest.splits.items())
    lines = [
        f"version   {version}{new}",
        f"rows      {manifest.rows:,} ({splits})",
        f"digest    {manifest.digest}",
    ]
    parent = manifest.parent
    if parent and parent.number and (other := run.version(parent.number)).is_dir():
        lines.append(f"against   {other.name}: {_against(other, version)}")
    return lines


def _against(old: Path, new: Path) -> str:
    """Rows added, removed and changed."""
    import polars as pl

    from factory.versions.folder import index_of

    told = ["sample_id", "digest"]
    was, now = (pl.read_parquet(index_of(version), columns=told) for version in (old, new))
    both = was.join(now, on="sample_id", suffix="_now")
    changed = both.filter(pl.col("digest") != pl.col("digest_now")).height
    added, removed = now.height - both.height, was.height - both.height
    return f"{added:,} rows added, {removed:,} removed, {changed:,} changed"
