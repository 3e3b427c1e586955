"""`factory versions`: what is done with versions as wholes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from factory.recipe.mix import MixPart

YAML = (".yaml", ".yml")


@click.group()
def versions() -> None:
    """Versions of datasets as wholes.

    \b
    Example:
      factory versions mix runs/math runs/code --into mixes/both
    """


@versions.command()
@click.argument("places", nargs=-1, required=True)
@click.option("--into", type=click.Path(path_type=Path), help="Its versions [default: mixes/NAME].")
@click.option("--name", default="mix", show_default=True, help="Its name, where no file says it.")
@click.option(
    "--check", is_flag=True, help="Read the mix file and say what is wrong; make nothing."
)
def mix(places: tuple[str, ...], into: Path | None, name: str, check: bool) -> None:
    """Make one version of several: of PLACES, or of what a mix file names.

    A place is a version's folder, a run's, `hf://org/name@1.2.0`, or anybody's file. A prompt that
    an earlier place has is not taken again. A mix file says more: how many rows of each part,
    quotas, licences (docs/versions.md).

    \b
    Examples:
      factory versions mix runs/math runs/code --into mixes/both
      factory versions mix manifests/r1-mix.yaml
      factory versions mix manifests/r1-mix.yaml --check
    """
    from factory.progress import terminal
    from factory.recipe import mix as mixes
    from factory.recipe.places import load
    from factory.versions.mix import mix as make

    console = terminal()
    if len(places) == 1 and places[0].endswith(YAML):
        file = Path(places[0])
        told, home = load(file, mixes.Mix), file.parent
    else:
        told, home = mixes.of_places(places, name), Path()
    if check:
        bounds = [f"{part.name} {_bound(part)}" for part in told.parts]
        console.print(f"{told.name}: {', '.join(bounds)}", markup=False, soft_wrap=True)
        return
    say = lambda words: console.print(words, markup=False, soft_wrap=True)  # noqa: E731
    folder, manifest = make(told, home, into or Path("mixes") / told.name, say)
    for part in manifest.mix:
        gone = {**part["dropped"], **{f"over {k}": n for k, n in part["spare"].items()}}
        left_out = "".join(f", {reason} {n:,}" for reason, n in gone.items())
        say(f"{part['part']}: {part['rows']:,} rows, {part['taken']:,} taken{left_out}")
    say(f"version  {folder}: {manifest.rows:,} rows, {manifest.digest}")


def _bound(part: MixPart) -> str:
    """How much of a part is wanted, in words."""
    if part.share:
        return f"{part.share:.0%}"
    return f"{part.rows:,} rows" if part.rows else "all"
